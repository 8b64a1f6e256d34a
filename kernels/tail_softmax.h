// A row's softmax with a few columns set apart, the shape of cross entropy and
// of every top-k loss: the columns set apart are handled one by one in double,
// the rest by sweeps, so that no 1 - sum ever cancels.
#ifndef LIMBECK_KERNELS_TAIL_SOFTMAX_H_
#define LIMBECK_KERNELS_TAIL_SOFTMAX_H_

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/row_math.h"
#include "kernels/row_sweeps.h"

namespace limbeck::kernels {

// RowStats of the columns not set apart, which the caller has overwritten with
// -inf; fills exponential[0, n) with exp((x - stats.max) / temperature).
template <typename Real>
SoftmaxStats TailStats(const Real* x, int64_t n, double inverse_temperature,
                       Real* exponential) {
  const Real max = RowMax(x, n);
  if (max == -std::numeric_limits<Real>::infinity()) {
    bool has_nan = false;
    for (int64_t i = 0; i < n; ++i) {
      has_nan |= std::isnan(x[i]);
      exponential[i] = Real{0};
    }
    return has_nan ? SoftmaxStats{0.0, NAN} : SoftmaxStats{};
  }
  const double sum =
      RowExp(x, n, max, static_cast<Real>(inverse_temperature), exponential);
  return {static_cast<double>(max), sum};
}

// Softmax of the whole row: tail merged with the columns set apart.
struct MergedSoftmax {
  SoftmaxStats all;
  double inverse_temperature = 1.0;
  double log_sum = 0.0;  // log(all.sum)

  double LogProb(double logit) const {
    return FloorLog((logit - all.max) * inverse_temperature - log_sum);
  }
  double Prob(double logit) const {
    return std::exp((logit - all.max) * inverse_temperature) / all.sum;
  }
  double LogSumExp() const { return all.max * inverse_temperature + log_sum; }
  // Log of a part's share of the whole, and the share.
  double LogShare(const SoftmaxStats& part) const {
    if (part.sum == 0.0) return kLogFloor;
    return FloorLog((part.max - all.max) * inverse_temperature +
                    std::log(part.sum) - log_sum);
  }
  double Share(const SoftmaxStats& part) const {
    if (part.sum == 0.0) return 0.0;
    return std::exp((part.max - all.max) * inverse_temperature) * part.sum /
           all.sum;
  }
};

inline MergedSoftmax Finish(const SoftmaxStats& all,
                            double inverse_temperature) {
  return {all, inverse_temperature, std::log(all.sum)};
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_TAIL_SOFTMAX_H_
