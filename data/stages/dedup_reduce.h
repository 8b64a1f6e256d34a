// The reduce of the dedup stage: which traces stay, from their keys alone.
#ifndef LIMBECK_DATA_STAGES_DEDUP_REDUCE_H_
#define LIMBECK_DATA_STAGES_DEDUP_REDUCE_H_

#include <compare>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck {

// 16 bytes that sort as the id does; shorter ids are padded with zeros.
struct Key128 {
  uint64_t high = 0;
  uint64_t low = 0;

  static Key128 FromId(absl::string_view id);
  auto operator<=>(const Key128&) const = default;
};

enum class DedupFate { kKept, kDuplicate, kOverCap };

struct DedupEntry {
  Key128 group;    // problem
  Key128 content;  // hash of the normalised output
  Key128 trace;
  Key128 record;  // hash of the whole record: decides between equal ids
  uint32_t input = 0;
  uint32_t partition = 0;
  uint64_t index = 0;  // record number in the partition's shard
  DedupFate fate = DedupFate::kKept;
  Key128 survivor;    // of a duplicate
  uint32_t rank = 0;  // kept ones of the problem before this
};

// Sorts by group and trace id and sets fate, survivor and rank. At most `cap`
// (0: no limit) are kept of each group, those with the smallest ids.
void ReduceDuplicates(std::vector<DedupEntry>& entries, uint32_t cap);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_DEDUP_REDUCE_H_
