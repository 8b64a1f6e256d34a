// Products and sums of hypergeometric chances; all in double.
#include "eval/metrics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "absl/strings/string_view.h"
#include "data/base/check.h"
#include "data/base/random.h"

namespace limbeck {
namespace {

constexpr int64_t kMaxSubsets = 512;

// log(i!) for i = 0..n.
std::vector<double> LogFactorials(int64_t n) {
  std::vector<double> logs(static_cast<size_t>(n) + 1, 0.0);
  for (int64_t i = 2; i <= n; ++i) {
    logs[i] = logs[i - 1] + std::log(static_cast<double>(i));
  }
  return logs;
}

void CheckCounts(int64_t n, int64_t c, int64_t k) {
  LIMBECK_CHECK_GE(c, 0);
  LIMBECK_CHECK_LE(c, n);
  LIMBECK_CHECK_GE(k, 1);
  LIMBECK_CHECK_LE(k, n);
}

// Number of subsets of size k of n, or limit + 1 when there are more.
int64_t CountSubsets(int64_t n, int64_t k, int64_t limit) {
  int64_t count = 1;
  for (int64_t i = 1; i <= std::min(k, n - k); ++i) {
    count = count * (n - i + 1) / i;  // exact: a binomial coefficient
    if (count > limit) return limit + 1;
  }
  return count;
}

// The next subset in lexicographic order; false after the last.
bool NextSubset(std::vector<int64_t>& subset, int64_t n) {
  const auto k = static_cast<int64_t>(subset.size());
  int64_t at = k - 1;
  while (at >= 0 && subset[at] == n - k + at) --at;
  if (at < 0) return false;
  ++subset[at];
  for (int64_t i = at + 1; i < k; ++i) subset[i] = subset[i - 1] + 1;
  return true;
}

// Subset number `trial`: the first k places of a shuffle.
std::vector<int64_t> DrawSubset(int64_t n, int64_t k, uint64_t key,
                                uint64_t trial) {
  std::vector<int64_t> all(static_cast<size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  for (int64_t i = 0; i < k; ++i) {
    const uint64_t left = static_cast<uint64_t>(n - i);
    const auto pick = static_cast<int64_t>(
        RandomBelow(left, key, static_cast<uint64_t>(i), trial));
    std::swap(all[i], all[i + pick]);
  }
  all.resize(static_cast<size_t>(k));
  return all;
}

// Votes with small numbers in place of texts, so that many subsets can be
// counted quickly.
class Ballot {
 public:
  explicit Ballot(absl::Span<const Vote> votes) {
    std::map<absl::string_view, int> numbers;
    for (const Vote& vote : votes) {
      if (!vote.answered) {
        group_of_vote_.push_back(-1);
        continue;
      }
      const auto [place, is_new] =
          numbers.emplace(vote.answer, static_cast<int>(correct_.size()));
      if (is_new) correct_.push_back(false);
      correct_[place->second] = correct_[place->second] || vote.correct;
      group_of_vote_.push_back(place->second);
    }
  }

  Consensus Count(const std::vector<int64_t>& subset) const {
    std::vector<int64_t> sizes(correct_.size(), 0);
    int64_t largest = 0;
    for (int64_t vote : subset) {
      const int group = group_of_vote_[vote];
      if (group >= 0) largest = std::max(largest, ++sizes[group]);
    }
    if (largest == 0) return {};
    int64_t winners = 0;
    int64_t right = 0;
    for (size_t group = 0; group < sizes.size(); ++group) {
      if (sizes[group] != largest) continue;
      ++winners;
      right += correct_[group] ? 1 : 0;
    }
    return {static_cast<double>(right) / static_cast<double>(winners),
            winners > 1};
  }

 private:
  std::vector<int> group_of_vote_;  // -1: no answer
  std::vector<bool> correct_;       // by group
};

std::vector<int64_t> FirstSubset(int64_t k) {
  std::vector<int64_t> subset(static_cast<size_t>(k));
  std::iota(subset.begin(), subset.end(), 0);
  return subset;
}

}  // namespace

std::vector<int64_t> SampleCounts(int64_t n) {
  std::vector<int64_t> counts;
  for (int64_t k = 1; k < n; k *= 2) counts.push_back(k);
  if (n >= 1) counts.push_back(n);
  return counts;
}

double PassAtK(int64_t n, int64_t c, int64_t k) {
  CheckCounts(n, c, k);
  if (n - c < k) return 1;
  double all_wrong = 1;
  for (int64_t i = n - c + 1; i <= n; ++i) {
    all_wrong *= 1 - static_cast<double>(k) / static_cast<double>(i);
  }
  return 1 - all_wrong;
}

std::vector<double> AtLeastRight(int64_t n, int64_t c, int64_t k) {
  CheckCounts(n, c, k);
  const std::vector<double> log_factorial = LogFactorials(n);
  const auto log_choose = [&](int64_t from, int64_t take) {
    return log_factorial[from] - log_factorial[take] -
           log_factorial[from - take];
  };
  const double log_all = log_choose(n, k);
  std::vector<double> at_least(static_cast<size_t>(k) + 1, 0.0);
  double sum = 0;
  for (int64_t i = std::min(k, c); i >= std::max<int64_t>(0, k - (n - c));
       --i) {
    sum += std::exp(log_choose(c, i) + log_choose(n - c, k - i) - log_all);
    at_least[i] = std::min(sum, 1.0);
  }
  for (int64_t i = std::max<int64_t>(0, k - (n - c)); i >= 0; --i) {
    at_least[i] = 1;  // fewer wrong samples exist than would be needed
  }
  return at_least;
}

double GPassAtK(int64_t n, int64_t c, int64_t k, double tau) {
  const auto needed =
      static_cast<int64_t>(std::ceil(tau * static_cast<double>(k)));
  return AtLeastRight(n, c, k)[std::max<int64_t>(needed, 1)];
}

double MgPassAtK(int64_t n, int64_t c, int64_t k) {
  const std::vector<double> at_least = AtLeastRight(n, c, k);
  double sum = 0;
  for (int64_t i = (k + 1) / 2 + 1; i <= k; ++i) sum += at_least[i];
  return 2 * sum / static_cast<double>(k);
}

Consensus MajorityVote(absl::Span<const Vote> votes) {
  return Ballot(votes).Count(FirstSubset(static_cast<int64_t>(votes.size())));
}

double ConsensusAtK(absl::Span<const Vote> votes, int64_t k, uint64_t key) {
  const auto n = static_cast<int64_t>(votes.size());
  CheckCounts(n, 0, k);
  const Ballot ballot(votes);
  double sum = 0;
  int64_t subsets = 0;
  if (CountSubsets(n, k, kMaxSubsets) <= kMaxSubsets) {
    std::vector<int64_t> subset = FirstSubset(k);
    do {
      sum += ballot.Count(subset).value;
      ++subsets;
    } while (NextSubset(subset, n));
  } else {
    for (; subsets < kMaxSubsets; ++subsets) {
      const auto trial = static_cast<uint64_t>(subsets);
      sum += ballot.Count(DrawSubset(n, k, key, trial)).value;
    }
  }
  return sum / static_cast<double>(subsets);
}

}  // namespace limbeck
