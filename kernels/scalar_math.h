// exp, log and friends as plain arithmetic that a compiler can vectorise in
// float32; float64 uses the C library. For host and device.
//
// Measured errors in float32 (tests/kernels/scalar_math_test.cc): Exp, Log and
// ExpM1Negative 1 ulp, Log1p 2 ulp, ExpExcess 3 ulp.
#ifndef LIMBECK_KERNELS_SCALAR_MATH_H_
#define LIMBECK_KERNELS_SCALAR_MATH_H_

#include <cmath>
#include <cstdint>

#include "data/base/random.h"

namespace limbeck::kernels {

// Below this exp(x) counts as 0.
inline constexpr float kLowestExp = -87.3f;

// exp(x) = scale * (1 + excess), scale a power of two, |excess| < 0.42.
struct ExpParts {
  float scale;
  float excess;
};

// For kLowestExp <= x <= 88. Coefficients: Cephes expf (Moshier).
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline ExpParts SplitExp(float x) {
  constexpr float kLog2E = 1.44269504088896341f;
  constexpr float kLn2High = 0.693359375f;
  constexpr float kLn2Low = -2.12194440e-4f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds
  const float shifted = x * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  const float r2 = r * r;
  const float high = 1.9875691500e-4f * r + 1.3981999507e-3f;
  const float middle = 8.3334519073e-3f * r + 4.1665795894e-2f;
  const float low = 1.6666665459e-1f * r + 5.0000001201e-1f;
  const float y = (high * r2 + middle) * r2 + low;
  const int32_t exponent = __builtin_bit_cast(int32_t, shifted) -
                           __builtin_bit_cast(int32_t, kRound);
  return {__builtin_bit_cast(float, (exponent + 127) << 23), y * r2 + r};
}

// exp(x) for x <= 88; 0 below kLowestExp.
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline float Exp(float x) {
  constexpr float kLowest = kLowestExp;
  const ExpParts parts = SplitExp(x < kLowest ? kLowest : x);
  return x < kLowest ? 0.0f : (parts.excess + 1.0f) * parts.scale;
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
  const int32_t bits = __builtin_bit_cast(int32_t, bounded);
  const int32_t n = (bits - kSqrtHalf) >> 23;
  const float m = __builtin_bit_cast(float, bits - (n << 23)) - 1.0f;
  const float e = static_cast<float>(n);
  const float z = m * m;
  const float high = (7.0376836292e-2f * m - 1.1514610310e-1f) * z +
                     (1.1676998740e-1f * m - 1.2420140846e-1f);
  const float middle = (1.4249322787e-1f * m - 1.6668057665e-1f) * z +
                       (2.0000714765e-1f * m - 2.4999993993e-1f);
  const float series = (high * (z * z) + middle) * m + 3.3333331174e-1f;
  const float y = series * (m * z) + e * kLn2Low - 0.5f * z;
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
// In float32 x^2 times a minimax polynomial (Remez), relative error 4.3e-9.
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline float ExpExcess(float x) {
  // Pairs of terms first (Estrin): a shorter chain than Horner's.
  const float x2 = x * x;
  const float low = (1.66666670101e-1f + 4.16667345375e-2f * x) +
                    (8.33331027559e-3f + 1.38854520783e-3f * x) * x2;
  const float high =
      (1.98440236296e-4f + 2.53548231353e-5f * x) + 2.77228300475e-6f * x2;
  return x2 * (4.99999997927e-1f + (low + high * (x2 * x2)) * x);
}

[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline double ExpExcess(double x) {
  constexpr int kLastTerm = 22;  // 1/23!
  double series = 1.0;
#pragma GCC unroll 32
  for (int term = kLastTerm; term > 2; --term) {
    series = 1.0 + x * (1.0 / term) * series;
  }
  return 0.5 * (x * x) * series;
}

// exp(x) - 1 for x <= 0: that of the remainder, scaled, so that nothing
// cancels near 0.
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline float ExpM1Negative(float x) {
  constexpr float kLowest = kLowestExp;
  const ExpParts parts = SplitExp(x < kLowest ? kLowest : x);
  return parts.scale * parts.excess + (parts.scale - 1.0f);
}

[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline double ExpM1Negative(
    double x) {
  const double near = x + ExpExcess(x < -1.0 ? -1.0 : x);
  const double far = Exp(x) - 1.0;
  return x >= -1.0 ? near : far;
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_SCALAR_MATH_H_
