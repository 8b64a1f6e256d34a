// Saves the whole blocks of a damaged shard by scanning for their markers.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/record/shard.h"
#include "data/record/shard_block.h"
#include "data/record/shard_format.h"
#include "data/record/shard_writer.h"

namespace limbeck {
namespace {

// What the front and the end of a damaged file still tell.
struct Frame {
  std::string header_bytes;
  uint64_t blocks_begin = 0;
  uint64_t blocks_end = 0;
  std::optional<uint64_t> records;  // where the trailer survived
  std::vector<LostRange> lost;
};

absl::StatusOr<Frame> ReadFrame(absl::string_view file) {
  Frame frame;
  const absl::StatusOr<absl::string_view> header = DecodeFileHeader(file);
  const absl::StatusOr<LocatedTrailer> located = DecodeTrailer(file);
  if (!header.ok() && !located.ok()) {
    return absl::DataLossError(
        absl::StrCat("both copies of the header are lost, so nothing can be "
                     "recovered: at the front, ",
                     header.status().message(), "; at the end, ",
                     located.status().message()));
  }
  if (header.ok()) {
    frame.header_bytes = std::string(*header);
    frame.blocks_begin = FileHeaderBytes(*header);
  } else {
    frame.header_bytes = located->trailer.header_bytes;
    frame.blocks_begin = std::min<uint64_t>(FileHeaderBytes(frame.header_bytes),
                                            located->offset);
    frame.lost.push_back({0, frame.blocks_begin,
                          absl::StrCat("file header, taken from its copy: ",
                                       header.status().message())});
  }
  frame.blocks_end = file.size();
  if (located.ok() && located->trailer.header_bytes == frame.header_bytes) {
    frame.blocks_end = located->offset;
    frame.records = located->trailer.records;
  }
  return frame;
}

class Recovery {
 public:
  Recovery(absl::string_view file, Frame frame, RawShardWriter* writer)
      : file_(file),
        frame_(std::move(frame)),
        marker_(BlockMarker(frame_.header_bytes)),
        trailer_marker_(TrailerMarker(frame_.header_bytes)),
        writer_(*writer) {
    report_.lost = frame_.lost;
  }

  absl::Status Scan();
  RecoveryReport Take() { return std::move(report_); }

 private:
  absl::StatusOr<DecodedBlock> DecodeAt(uint64_t position) const;
  uint64_t FindNext(uint64_t position) const;
  absl::Status Save(const DecodedBlock& block);
  void Lose(uint64_t begin, uint64_t end, absl::string_view reason);
  void ReportEnd(uint64_t position);

  const absl::string_view file_;
  const Frame frame_;
  const std::string marker_;
  const std::string trailer_marker_;
  RawShardWriter& writer_;
  RecoveryReport report_;
  uint64_t next_record_ = 0;  // in the numbers of the damaged file
};

absl::StatusOr<DecodedBlock> Recovery::DecodeAt(uint64_t position) const {
  LIMBECK_ASSIGN_OR_RETURN(
      DecodedBlock block,
      DecodedBlock::Decode(file_.substr(position, frame_.blocks_end - position),
                           marker_));
  if (block.header().first_record < next_record_) {
    return absl::DataLossError(absl::StrCat("the block repeats record ",
                                            block.header().first_record, ", ",
                                            next_record_, " is next"));
  }
  return block;
}

// The next place that looks like a block or the trailer.
uint64_t Recovery::FindNext(uint64_t position) const {
  absl::string_view area = file_.substr(0, frame_.blocks_end);
  area = area.substr(0, area.find(marker_, position));
  // Searched up to the next block only, or each loss would cost a whole scan.
  area = area.substr(0, area.find(trailer_marker_, position));
  return area.size();
}

void Recovery::Lose(uint64_t begin, uint64_t end, absl::string_view reason) {
  report_.lost.push_back({begin, end, std::string(reason)});
}

absl::Status Recovery::Save(const DecodedBlock& block) {
  const BlockHeader& header = block.header();
  if (header.first_record > next_record_ && !report_.lost.empty()) {
    absl::StrAppend(&report_.lost.back().reason, "; records ", next_record_,
                    " to ", header.first_record - 1, " are lost");
  }
  for (uint32_t i = 0; i < header.records; ++i) {
    LIMBECK_RETURN_IF_ERROR(writer_.Write(block.record(i)));
  }
  next_record_ = header.first_record + header.records;
  report_.records += header.records;
  ++report_.blocks;
  return absl::OkStatus();
}

absl::Status Recovery::Scan() {
  uint64_t position = frame_.blocks_begin;
  while (position < frame_.blocks_end) {
    if (absl::StartsWith(file_.substr(position), trailer_marker_)) break;
    absl::StatusOr<DecodedBlock> block = DecodeAt(position);
    if (block.ok()) {
      LIMBECK_RETURN_IF_ERROR(Save(*block));
      position += block->file_bytes();
      continue;
    }
    const uint64_t next = FindNext(position + 1);
    Lose(position, next, block.status().message());
    position = next;
  }
  ReportEnd(position);
  return absl::OkStatus();
}

void Recovery::ReportEnd(uint64_t position) {
  if (!frame_.records.has_value()) {
    Lose(position, file_.size(),
         absl::StrCat("trailer: the file ends without a valid one; records "
                      "from ",
                      next_record_, " on are lost if there were any"));
  } else if (*frame_.records > next_record_) {
    if (report_.lost.empty()) Lose(position, position, "missing blocks");
    absl::StrAppend(&report_.lost.back().reason, "; records ", next_record_,
                    " to ", *frame_.records - 1, " are lost");
  }
}

}  // namespace

absl::StatusOr<RecoveryReport> RecoverShard(const std::string& damaged_path,
                                            const std::string& new_path) {
  if (FileExists(new_path)) {
    return absl::AlreadyExistsError(
        absl::StrCat("cannot recover ", damaged_path, " to ", new_path,
                     ": that exists; recovery only writes new files"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::shared_ptr<MappedFile> file,
                           MappedFile::Open(damaged_path));
  absl::StatusOr<Frame> frame = ReadFrame(file->bytes());
  if (!frame.ok()) {
    return absl::Status(
        frame.status().code(),
        absl::StrCat(damaged_path, ": ", frame.status().message()));
  }
  LIMBECK_ASSIGN_OR_RETURN(const ShardHeader header,
                           ParseShardHeader(frame->header_bytes));
  LIMBECK_ASSIGN_OR_RETURN(
      std::unique_ptr<RawShardWriter> writer,
      RawShardWriter::Create(new_path, header, ShardOptions()));
  Recovery recovery(file->bytes(), *std::move(frame), writer.get());
  LIMBECK_RETURN_IF_ERROR(recovery.Scan());
  absl::StatusOr<ShardSummary> summary = writer->Close();
  if (!summary.ok()) return summary.status();
  return recovery.Take();
}

}  // namespace limbeck
