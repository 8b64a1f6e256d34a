// Writes serialised records to a shard; ShardWriter and recovery share it.
#ifndef LIMBECK_DATA_RECORD_SHARD_WRITER_H_
#define LIMBECK_DATA_RECORD_SHARD_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/record/shard.h"
#include "data/record/shard_block.h"

namespace limbeck {

class RawShardWriter {
 public:
  static absl::StatusOr<std::unique_ptr<RawShardWriter>> Create(
      const std::string& path, const ShardHeader& header,
      const ShardOptions& options);

  const ShardHeader& header() const { return header_; }
  uint64_t num_records() const { return records_; }
  absl::Status Write(absl::string_view record);
  absl::StatusOr<ShardSummary> Close();

 private:
  RawShardWriter(std::unique_ptr<AtomicFile> file, const ShardHeader& header,
                 std::string header_bytes, const ShardOptions& options);

  absl::Status Append(absl::string_view bytes);
  absl::Status FinishBlock();

  const std::unique_ptr<AtomicFile> file_;
  const ShardHeader header_;
  const std::string header_bytes_;
  const uint64_t block_bytes_;
  BlockEncoder encoder_;
  Sha256 file_hash_;
  Sha256 content_hash_;
  uint64_t offset_ = 0;
  uint64_t records_ = 0;
  std::vector<BlockPosition> blocks_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_RECORD_SHARD_WRITER_H_
