#include "data/record/tfrecord.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/crc32c.h"
#include "data/base/little_endian.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr size_t kCrcBytes = 4;
constexpr size_t kFrontBytes = kLengthBytes + kCrcBytes;
constexpr absl::string_view kGzipMagic = "\x1F\x8B";

std::string MaskedCrc(absl::string_view bytes) {
  std::string out;
  AppendLittleEndian(MaskCrc32c(Crc32c(bytes)), &out);
  return out;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TfRecordReader>> TfRecordReader::Open(
    const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(std::shared_ptr<MappedFile> file,
                           MappedFile::Open(path));
  if (absl::StartsWith(file->bytes(), kGzipMagic)) {
    // A length of 35,615 also begins so; its checksum tells the two apart.
    const absl::string_view front = file->bytes().substr(0, kFrontBytes);
    if (front.substr(front.size() < kFrontBytes ? 0 : kLengthBytes) !=
        MaskedCrc(front.substr(0, kLengthBytes))) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " is compressed with gzip; decompress it first"));
    }
  }
  return absl::WrapUnique(new TfRecordReader(path, std::move(file)));
}

TfRecordReader::TfRecordReader(std::string path,
                               std::shared_ptr<MappedFile> file)
    : path_(std::move(path)), file_(std::move(file)) {}

absl::Status TfRecordReader::Damage(absl::string_view problem) const {
  return absl::DataLossError(absl::StrCat(path_, ", record ", records_,
                                          " at byte ", offset_, ": ", problem));
}

absl::StatusOr<bool> TfRecordReader::Next(absl::string_view* record) {
  const absl::string_view rest = file_->bytes().substr(offset_);
  if (rest.empty()) return false;
  if (rest.size() < kFrontBytes) {
    return Damage(absl::StrCat("the file ends after ", rest.size(), " of ",
                               kFrontBytes, " bytes in front of a record"));
  }
  if (rest.substr(kLengthBytes, kCrcBytes) !=
      MaskedCrc(rest.substr(0, kLengthBytes))) {
    return Damage("the length's checksum differs");
  }
  const uint64_t length = ReadLittleEndian<uint64_t>(rest, 0);
  const uint64_t left = rest.size() - kFrontBytes;
  if (left < kCrcBytes || length > left - kCrcBytes) {
    return Damage(absl::StrCat("the record has ", length,
                               " bytes and a checksum, the file only ", left,
                               " more"));
  }
  const absl::string_view data = rest.substr(kFrontBytes, length);
  if (rest.substr(kFrontBytes + length, kCrcBytes) != MaskedCrc(data)) {
    return Damage("the data's checksum differs");
  }
  *record = data;
  offset_ += kFrontBytes + length + kCrcBytes;
  ++records_;
  return true;
}

std::string FrameTfRecord(absl::string_view record) {
  std::string frame;
  frame.reserve(record.size() + 16);
  AppendLittleEndian(uint64_t{record.size()}, &frame);
  frame.append(MaskedCrc(frame));
  frame.append(record.data(), record.size());
  frame.append(MaskedCrc(record));
  return frame;
}

absl::StatusOr<std::unique_ptr<TfRecordWriter>> TfRecordWriter::Create(
    const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file,
                           AtomicFile::Create(path));
  return absl::WrapUnique(new TfRecordWriter(std::move(file)));
}

TfRecordWriter::TfRecordWriter(std::unique_ptr<AtomicFile> file)
    : file_(std::move(file)) {}

absl::Status TfRecordWriter::Write(absl::string_view record) {
  return file_->Append(FrameTfRecord(record));
}

absl::Status TfRecordWriter::Close() { return file_->Commit(); }

}  // namespace limbeck
