// float32 with the GPU's own exp2, log2 and reciprocal: a scalar for the
// formulas of row_math.h, which find these functions by its type.
//
// Relative errors (tests/kernels/cuda): ExpExcess and Log1p 3e-7,
// ExpM1Negative 5e-7, KlTerm 1e-6 of the larger of itself and p |d| / 10.
#ifndef LIMBECK_KERNELS_CUDA_FAST_FLOAT_H_
#define LIMBECK_KERNELS_CUDA_FAST_FLOAT_H_

#include <cmath>
#include <type_traits>

#include "kernels/cuda/architecture.h"

namespace limbeck::kernels::cuda {

inline constexpr float kLog2E = 1.44269504088896341f;
inline constexpr float kLn2 = 0.693147180559945309f;

struct FastFloat {
  float value;

  FastFloat() = default;
  template <typename Number>
  requires std::is_arithmetic_v<Number>
  constexpr explicit FastFloat(Number number)
      : value(static_cast<float>(number)) {}
};

LIMBECK_DEVICE_CODE FastFloat operator+(FastFloat a, FastFloat b) {
  return FastFloat(a.value + b.value);
}
LIMBECK_DEVICE_CODE FastFloat operator-(FastFloat a, FastFloat b) {
  return FastFloat(a.value - b.value);
}
LIMBECK_DEVICE_CODE FastFloat operator-(FastFloat a) {
  return FastFloat(-a.value);
}
LIMBECK_DEVICE_CODE FastFloat operator*(FastFloat a, FastFloat b) {
  return FastFloat(a.value * b.value);
}
LIMBECK_DEVICE_CODE FastFloat operator/(FastFloat a, FastFloat b) {
  return FastFloat(a.value * ReciprocalApprox(b.value));
}
LIMBECK_DEVICE_CODE bool operator<(FastFloat a, FastFloat b) {
  return a.value < b.value;
}
LIMBECK_DEVICE_CODE bool operator>(FastFloat a, FastFloat b) {
  return a.value > b.value;
}

LIMBECK_DEVICE_CODE FastFloat Exp(FastFloat x) {
  return FastFloat(Exp2Approx(x.value * kLog2E));
}

LIMBECK_DEVICE_CODE FastFloat Log(FastFloat x) {
  return FastFloat(Log2Approx(x.value) * kLn2);
}

// exp(x) - 1 - x for |x| <= 0.5. Minimax fit, 6e-8.
LIMBECK_DEVICE_CODE FastFloat ExpExcess(FastFloat excess) {
  const float x = excess.value;
  float series = 1.98756255e-4f;
  series = fmaf(series, x, 1.3981997e-3f);
  series = fmaf(series, x, 8.333452e-3f);
  series = fmaf(series, x, 4.1665795e-2f);
  series = fmaf(series, x, 1.6666665e-1f);
  series = fmaf(series, x, 0.5f);
  return FastFloat(x * x * series);
}

// log(1 + x) for x in [-1, 0]. Minimax fit of log(1 + x) / x near 0, 5e-9.
LIMBECK_DEVICE_CODE FastFloat Log1p(FastFloat argument) {
  const float x = argument.value;
  float series = 0.33377627f;
  series = fmaf(series, x, -0.089619905f);
  series = fmaf(series, x, 0.21422452f);
  series = fmaf(series, x, -0.24869381f);
  series = fmaf(series, x, 0.33338955f);
  series = fmaf(series, x, -0.4999991f);
  const float near = fmaf(series * x, x, x);
  const float far = kLn2 * Log2Approx(fmaxf(1.0f + x, 1e-37f));
  return FastFloat(x >= -0.25f ? near : far);
}

// exp(x) - 1 for x <= 0.
LIMBECK_DEVICE_CODE FastFloat ExpM1Negative(FastFloat x) {
  const float near = x.value + ExpExcess(x).value;
  const float far = Exp2Approx(x.value * kLog2E) - 1.0f;
  return FastFloat(x.value >= -0.5f ? near : far);
}

// As the template of row_math.h. Not negative either: near 0 it is a square,
// and far from it no rounding reaches p / 10.
LIMBECK_DEVICE_CODE FastFloat KlTerm(FastFloat p, FastFloat q, FastFloat d) {
  const float near = p.value * ExpExcess(-d).value;
  const float far = fmaf(p.value, d.value, q.value - p.value);
  return FastFloat(fabsf(d.value) <= 0.5f ? near : far);
}

// As the template of row_math.h, from
// mix p (d - r) - rest q r = mix p d - (mix p + rest q) r, r = log(m / q).
// Where P and Q are equal to the last digits it may be below 0 by as much.
LIMBECK_DEVICE_CODE FastFloat JsdTerm(FastFloat p, FastFloat q, FastFloat d,
                                      FastFloat log_ratio, FastFloat mix) {
  const float share = mix.value * p.value;
  const float m = fmaf(1.0f - mix.value, q.value, share);
  return FastFloat(fmaf(share, d.value, -(m * log_ratio.value)));
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_FAST_FLOAT_H_
