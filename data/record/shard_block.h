// Payloads of shard blocks: a table of record lengths, the records, zstd.
#ifndef LIMBECK_DATA_RECORD_SHARD_BLOCK_H_
#define LIMBECK_DATA_RECORD_SHARD_BLOCK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/record/shard_format.h"

namespace limbeck {

// Collects records and turns them into the bytes of one block after another.
class BlockEncoder {
 public:
  BlockEncoder(std::string marker, int zstd_level);
  ~BlockEncoder();
  BlockEncoder(const BlockEncoder&) = delete;
  BlockEncoder& operator=(const BlockEncoder&) = delete;

  // At most kMaxRecordBytes.
  void Add(absl::string_view record);
  bool empty() const { return lengths_.empty(); }
  // Uncompressed payload if the block ended here.
  uint64_t raw_bytes() const {
    return lengths_.size() * sizeof(uint32_t) + records_.size();
  }
  uint64_t first_record() const { return first_record_; }
  // Header and payload of all records since the last call; not empty().
  std::string Finish();

 private:
  struct Compressor;

  const std::string marker_;
  const std::unique_ptr<Compressor> compressor_;
  uint64_t first_record_ = 0;
  std::vector<uint32_t> lengths_;
  std::string records_;
};

// The uncompressed records of one block.
class DecodedBlock {
 public:
  // `block` begins with a block header; bytes after the payload are ignored.
  static absl::StatusOr<DecodedBlock> Decode(absl::string_view block,
                                             absl::string_view marker);

  const BlockHeader& header() const { return header_; }
  // Bytes of the block in the file.
  uint64_t file_bytes() const {
    return kBlockHeaderBytes + header_.stored_bytes;
  }
  absl::string_view record(uint32_t index) const {
    return absl::string_view(raw_).substr(begins_[index],
                                          begins_[index + 1] - begins_[index]);
  }

 private:
  absl::Status ReadLengths();

  BlockHeader header_;
  std::string raw_;
  std::vector<uint64_t> begins_;  // of each record in raw_, then its end
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_RECORD_SHARD_BLOCK_H_
