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
  uint64_t seed = 0;  // of figures that are drawn (cons@k); the intervals: none
};

// Standard normal quantile, 0 < p < 1. Absolute error below 1e-8.
double NormalQuantile(double p);
// Value at share p of a sorted list, linear between neighbours (the list must
// not be empty).
double SortedQuantile(const std::vector<double>& sorted, double p);

// Wilson's interval for a binomial share (Wilson 1927), trials >= 1.
Interval WilsonInterval(int64_t successes, int64_t trials, double confidence);

// Both intervals are Wilson's at the mean m of the problems' shares s = c/k,
// with the number of independent samples that would give the mean the same
// variance: m(1-m) / n = V. Wilson's intervals at one m are nested in n, and
// the second n is never the larger one.
//
// V of "this exam" is sum s(1-s)/(k-1) / N^2, the unbiased estimate of the
// sampling noise (m(1-m) for s(1-s)/(k-1) where a problem has one sample).
// V of "such exams" is that between the shares: their variance / N.
//
// Few right (or few wrong) samples tell neither: each V is drawn towards its
// largest value, all samples from one chance for the first and all samples of a
// problem alike for the second, with the weight of kPriorMass in units of
// N m(1-m). All right or all wrong: Wilson's over samples and over problems.
// One more right sample never lowers an upper end, one less never raises a
// lower end. At least one problem.
inline constexpr double kPriorMass = 2;
Interval ExamInterval(const std::vector<RightOf>& problems,
                      const IntervalOptions& options);
Interval PopulationInterval(const std::vector<RightOf>& problems,
                            const IntervalOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_INTERVALS_H_
