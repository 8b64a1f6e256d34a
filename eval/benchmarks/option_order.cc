// A shuffle by counter-based random under a hash of what it may depend on.
#include "eval/benchmarks/option_order.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/check.h"
#include "data/base/digest.h"
#include "data/base/little_endian.h"
#include "data/base/random.h"

namespace limbeck {

std::vector<int> OptionOrder(uint64_t seed, absl::string_view problem_id,
                             int64_t sample, int num_options) {
  FieldHasher hasher("limbeck.option_order.v1");
  const std::string hash = hasher.Bytes(problem_id).Id();
  const uint64_t key = MixKey(RandomKey(seed, RandomPurpose::kOptionOrder,
                                        ReadLittleEndian<uint64_t>(hash, 0)),
                              static_cast<uint64_t>(sample));
  std::vector<int> order(static_cast<size_t>(num_options));
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[RandomBelow(i, key, i)]);
  }
  return order;
}

absl::Status CheckOptionOrder(absl::Span<const int> order, int num_options) {
  std::vector<int> sorted(order.begin(), order.end());
  std::sort(sorted.begin(), sorted.end());
  bool good = sorted.size() == static_cast<size_t>(num_options);
  for (size_t i = 0; good && i < sorted.size(); ++i) {
    good = sorted[i] == static_cast<int>(i);
  }
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("option_order is [", absl::StrJoin(order, ","),
                   "], expected each of 0 to ", num_options - 1, " once"));
}

char LetterOf(int option, absl::Span<const int> order) {
  const auto found = std::find(order.begin(), order.end(), option);
  LIMBECK_CHECK(found != order.end());
  return static_cast<char>('A' + (found - order.begin()));
}

}  // namespace limbeck
