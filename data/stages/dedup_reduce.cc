#include "data/stages/dedup_reduce.h"

#include <algorithm>
#include <tuple>

namespace limbeck {
namespace {

uint64_t BigEndian(absl::string_view id, size_t begin) {
  uint64_t value = 0;
  for (size_t i = begin; i < begin + 8; ++i) {
    value <<= 8;
    if (i < id.size()) value |= static_cast<unsigned char>(id[i]);
  }
  return value;
}

auto ContentOrder(const DedupEntry& entry) {
  return std::tie(entry.group, entry.content, entry.trace, entry.record);
}

auto OutputOrder(const DedupEntry& entry) {
  return std::tie(entry.group, entry.trace, entry.record);
}

}  // namespace

Key128 Key128::FromId(absl::string_view id) {
  return {BigEndian(id, 0), BigEndian(id, 8)};
}

void ReduceDuplicates(std::vector<DedupEntry>& entries, uint32_t cap) {
  std::sort(entries.begin(), entries.end(),
            [](const DedupEntry& a, const DedupEntry& b) {
              return ContentOrder(a) < ContentOrder(b);
            });
  for (size_t i = 1; i < entries.size(); ++i) {
    const DedupEntry& before = entries[i - 1];
    DedupEntry& entry = entries[i];
    if (entry.group != before.group || entry.content != before.content) {
      continue;
    }
    entry.survivor =
        before.fate == DedupFate::kDuplicate ? before.survivor : before.trace;
    entry.fate = DedupFate::kDuplicate;
  }
  std::sort(entries.begin(), entries.end(),
            [](const DedupEntry& a, const DedupEntry& b) {
              return OutputOrder(a) < OutputOrder(b);
            });
  uint32_t kept = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i == 0 || entries[i].group != entries[i - 1].group) kept = 0;
    if (entries[i].fate != DedupFate::kKept) continue;
    entries[i].rank = kept++;
    if (cap != 0 && entries[i].rank >= cap) {
      entries[i].fate = DedupFate::kOverCap;
    }
  }
}

}  // namespace limbeck
