#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/record/schema.h"
#include "data/record/shard.h"
#include "data/record/shard_block.h"
#include "data/record/shard_format.h"

namespace limbeck {

class ShardReader::Impl {
 public:
  Impl(std::string shard_path, std::shared_ptr<MappedFile> file)
      : path(std::move(shard_path)), file_(std::move(file)) {}

  absl::Status Open();
  absl::Status Parse(uint64_t record_number, google::protobuf::Message* record);

  const std::string path;
  ShardHeader header;
  std::vector<BlockPosition> blocks;
  uint64_t num_records = 0;
  uint64_t next = 0;

 private:
  absl::Status CheckIndex(uint64_t first_block) const;
  absl::StatusOr<absl::string_view> Find(uint64_t record_number);
  absl::Status LoadBlock(size_t block);
  uint64_t EndOfBlock(size_t block) const {
    return block + 1 < blocks.size() ? blocks[block + 1].offset
                                     : trailer_offset_;
  }
  uint64_t EndOfRecords(size_t block) const {
    return block + 1 < blocks.size() ? blocks[block + 1].first_record
                                     : num_records;
  }
  size_t BlockOf(uint64_t record_number) const;

  const std::shared_ptr<MappedFile> file_;
  std::string marker_;
  uint64_t trailer_offset_ = 0;
  size_t loaded_block_ = SIZE_MAX;
  DecodedBlock block_;
};

namespace {

absl::Status Prefixed(const std::string& place, const absl::Status& status,
                      absl::string_view hint) {
  return absl::Status(status.code(),
                      absl::StrCat(place, ": ", status.message(), hint));
}

constexpr absl::string_view kDamageHint =
    "; remove the artefact's folder so that its stage runs again";

}  // namespace

absl::Status ShardReader::Impl::Open() {
  absl::StatusOr<absl::string_view> header_bytes =
      DecodeFileHeader(file_->bytes());
  if (!header_bytes.ok()) return header_bytes.status();
  LIMBECK_ASSIGN_OR_RETURN(header, ParseShardHeader(*header_bytes));
  absl::StatusOr<LocatedTrailer> located = DecodeTrailer(file_->bytes());
  if (!located.ok()) {
    return Prefixed("the index cannot be read", located.status(), kDamageHint);
  }
  if (located->trailer.header_bytes != *header_bytes) {
    return absl::DataLossError("the two copies of the header differ");
  }
  marker_ = BlockMarker(*header_bytes);
  trailer_offset_ = located->offset;
  num_records = located->trailer.records;
  blocks = std::move(located->trailer.blocks);
  return CheckIndex(FileHeaderBytes(*header_bytes));
}

// Blocks lie side by side and their record numbers rise, so that each byte and
// each record belongs to exactly one.
absl::Status ShardReader::Impl::CheckIndex(uint64_t first_block) const {
  uint64_t offset = first_block;
  uint64_t record = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    const bool first = i == 0;
    if (first
            ? blocks[i].offset != offset || blocks[i].first_record != 0
            : blocks[i].offset <= offset || blocks[i].first_record <= record) {
      return absl::DataLossError(absl::StrCat(
          "the index puts block ", i, " with record ", blocks[i].first_record,
          " at byte ", blocks[i].offset, ", which does not follow record ",
          record, " at byte ", offset));
    }
    offset = blocks[i].offset;
    record = blocks[i].first_record;
  }
  const bool fits = blocks.empty()
                        ? num_records == 0 && trailer_offset_ == first_block
                        : num_records > record && trailer_offset_ > offset;
  if (fits) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the index has ", blocks.size(), " blocks for ", num_records,
                   " records before byte ", trailer_offset_));
}

size_t ShardReader::Impl::BlockOf(uint64_t record_number) const {
  size_t low = 0;
  size_t high = blocks.size();
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    (blocks[middle].first_record <= record_number ? low : high) = middle;
  }
  return low;
}

absl::Status ShardReader::Impl::LoadBlock(size_t block) {
  loaded_block_ = SIZE_MAX;
  const BlockPosition& position = blocks[block];
  const std::string place =
      absl::StrCat(path, ", block ", block, " at byte ", position.offset);
  const absl::string_view bytes = file_->bytes().substr(
      position.offset, EndOfBlock(block) - position.offset);
  absl::StatusOr<DecodedBlock> decoded = DecodedBlock::Decode(bytes, marker_);
  if (!decoded.ok()) return Prefixed(place, decoded.status(), kDamageHint);
  const uint64_t records = EndOfRecords(block) - position.first_record;
  if (decoded->file_bytes() != bytes.size() ||
      decoded->header().first_record != position.first_record ||
      decoded->header().records != records) {
    return absl::DataLossError(absl::StrCat(
        place, ": the block holds ", decoded->header().records,
        " records from number ", decoded->header().first_record, " in ",
        decoded->file_bytes(), " bytes, the index says ", records, " from ",
        position.first_record, " in ", bytes.size()));
  }
  block_ = *std::move(decoded);
  loaded_block_ = block;
  return absl::OkStatus();
}

absl::StatusOr<absl::string_view> ShardReader::Impl::Find(
    uint64_t record_number) {
  const size_t block = BlockOf(record_number);
  if (block != loaded_block_) LIMBECK_RETURN_IF_ERROR(LoadBlock(block));
  return block_.record(
      static_cast<uint32_t>(record_number - blocks[block].first_record));
}

absl::Status ShardReader::Impl::Parse(uint64_t record_number,
                                      google::protobuf::Message* record) {
  if (record->GetDescriptor()->full_name() != header.record_type()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " holds ", header.record_type(), " records, not ",
                     record->GetDescriptor()->full_name()));
  }
  LIMBECK_ASSIGN_OR_RETURN(const absl::string_view bytes, Find(record_number));
  if (record->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat(
      path, ": record ", record_number, " is no valid ", header.record_type()));
}

absl::StatusOr<std::unique_ptr<ShardReader>> ShardReader::Open(
    const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(std::shared_ptr<MappedFile> file,
                           MappedFile::Open(path));
  auto impl = std::make_unique<Impl>(path, std::move(file));
  absl::Status status = impl->Open();
  if (!status.ok()) return Prefixed(path, status, "");
  return absl::WrapUnique(new ShardReader(std::move(impl)));
}

ShardReader::ShardReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ShardReader::~ShardReader() = default;

const ShardHeader& ShardReader::header() const { return impl_->header; }

uint64_t ShardReader::num_records() const { return impl_->num_records; }

uint64_t ShardReader::num_blocks() const { return impl_->blocks.size(); }

absl::Status ShardReader::ExpectType(
    const google::protobuf::Descriptor& type) const {
  if (type.full_name() != header().record_type()) {
    return absl::InvalidArgumentError(
        absl::StrCat(impl_->path, " holds ", header().record_type(),
                     " records, expected ", type.full_name()));
  }
  const absl::Status status =
      CheckSchemaCompatible(header().schema(), SchemaText(type));
  return status.ok() ? status : Prefixed(impl_->path, status, "");
}

absl::StatusOr<bool> ShardReader::Next(google::protobuf::Message* record) {
  if (impl_->next == impl_->num_records) return false;
  LIMBECK_RETURN_IF_ERROR(impl_->Parse(impl_->next, record));
  ++impl_->next;
  return true;
}

absl::Status ShardReader::Read(uint64_t record_number,
                               google::protobuf::Message* record) {
  if (record_number >= impl_->num_records) {
    return absl::OutOfRangeError(
        absl::StrCat(impl_->path, " has ", impl_->num_records,
                     " records, there is no number ", record_number));
  }
  return impl_->Parse(record_number, record);
}

absl::Status ShardReader::Seek(uint64_t record_number) {
  if (record_number > impl_->num_records) {
    return absl::OutOfRangeError(
        absl::StrCat(impl_->path, " has ", impl_->num_records,
                     " records, cannot go to number ", record_number));
  }
  impl_->next = record_number;
  return absl::OkStatus();
}

}  // namespace limbeck
