// Figures of one problem with n samples of which c are right.
// Formulas: pass@k of Chen et al. 2021 (arXiv 2107.03374), section 2.1;
// G-Pass@k and mG-Pass@k of Liu et al. 2024 (arXiv 2412.13147), section 3.
#ifndef LIMBECK_EVAL_METRICS_H_
#define LIMBECK_EVAL_METRICS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace limbeck {

// Powers of two below n, and n: 1, 2, 4, ..., n. Empty for n < 1.
std::vector<int64_t> SampleCounts(int64_t n);

// Chance that at least one of k samples drawn from the n is right.
// 1 <= k <= n, 0 <= c <= n.
double PassAtK(int64_t n, int64_t c, int64_t k);

// Chances that at least i of k drawn are right, i = 0..k (k + 1 entries).
std::vector<double> AtLeastRight(int64_t n, int64_t c, int64_t k);

// Chance that at least max(ceil(tau k), 1) of k drawn are right.
double GPassAtK(int64_t n, int64_t c, int64_t k, double tau);

// Mean of G-Pass@k over tau in (0.5, 1]: 2/k times the sum of AtLeastRight
// over i = ceil(k/2)+1..k. 0 for k = 1, where that range is empty.
double MgPassAtK(int64_t n, int64_t c, int64_t k);

// One sample as a vote.
struct Vote {
  std::string answer;  // canonical: equal answers are equal strings
  bool answered = false;
  bool correct = false;
};

struct Consensus {
  double value = 0;  // expected correctness when ties are drawn by lot
  bool tied = false;
};

// Majority vote; samples without answer do not vote, and without any vote the
// value is 0.
Consensus MajorityVote(absl::Span<const Vote> votes);

// Mean of the majority vote over subsets of k votes: all subsets where there
// are at most 512, otherwise as many drawn by counter-based random under
// `key`. cons@k.
double ConsensusAtK(absl::Span<const Vote> votes, int64_t k, uint64_t key);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_METRICS_H_
