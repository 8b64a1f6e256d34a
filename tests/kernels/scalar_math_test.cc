// The stated errors of the polynomial functions, over their whole domains.
#include "kernels/scalar_math.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace limbeck::kernels {
namespace {

double UlpsApart(float ours, double exact) {
  const float rounded = std::abs(static_cast<float>(exact));
  const float next =
      std::nextafter(rounded, std::numeric_limits<float>::infinity());
  return std::abs(static_cast<double>(ours) - exact) /
         (static_cast<double>(next) - static_cast<double>(rounded));
}

double WorstUlps(float from, float to, int steps,
                 const std::function<float(float)>& ours,
                 const std::function<double(double)>& exact) {
  double worst = 0.0;
  for (int i = 0; i <= steps; ++i) {
    const float x = from + (to - from) * (static_cast<float>(i) /
                                          static_cast<float>(steps));
    worst = std::max(worst, UlpsApart(ours(x), exact(static_cast<double>(x))));
  }
  return worst;
}

TEST(ScalarMath, ExpWithinOneUlp) {
  EXPECT_LE(WorstUlps(
                -87.0f, 80.0f, 400000, [](float x) { return Exp(x); },
                [](double x) { return std::exp(x); }),
            1.0);
  EXPECT_EQ(Exp(0.0f), 1.0f);
}

TEST(ScalarMath, ExpUnderflowsToZeroAndKeepsNan) {
  EXPECT_EQ(Exp(-88.0f), 0.0f);
  EXPECT_EQ(Exp(-1e30f), 0.0f);
  EXPECT_EQ(Exp(-std::numeric_limits<float>::infinity()), 0.0f);
  EXPECT_TRUE(std::isnan(Exp(std::numeric_limits<float>::quiet_NaN())));
}

TEST(ScalarMath, LogWithinOneUlp) {
  const auto ours = [](float x) { return Log(x); };
  const auto exact = [](double x) { return std::log(x); };
  EXPECT_LE(WorstUlps(1e-30f, 1e-3f, 100000, ours, exact), 1.0);
  EXPECT_LE(WorstUlps(1e-3f, 3.0f, 400000, ours, exact), 1.0);
  EXPECT_LE(WorstUlps(3.0f, 1e30f, 100000, ours, exact), 1.0);
  EXPECT_TRUE(std::isnan(Log(std::numeric_limits<float>::quiet_NaN())));
}

TEST(ScalarMath, Log1pWithinTwoUlpsOnBothSidesOfZero) {
  const auto ours = [](float x) { return Log1p(x); };
  const auto exact = [](double x) { return std::log1p(x); };
  EXPECT_LE(WorstUlps(-0.999f, 2.0f, 400000, ours, exact), 2.0);
  EXPECT_LE(WorstUlps(-1e-4f, 1e-4f, 400000, ours, exact), 2.0);
  EXPECT_TRUE(std::isfinite(Log1p(-1.0f)));
}

TEST(ScalarMath, ExpM1NegativeWithinOneUlpAndNeverBelowMinusOne) {
  const auto ours = [](float x) { return ExpM1Negative(x); };
  const auto exact = [](double x) { return std::expm1(x); };
  EXPECT_LE(WorstUlps(-90.0f, 0.0f, 400000, ours, exact), 1.0);
  EXPECT_LE(WorstUlps(-1.5f, 0.0f, 400000, ours, exact), 1.0);
  EXPECT_LE(WorstUlps(-1e-4f, 0.0f, 100000, ours, exact), 1.0);
  EXPECT_EQ(ExpM1Negative(-std::numeric_limits<float>::infinity()), -1.0f);
  EXPECT_TRUE(std::isnan(ExpM1Negative(NAN)));
}

TEST(ScalarMath, ExpExcessKeepsRelativePrecisionNearZero) {
  const auto exact = [](double x) {
    if (std::abs(x) > 0.1) return std::expm1(x) - x;
    double term = 0.5 * x * x;
    double sum = 0.0;
    for (int n = 3; n < 20; ++n) {
      sum += term;
      term *= x / n;
    }
    return sum;
  };
  const auto ours = [](float x) { return ExpExcess(x); };
  EXPECT_LE(WorstUlps(-1.0f, 1.0f, 400000, ours, exact), 3.0);
  EXPECT_LE(WorstUlps(-1e-3f, 1e-3f, 400000, ours, exact), 3.0);
  EXPECT_NEAR(ExpExcess(1.0), std::exp(1.0) - 2.0, 1e-15);
  EXPECT_NEAR(ExpExcess(-1.0), std::exp(-1.0), 1e-15);
}

}  // namespace
}  // namespace limbeck::kernels
