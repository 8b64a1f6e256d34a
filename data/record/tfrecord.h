// TensorFlow's record files, as an exchange format: length:u64, masked CRC32C
// of the length:u32, data, masked CRC32C of the data:u32 (little-endian).
// Goals: read and write plain files, every checksum checked. Non-goals:
// whole-file compression, reading past damage (a bad length loses the rest).
#ifndef LIMBECK_DATA_RECORD_TFRECORD_H_
#define LIMBECK_DATA_RECORD_TFRECORD_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/file.h"

namespace limbeck {

class TfRecordReader {
 public:
  static absl::StatusOr<std::unique_ptr<TfRecordReader>> Open(
      const std::string& path);

  // Next record, a view that lives as long as the reader; false at the end.
  // Errors name file, record number and byte.
  absl::StatusOr<bool> Next(absl::string_view* record);
  // Where the next record begins.
  uint64_t offset() const { return offset_; }

 private:
  TfRecordReader(std::string path, std::shared_ptr<MappedFile> file);

  absl::Status Damage(absl::string_view problem) const;

  const std::string path_;
  const std::shared_ptr<MappedFile> file_;
  uint64_t offset_ = 0;
  uint64_t records_ = 0;
};

// One record as it stands in a file: for logs that grow record by record.
std::string FrameTfRecord(absl::string_view record);

// The file appears only when Close succeeds.
class TfRecordWriter {
 public:
  static absl::StatusOr<std::unique_ptr<TfRecordWriter>> Create(
      const std::string& path);

  absl::Status Write(absl::string_view record);
  absl::Status Close();

 private:
  explicit TfRecordWriter(std::unique_ptr<AtomicFile> file);

  const std::unique_ptr<AtomicFile> file_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_RECORD_TFRECORD_H_
