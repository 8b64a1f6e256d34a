// The bytes of a shard file, without compression and without files.
// docs/shard-format.md explains every field; all integers are little-endian.
//
//   file    = header block* trailer tail
//   header  = magic[8] version:u32 size:u32 ShardHeader[size] crc:u32
//   block   = marker[16] first_record:u64 records:u32 codec:u32
//             stored:u32 raw:u32 payload_crc:u32 crc:u32 payload[stored]
//   trailer = marker[16] blocks:u64 records:u64 content_digest[32]
//             (offset:u64 first_record:u64)[blocks] size:u32
//             ShardHeader[size]
//   tail    = trailer_offset:u64 trailer_crc:u32 crc:u32 magic[8]
#ifndef LIMBECK_DATA_RECORD_SHARD_FORMAT_H_
#define LIMBECK_DATA_RECORD_SHARD_FORMAT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/record/shard.h"

namespace limbeck {

inline constexpr size_t kMarkerBytes = 16;
inline constexpr size_t kBlockHeaderBytes = 48;
inline constexpr size_t kTailBytes = 24;
inline constexpr uint64_t kMaxHeaderBytes = uint64_t{1} << 20;
// A block holds one record of the largest size, or many small ones.
inline constexpr uint64_t kMaxRawBytes = kMaxRecordBytes + sizeof(uint32_t);
// Above zstd's worst case (a 256th more); checked before any allocation.
inline constexpr uint64_t kMaxStoredBytes = kMaxRawBytes + kMaxRawBytes / 128;

enum class BlockCodec : uint32_t { kStored = 0, kZstd = 1 };

struct BlockHeader {
  uint64_t first_record = 0;
  uint32_t records = 0;
  BlockCodec codec = BlockCodec::kStored;
  uint32_t stored_bytes = 0;
  uint32_t raw_bytes = 0;
  uint32_t payload_crc = 0;
};

struct BlockPosition {
  uint64_t offset = 0;
  uint64_t first_record = 0;
};

struct ShardTrailer {
  uint64_t records = 0;
  std::string content_digest;  // 32 raw bytes
  std::vector<BlockPosition> blocks;
  std::string header_bytes;  // copy of the serialised ShardHeader
};

// Marks found by scanning; derived from the header so that bytes repeat and
// blocks of other shards are not mistaken for ours.
std::string BlockMarker(absl::string_view header_bytes);
std::string TrailerMarker(absl::string_view header_bytes);

std::string EncodeFileHeader(absl::string_view header_bytes);
// Serialised ShardHeader at the front of a file.
absl::StatusOr<absl::string_view> DecodeFileHeader(absl::string_view file);
// Parses and checks versions.
absl::StatusOr<ShardHeader> ParseShardHeader(absl::string_view header_bytes);
// Bytes of the whole encoded header.
uint64_t FileHeaderBytes(absl::string_view header_bytes);

std::string EncodeBlockHeader(const BlockHeader& header,
                              absl::string_view marker);
// Header at the front of `bytes`, with all limits checked, so that stored_bytes
// of payload follow within `bytes`.
absl::StatusOr<BlockHeader> DecodeBlockHeader(absl::string_view bytes,
                                              absl::string_view marker);

// Trailer and tail; `offset` is the trailer's place in the file.
std::string EncodeTrailer(const ShardTrailer& trailer, uint64_t offset);

struct LocatedTrailer {
  ShardTrailer trailer;
  uint64_t offset = 0;
};
// Finds the trailer through the tail at the end of the file.
absl::StatusOr<LocatedTrailer> DecodeTrailer(absl::string_view file);

}  // namespace limbeck

#endif  // LIMBECK_DATA_RECORD_SHARD_FORMAT_H_
