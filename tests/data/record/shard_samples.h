// Small shards for the tests of this folder.
#ifndef LIMBECK_TESTS_DATA_RECORD_SHARD_SAMPLES_H_
#define LIMBECK_TESTS_DATA_RECORD_SHARD_SAMPLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/record/shard.h"
#include "data/records.pb.h"

namespace limbeck {

// Record `index` of every sample shard; index 0 serialises to no byte at all.
Span SampleSpan(uint64_t index);

// Writes spans 0 .. count - 1 with `per_block` spans in each block.
absl::StatusOr<ShardSummary> WriteSampleShard(const std::string& path,
                                              uint64_t count,
                                              uint64_t per_block);

// begin() of every span that can be read.
absl::StatusOr<std::vector<uint64_t>> ReadSampleShard(const std::string& path);

// Without the durability that a shard writer owes: tests write thousands.
void WriteQuickly(const std::string& path, const std::string& bytes);

// The file's bytes; aborts on failure.
std::string BytesOf(const std::string& path);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_DATA_RECORD_SHARD_SAMPLES_H_
