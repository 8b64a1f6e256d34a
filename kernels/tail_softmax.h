// A row's softmax with a few columns set apart, the shape of cross entropy and
// of every top-k loss: the columns set apart are handled one by one in double,
// the rest by sweeps, so that no 1 - sum ever cancels.
#ifndef LIMBECK_KERNELS_TAIL_SOFTMAX_H_
#define LIMBECK_KERNELS_TAIL_SOFTMAX_H_

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/merged_softmax.h"
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

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_TAIL_SOFTMAX_H_
