// Two intervals for one score, and the chances behind them.
//
// "This exam": only the sampling noise of the answers, the questions are
// fixed. "Such exams": the questions are a draw as well; wider, and the one
// that says how far the score carries.
#ifndef LIMBECK_EVAL_INTERVALS_H_
#define LIMBECK_EVAL_INTERVALS_H_

#include <cstdint>
#include <vector>

namespace limbeck {

struct Interval {
  double low = 0;
  double high = 0;
};

// Right and all samples of one problem; samples >= 1.
struct RightOf {
  int64_t correct = 0;
  int64_t samples = 0;
};

struct IntervalOptions {
  double confidence = 0.95;
  int64_t replicates = 5000;  // of the bootstrap
  uint64_t seed = 0;
};

inline constexpr int64_t kSmallExam = 100;  // problems

// Standard normal quantile, 0 < p < 1. Absolute error below 1e-8.
double NormalQuantile(double p);
// Value at share p of a sorted list, linear between neighbours (the list must
// not be empty).
double SortedQuantile(const std::vector<double>& sorted, double p);

// Wilson's interval for a binomial share (Wilson 1927), trials >= 1.
Interval WilsonInterval(int64_t successes, int64_t trials, double confidence);

// mean +- z sqrt(sum q(1-q)/k) / N over the problems' shares c/k, cut to
// [0, 1], with q = (c + 1/2) / (k + 1), the mean under Jeffreys' prior (Brown,
// Cai and DasGupta 2001): never without width, even if samples agree. Where
// some problem has one sample only, its noise cannot be told from the problems'
// differences: the Wilson interval over the problems, which is wider, takes its
// place; so does Wilson's over all samples when all are right or all wrong. At
// least one problem.
Interval ExamInterval(const std::vector<RightOf>& problems,
                      const IntervalOptions& options);

// From 100 problems on mean +- z sd / sqrt(N) over the problems' shares
// (clusters); below that Wilson's interval for one sample per problem and a
// two-level bootstrap (problems, then samples) for more; Wilson's over the
// problems when all samples are right or all wrong. At least one problem.
Interval PopulationInterval(const std::vector<RightOf>& problems,
                            const IntervalOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_INTERVALS_H_
