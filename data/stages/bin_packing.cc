#include "data/stages/bin_packing.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "data/base/check.h"

namespace limbeck {

std::vector<std::vector<size_t>> PackBestFitDecreasing(
    absl::Span<const uint32_t> lengths, uint32_t capacity) {
  std::vector<size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return lengths[a] > lengths[b]; });
  std::vector<std::vector<size_t>> bins;
  std::set<std::pair<uint32_t, size_t>> by_free_space;  // free tokens, bin
  for (const size_t item : order) {
    const uint32_t length = lengths[item];
    LIMBECK_CHECK_LE(length, capacity);
    const auto best = by_free_space.lower_bound({length, 0});
    uint32_t free = capacity;
    size_t bin = bins.size();
    if (best == by_free_space.end()) {
      bins.emplace_back();
    } else {
      std::tie(free, bin) = *best;
      by_free_space.erase(best);
    }
    bins[bin].push_back(item);
    by_free_space.emplace(free - length, bin);
  }
  return bins;
}

}  // namespace limbeck
