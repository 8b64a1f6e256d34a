// Errors with the approximate instructions at their worst.
#include "kernels/cuda/fast_float.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/cuda/columns.h"
#include "kernels/cuda/head_selection.h"
#include "kernels/row_math.h"

namespace limbeck::kernels::cuda {
namespace {

double RelativeTo(double ours, double exact) {
  return std::abs(ours - exact) / std::abs(exact);
}

TEST(FastFloat, StatedErrorsHold) {
  double excess = 0.0;
  double log1p = 0.0;
  double expm1 = 0.0;
  for (int i = 1; i <= 100000; ++i) {
    const float x = static_cast<float>(i) * 1e-5f;  // (0, 1]
    const double half = 0.5 * static_cast<double>(x);
    for (const double signed_half : {half, -half}) {
      const float argument = static_cast<float>(signed_half);
      const double exact =
          kernels::KlTerm(1.0, std::exp(static_cast<double>(argument)),
                          -static_cast<double>(argument));
      excess = std::max(
          excess, RelativeTo(ExpExcess(FastFloat(argument)).value, exact));
    }
    if (x < 1.0f) {
      log1p = std::max(log1p, RelativeTo(Log1p(FastFloat(-x)).value,
                                         std::log1p(-static_cast<double>(x))));
    }
    const float large = 30.0f * x;
    expm1 =
        std::max(expm1, RelativeTo(ExpM1Negative(FastFloat(-large)).value,
                                   std::expm1(-static_cast<double>(large))));
  }
  EXPECT_LE(excess, 3e-7);
  EXPECT_LE(log1p, 8e-7);
  EXPECT_LE(expm1, 8e-7);
}

// The formulas in float against themselves in double.
template <Divergence kind>
void ExpectPairs(double tolerance) {
  for (int i = -2000; i <= 2000; ++i) {
    const double d = static_cast<double>(static_cast<float>(i) * 0.01f);
    const double q = 1e-3;
    const double p = q * std::exp(d);
    const PairTerm<double> exact = Pair<kind>(p, q, d, 0.3);
    const PairTerm<FastFloat> ours =
        Pair<kind>(FastFloat(p), FastFloat(q), FastFloat(d), FastFloat(0.3));
    const double scale = p + q + std::abs(exact.loss);
    EXPECT_NEAR(ours.loss.value, exact.loss, tolerance * scale) << d;
    // p e^-d of a mixture is known to the last digits of p only.
    EXPECT_NEAR(ours.weight.value, exact.weight,
                tolerance * (std::abs(exact.weight) + p + q))
        << d;
    EXPECT_GE(ours.loss.value, -1e-7f * static_cast<float>(q));
  }
}

TEST(FastFloat, PairsAgreeWithDouble) {
  ExpectPairs<Divergence::kForwardKl>(2e-6);
  ExpectPairs<Divergence::kReverseKl>(2e-6);
  ExpectPairs<Divergence::kJsd>(2e-6);
  ExpectPairs<Divergence::kSkewForwardKl>(2e-6);
  ExpectPairs<Divergence::kSkewReverseKl>(2e-6);
  ExpectPairs<Divergence::kTotalVariation>(2e-6);
  ExpectPairs<Divergence::kSymmetricKl>(2e-6);
}

TEST(FastFloat, Bfloat16RoundsToNearestEven) {
  EXPECT_EQ(PackBfloat16(1.0f, -2.0f), 0xC0003F80u);
  EXPECT_EQ(PackBfloat16(FloatOf(0x3F808000u), 0.0f), 0x3F80u);  // tie, even
  EXPECT_EQ(PackBfloat16(FloatOf(0x3F818000u), 0.0f), 0x3F82u);  // tie, odd
  EXPECT_EQ(PackBfloat16(FloatOf(0x3F808001u), 0.0f), 0x3F81u);
  EXPECT_EQ(PackBfloat16(-kInfinity, kInfinity), 0x7F80FF80u);
}

TEST(HeadSelection, KeysAreInTheOrderOfFloats) {
  const float values[] = {-kInfinity, -3e38f, -1.5f, -1e-40f, -0.0f,    0.0f,
                          1e-40f,     1.0f,   1e4f,  3e38f,   kInfinity};
  for (size_t i = 0; i + 1 < std::size(values); ++i) {
    EXPECT_LT(KeyOf(values[i]), KeyOf(values[i + 1]));
  }
}

}  // namespace
}  // namespace limbeck::kernels::cuda
