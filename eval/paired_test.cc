// Sign-flip permutation test, paired bootstrap, McNemar and Holm.
#include "eval/paired_test.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/base/check.h"
#include "data/base/random.h"

namespace limbeck {
namespace {

constexpr size_t kMaxExact = 16;  // non-zero differences: 65,536 sign patterns
constexpr double kPower = 0.8;

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) /
         static_cast<double>(values.size());
}

double Share(const RightOf& of) {
  return static_cast<double>(of.correct) / static_cast<double>(of.samples);
}

// Sums of the same numbers in another order or with other signs differ by
// rounding; such sums count as equally extreme.
double Tolerance(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += std::abs(value);
  return 1e-12 * sum;
}

double ExactSignFlip(const std::vector<double>& values, double observed) {
  const uint64_t patterns = uint64_t{1} << values.size();
  uint64_t extreme = 0;
  for (uint64_t pattern = 0; pattern < patterns; ++pattern) {
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      sum += (pattern >> i & 1) != 0 ? -values[i] : values[i];
    }
    extreme += std::abs(sum) >= observed ? 1 : 0;
  }
  return static_cast<double>(extreme) / static_cast<double>(patterns);
}

double RandomSignFlip(const std::vector<double>& values, double observed,
                      int64_t permutations, uint64_t seed) {
  const uint64_t key = RandomKey(seed, RandomPurpose::kPermutationTest);
  int64_t extreme = 0;
  for (int64_t trial = 0; trial < permutations; ++trial) {
    double sum = 0;
    uint64_t bits = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      if (i % 64 == 0) bits = RandomBits(key, i / 64, uint64_t(trial));
      sum += (bits >> (i % 64) & 1) != 0 ? -values[i] : values[i];
    }
    extreme += std::abs(sum) >= observed ? 1 : 0;
  }
  return static_cast<double>(1 + extreme) /
         static_cast<double>(1 + permutations);
}

std::optional<double> SmallestDetectable(const std::vector<double>& values,
                                         double confidence) {
  if (values.size() < 2) return std::nullopt;
  const double mean = Mean(values);
  double squares = 0;
  for (double value : values) squares += (value - mean) * (value - mean);
  if (!(squares > 0)) return std::nullopt;
  const auto count = static_cast<double>(values.size());
  const double error = std::sqrt(squares / (count - 1) / count);
  return (NormalQuantile(0.5 + confidence / 2) + NormalQuantile(kPower)) *
         error;
}

// Sign of a's share minus b's, in integers.
int CompareShares(const RightOfBoth& problem) {
  const int64_t left = problem.a.correct * problem.b.samples;
  const int64_t right = problem.b.correct * problem.a.samples;
  return left > right ? 1 : left < right ? -1 : 0;
}

}  // namespace

double SignFlipPValue(const std::vector<double>& differences,
                      int64_t permutations, uint64_t seed) {
  std::vector<double> values;  // zeros never change a sum
  for (double value : differences) {
    if (value != 0) values.push_back(value);
  }
  if (values.empty()) return 1;
  const double observed =
      std::abs(std::accumulate(values.begin(), values.end(), 0.0)) -
      Tolerance(values);
  if (values.size() <= kMaxExact) return ExactSignFlip(values, observed);
  return RandomSignFlip(values, observed, permutations, seed);
}

Interval BootstrapMeanInterval(const std::vector<double>& values,
                               const PairedOptions& options) {
  LIMBECK_CHECK(!values.empty());
  const uint64_t key = RandomKey(options.seed, RandomPurpose::kBootstrap, 1);
  std::vector<double> means;
  for (int64_t replicate = 0; replicate < options.replicates; ++replicate) {
    double sum = 0;
    for (uint64_t i = 0; i < values.size(); ++i) {
      sum += values[RandomBelow(values.size(), key, i, uint64_t(replicate))];
    }
    means.push_back(sum / static_cast<double>(values.size()));
  }
  std::sort(means.begin(), means.end());
  const double tail = (1 - options.confidence) / 2;
  return {SortedQuantile(means, tail), SortedQuantile(means, 1 - tail)};
}

double McNemarPValue(int64_t wins, int64_t losses) {
  const int64_t n = wins + losses;
  const int64_t least = std::min(wins, losses);
  double sum = 0;
  double log_choose = 0;  // log of n over i
  for (int64_t i = 0; i <= least; ++i) {
    sum += std::exp(log_choose - static_cast<double>(n) * std::log(2.0));
    log_choose += std::log(static_cast<double>(n - i)) -
                  std::log(static_cast<double>(i + 1));
  }
  return std::min(1.0, 2 * sum);
}

std::vector<double> HolmAdjusted(const std::vector<double>& p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t i, size_t j) {
    return p_values[i] < p_values[j];
  });
  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const auto factor = static_cast<double>(order.size() - rank);
    largest = std::max(largest, std::min(1.0, factor * p_values[order[rank]]));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

PairedResult ComparePaired(const std::vector<RightOfBoth>& problems,
                           const PairedOptions& options) {
  LIMBECK_CHECK(!problems.empty());
  PairedResult result;
  std::vector<double> shares_a, shares_b, differences;
  bool one_each = true;
  for (const RightOfBoth& problem : problems) {
    shares_a.push_back(Share(problem.a));
    shares_b.push_back(Share(problem.b));
    const int sign = CompareShares(problem);
    differences.push_back(sign == 0 ? 0.0 : shares_a.back() - shares_b.back());
    result.wins += sign > 0 ? 1 : 0;
    result.losses += sign < 0 ? 1 : 0;
    result.ties += sign == 0 ? 1 : 0;
    one_each = one_each && problem.a.samples == 1 && problem.b.samples == 1;
  }
  result.mean_a = Mean(shares_a);
  result.mean_b = Mean(shares_b);
  result.difference = Mean(differences);
  result.difference_interval = BootstrapMeanInterval(differences, options);
  result.p_value =
      SignFlipPValue(differences, options.permutations, options.seed);
  if (one_each) {
    result.mcnemar_p_value = McNemarPValue(result.wins, result.losses);
  }
  result.smallest_detectable_difference =
      SmallestDetectable(differences, options.confidence);
  return result;
}

}  // namespace limbeck
