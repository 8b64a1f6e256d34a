// exp, log and friends as plain arithmetic that a compiler can vectorise in
// float32; float64 uses the C library. For host and device.
//
// Measured errors in float32 (tests/kernels/scalar_math_test.cc): Exp 2 ulp,
// Log 2 ulp, Log1p 3 ulp, ExpExcess 3 ulp.
#ifndef LIMBECK_KERNELS_SCALAR_MATH_H_
#define LIMBECK_KERNELS_SCALAR_MATH_H_

#include <bit>
#include <cmath>
#include <cstdint>

#include "data/base/random.h"

namespace limbeck::kernels {

// exp(x) for x <= 88; 0 below -87.3. Coefficients: Cephes expf (Moshier).
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline float Exp(float x) {
  constexpr float kLowest = -87.3f;
  constexpr float kLog2E = 1.44269504088896341f;
  constexpr float kLn2High = 0.693359375f;
  constexpr float kLn2Low = -2.12194440e-4f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds
  const float bounded = x < kLowest ? kLowest : x;
  const float shifted = bounded * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (bounded - n * kLn2High) - n * kLn2Low;
  float y = 1.9875691500e-4f;
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = (y * (r * r) + r) + 1.0f;
  const int32_t exponent =
      std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(kRound);
  const float scale = std::bit_cast<float>((exponent + 127) << 23);
  return x < kLowest ? 0.0f : y * scale;
}

[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline double Exp(double x) {
  return std::exp(x);
}

// log(x) for normal x > 0; smaller x counts as the smallest normal number.
// Coefficients: Cephes logf (Moshier). NaN stays NaN.
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline float Log(float x) {
  constexpr float kSmallest = 1.17549435e-38f;
  constexpr float kLn2High = 0.693359375f;
  constexpr float kLn2Low = -2.12194440e-4f;
  constexpr int32_t kSqrtHalf = 0x3f3504f3;
  const float bounded = x < kSmallest ? kSmallest : x;
  const int32_t bits = std::bit_cast<int32_t>(bounded);
  const int32_t n = (bits - kSqrtHalf) >> 23;
  const float m = std::bit_cast<float>(bits - (n << 23)) - 1.0f;
  const float e = static_cast<float>(n);
  const float z = m * m;
  float y = 7.0376836292e-2f;
  y = y * m - 1.1514610310e-1f;
  y = y * m + 1.1676998740e-1f;
  y = y * m - 1.2420140846e-1f;
  y = y * m + 1.4249322787e-1f;
  y = y * m - 1.6668057665e-1f;
  y = y * m + 2.0000714765e-1f;
  y = y * m - 2.4999993993e-1f;
  y = y * m + 3.3333331174e-1f;
  y = y * m * z + e * kLn2Low - 0.5f * z;
  return (m + y) + e * kLn2High + (x - x);
}

[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline double Log(double x) {
  return std::log(x < 2.2250738585072014e-308 ? 2.2250738585072014e-308 : x);
}

// log(1 + x) for x >= -1, exact near 0 (Goldberg's correction of 1 + x).
template <typename Real>
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline Real Log1p(Real x) {
  const Real tiny = static_cast<Real>(1e-37);
  const Real rounded = Real{1} + x;
  const Real u = rounded < tiny ? tiny : rounded;
  return Log(u) + (x - (u - Real{1})) / u;
}

// exp(x) - 1 - x for |x| <= 1, to full relative precision: never negative.
template <typename Real>
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline Real ExpExcess(Real x) {
  constexpr int kLastTerm = sizeof(Real) == 4 ? 12 : 22;  // 1/13!, 1/23!
  Real series = Real{1};
#pragma GCC unroll 32
  for (int term = kLastTerm; term > 2; --term) {
    series = Real{1} + x * (Real{1} / static_cast<Real>(term)) * series;
  }
  return Real{0.5} * (x * x) * series;
}

// exp(x) - 1 for x <= 0.
template <typename Real>
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline Real ExpM1Negative(Real x) {
  const Real near = x + ExpExcess(x < Real{-1} ? Real{-1} : x);
  const Real far = Exp(x) - Real{1};
  return x >= Real{-1} ? near : far;
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_SCALAR_MATH_H_
