// Shard files: zstd blocks of Protobuf records, each block checked on its own.
// docs/shard-format.md describes every byte and why.
#ifndef LIMBECK_DATA_RECORD_SHARD_H_
#define LIMBECK_DATA_RECORD_SHARD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/record/shard_header.pb.h"
#include "google/protobuf/message.h"

namespace limbeck {

inline constexpr uint32_t kShardFormatVersion = 1;
inline constexpr uint64_t kMaxRecordBytes = uint64_t{64} << 20;

struct ShardOptions {
  uint64_t block_bytes = uint64_t{512} << 10;  // raw bytes before compression
  int zstd_level = 1;
};

struct ShardSummary {
  uint64_t records = 0;
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  std::string sha256;          // of the file, hex
  std::string content_digest;  // of the uncompressed records, hex
};

// SHA-256 (hex) of a message type's definition (data/record/schema.h), names
// and tags of everything it reaches included.
std::string SchemaFingerprint(const google::protobuf::Descriptor& type);
// Header with format version, record type and schema filled in.
ShardHeader MakeShardHeader(const google::protobuf::Descriptor& type);

// Writes one shard; the file appears only when Close succeeds.
class ShardWriter {
 public:
  static absl::StatusOr<std::unique_ptr<ShardWriter>> Create(
      const std::string& path, const ShardHeader& header,
      const ShardOptions& options = {});
  ~ShardWriter();

  // The message must be of the header's record type.
  absl::Status Write(const google::protobuf::Message& record);
  absl::StatusOr<ShardSummary> Close();

 private:
  class Impl;
  explicit ShardWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Reads one shard; any damage is an error that names file, block and byte.
class ShardReader {
 public:
  static absl::StatusOr<std::unique_ptr<ShardReader>> Open(
      const std::string& path);
  ~ShardReader();

  const ShardHeader& header() const;
  uint64_t num_records() const;
  uint64_t num_blocks() const;
  // OK when the shard holds records of this type and no tag or enum value has
  // changed its meaning since; fields may have been added or removed.
  absl::Status ExpectType(const google::protobuf::Descriptor& type) const;

  // Next record in file order; false at the end.
  absl::StatusOr<bool> Next(google::protobuf::Message* record);
  // Record by number, decompressing its block (the last block is cached).
  absl::Status Read(uint64_t record_number, google::protobuf::Message* record);
  // Next returns this record next. At most num_records().
  absl::Status Seek(uint64_t record_number);

 private:
  class Impl;
  explicit ShardReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Reads all records of one type: ReadShard<Trace>(path).
template <typename Record>
absl::StatusOr<std::vector<Record>> ReadShard(const std::string& path) {
  auto reader = ShardReader::Open(path);
  if (!reader.ok()) return reader.status();
  absl::Status type = (*reader)->ExpectType(*Record::descriptor());
  if (!type.ok()) return type;
  std::vector<Record> records;
  while (true) {
    Record record;
    absl::StatusOr<bool> more = (*reader)->Next(&record);
    if (!more.ok()) return more.status();
    if (!*more) return records;
    records.push_back(std::move(record));
  }
}

struct LostRange {
  uint64_t begin = 0;  // bytes [begin, end) of the damaged file
  uint64_t end = 0;
  std::string reason;
};

struct RecoveryReport {
  uint64_t records = 0;
  uint64_t blocks = 0;
  std::vector<LostRange> lost;
};

// Scans a damaged shard for whole blocks and writes them to a new shard.
// Never touches the damaged file; new_path must not exist. The new shard's
// records are numbered anew.
absl::StatusOr<RecoveryReport> RecoverShard(const std::string& damaged_path,
                                            const std::string& new_path);

}  // namespace limbeck

#endif  // LIMBECK_DATA_RECORD_SHARD_H_
