// File: "LBKJRNL1" size:u32 fingerprint[size] crc:u32, then records, each
// size:u32 crc:u32 record[size]. Checksums are masked CRC32C; a record's covers
// its size too, so zeros (a page that never reached the disk) are no record.
#include "data/record/journal.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/crc32c.h"
#include "data/base/little_endian.h"
#include "data/base/status_macros.h"
#include "data/record/shard.h"

namespace limbeck {
namespace {

constexpr absl::string_view kMagic = "LBKJRNL1";
constexpr size_t kFrameBytes = 8;
constexpr size_t kMaxFingerprintBytes = 4096;

std::string EncodeHeader(absl::string_view fingerprint) {
  std::string out(kMagic);
  AppendLittleEndian(static_cast<uint32_t>(fingerprint.size()), &out);
  absl::StrAppend(&out, fingerprint);
  AppendLittleEndian(MaskCrc32c(Crc32c(out)), &out);
  return out;
}

std::string EncodeRecord(absl::string_view record) {
  std::string out;
  out.reserve(kFrameBytes + record.size());
  AppendLittleEndian(static_cast<uint32_t>(record.size()), &out);
  AppendLittleEndian(MaskCrc32c(Crc32c(record, Crc32c(out))), &out);
  absl::StrAppend(&out, record);
  return out;
}

// The whole record at the front of `bytes`; false where there is none.
bool DecodeRecord(absl::string_view bytes, absl::string_view* record) {
  if (bytes.size() < kFrameBytes) return false;
  const uint32_t size = ReadLittleEndian<uint32_t>(bytes, 0);
  if (size > bytes.size() - kFrameBytes) return false;
  *record = bytes.substr(kFrameBytes, size);
  const uint32_t crc = Crc32c(*record, Crc32c(bytes.substr(0, 4)));
  return ReadLittleEndian<uint32_t>(bytes, 4) == MaskCrc32c(crc);
}

// The fingerprint in a file's header, or nothing when it is damaged.
bool DecodeHeader(absl::string_view file, absl::string_view* fingerprint) {
  constexpr size_t kFront = 12;
  if (!absl::StartsWith(file, kMagic) || file.size() < kFront) return false;
  const uint32_t size = ReadLittleEndian<uint32_t>(file, kMagic.size());
  if (size > kMaxFingerprintBytes || file.size() < kFront + size + 4) {
    return false;
  }
  *fingerprint = file.substr(kFront, size);
  return ReadLittleEndian<uint32_t>(file, kFront + size) ==
         MaskCrc32c(Crc32c(file.substr(0, kFront + size)));
}

// What a kill or a loss of power during creation leaves: a part of the header
// that this work writes, or zeros in its place.
bool IsUnfinishedHeader(absl::string_view file, absl::string_view header) {
  if (file.size() < header.size() && absl::StartsWith(header, file))
    return true;
  return file.size() <= header.size() &&
         file.find_first_not_of('\0') == absl::string_view::npos;
}

absl::Status CheckHeader(const std::string& path, absl::string_view file,
                         absl::string_view fingerprint) {
  absl::string_view found;
  if (!DecodeHeader(file, &found)) {
    return absl::DataLossError(absl::StrCat(
        path,
        " is no journal, or its header is damaged; remove it to start "
        "this piece of work again"));
  }
  if (found == fingerprint) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, " belongs to other work: its fingerprint is ", found,
                   ", this work's is ", fingerprint,
                   "; remove it or use another directory"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(
    const std::string& path, absl::string_view fingerprint) {
  if (fingerprint.size() > kMaxFingerprintBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the fingerprint for ", path, " has ", fingerprint.size(),
        " bytes, at most ", kMaxFingerprintBytes, " are accepted"));
  }
  const std::string header = EncodeHeader(fingerprint);
  std::vector<std::string> records;
  uint64_t whole_bytes = 0;
  uint64_t found_bytes = 0;
  if (FileExists(path)) {
    LIMBECK_ASSIGN_OR_RETURN(const std::shared_ptr<MappedFile> file,
                             MappedFile::Open(path));
    absl::string_view rest = file->bytes();
    found_bytes = rest.size();
    if (!IsUnfinishedHeader(rest, header)) {
      LIMBECK_RETURN_IF_ERROR(CheckHeader(path, rest, fingerprint));
      rest.remove_prefix(header.size());
      for (absl::string_view record; DecodeRecord(rest, &record);) {
        records.emplace_back(record);
        rest.remove_prefix(kFrameBytes + record.size());
      }
      whole_bytes = found_bytes - rest.size();
    }
  }
  LIMBECK_ASSIGN_OR_RETURN(
      std::unique_ptr<AppendFile> file,
      AppendFile::Open(path, static_cast<int64_t>(whole_bytes)));
  auto journal = absl::WrapUnique(new Journal(std::move(file)));
  journal->recovered_ = std::move(records);
  journal->dropped_bytes_ = found_bytes - whole_bytes;
  if (whole_bytes == 0) {
    LIMBECK_RETURN_IF_ERROR(journal->file_->Append(header));
    LIMBECK_RETURN_IF_ERROR(journal->Sync());
  }
  return journal;
}

absl::Status Journal::Append(absl::string_view record) {
  if (record.size() > kMaxRecordBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a journal record has ", record.size(), " bytes, at most ",
                     kMaxRecordBytes, " are accepted"));
  }
  return file_->Append(EncodeRecord(record));
}

absl::Status Journal::Sync() { return file_->Sync(); }

}  // namespace limbeck
