// Comparing two models on the same problems: never by two separate error bars.
#ifndef LIMBECK_EVAL_PAIRED_TEST_H_
#define LIMBECK_EVAL_PAIRED_TEST_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "eval/intervals.h"

namespace limbeck {

// One problem answered by both models; samples >= 1 each.
struct RightOfBoth {
  RightOf a;
  RightOf b;
};

struct PairedOptions {
  double confidence = 0.95;
  int64_t permutations = 10000;
  int64_t replicates = 10000;  // of the bootstrap
  uint64_t seed = 0;
};

struct PairedResult {
  double mean_a = 0;
  double mean_b = 0;
  double difference = 0;  // mean of a - b over the problems
  Interval difference_interval;
  double p_value = 1;  // two-sided
  int64_t wins = 0;    // problems where a has the larger share
  int64_t losses = 0;
  int64_t ties = 0;
  // Only where both have one sample of every problem.
  std::optional<double> mcnemar_p_value;
  // Difference found with 80 % chance at this confidence; absent where all
  // problems differ by the same amount.
  std::optional<double> smallest_detectable_difference;
};

// At least one problem.
PairedResult ComparePaired(const std::vector<RightOfBoth>& problems,
                           const PairedOptions& options);

// Two-sided p-value of the mean of `differences` when each sign is as likely
// as the other. Exact where at most 16 are not zero, otherwise
// (1 + as extreme) / (1 + permutations) with counter-based flips.
double SignFlipPValue(const std::vector<double>& differences,
                      int64_t permutations, uint64_t seed);

// Percentile bootstrap over the entries.
Interval BootstrapMeanInterval(const std::vector<double>& values,
                               const PairedOptions& options);

// Exact two-sided binomial p-value for `wins` against `losses`, ties left out.
double McNemarPValue(int64_t wins, int64_t losses);

// Holm's step-down adjustment (Holm 1979), in the order given.
std::vector<double> HolmAdjusted(const std::vector<double>& p_values);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_PAIRED_TEST_H_
