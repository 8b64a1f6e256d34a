// Tests of significance against full enumeration and known values.
#include "eval/paired_test.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "data/base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;

// Integer differences, all sign patterns, no rounding.
double EnumeratedPValue(const std::vector<int>& differences) {
  int observed = 0;
  for (int d : differences) observed += d;
  int extreme = 0;
  const int patterns = 1 << differences.size();
  for (int pattern = 0; pattern < patterns; ++pattern) {
    int sum = 0;
    for (size_t i = 0; i < differences.size(); ++i) {
      sum += (pattern >> i & 1) != 0 ? differences[i] : -differences[i];
    }
    extreme += std::abs(sum) >= std::abs(observed) ? 1 : 0;
  }
  return static_cast<double>(extreme) / patterns;
}

TEST(SignFlipPValue, EqualsEnumeration) {
  const std::vector<std::vector<int>> cases = {{1},
                                               {1, 1, 1, 1, 1},
                                               {1, -1},
                                               {3, 1, -2, 5, 4},
                                               {1, 1, 1, -1, -1},
                                               {0, 0, 2, 2},
                                               {7, -3, 2, 2, -8, 1, 1, 6}};
  for (const std::vector<int>& integers : cases) {
    std::vector<double> eighths;
    for (int d : integers) eighths.push_back(d / 8.0);
    EXPECT_EQ(SignFlipPValue(eighths, 10000, 1), EnumeratedPValue(integers));
    std::vector<double> thirds;  // rounding must not split equal sums
    for (int d : integers) thirds.push_back(d / 3.0);
    EXPECT_EQ(SignFlipPValue(thirds, 10000, 1), EnumeratedPValue(integers));
  }
  EXPECT_EQ(SignFlipPValue({0, 0, 0}, 100, 1), 1.0);
  EXPECT_EQ(SignFlipPValue({}, 100, 1), 1.0);
}

TEST(SignFlipPValue, RandomFlipsComeCloseToEnumeration) {
  std::vector<int> integers;
  std::vector<double> doubles;
  for (int i = 0; i < 18; ++i) {
    integers.push_back(i % 3 == 0 ? -1 : 1 + i % 2);
    doubles.push_back(integers.back());
  }
  const double exact = EnumeratedPValue(integers);
  const double estimate = SignFlipPValue(doubles, 10000, 3);
  EXPECT_NEAR(estimate, exact, 4 * std::sqrt(exact * (1 - exact) / 10000));
  EXPECT_EQ(estimate, SignFlipPValue(doubles, 10000, 3));
  EXPECT_NE(estimate, SignFlipPValue(doubles, 10000, 4));
}

TEST(SignFlipPValue, IsNeverZero) {
  const std::vector<double> all_better(50, 1.0);
  EXPECT_EQ(SignFlipPValue(all_better, 999, 1), 1.0 / 1000);
}

TEST(McNemarPValue, IsTheTwoSidedBinomial) {
  EXPECT_NEAR(McNemarPValue(0, 5), 2.0 / 32, 1e-12);
  EXPECT_NEAR(McNemarPValue(5, 0), 2.0 / 32, 1e-12);
  EXPECT_NEAR(McNemarPValue(1, 9), 2.0 * (1 + 10) / 1024, 1e-12);
  EXPECT_NEAR(McNemarPValue(2, 8), 2.0 * (1 + 10 + 45) / 1024, 1e-12);
  EXPECT_EQ(McNemarPValue(4, 4), 1.0);
  EXPECT_EQ(McNemarPValue(0, 0), 1.0);
  EXPECT_NEAR(McNemarPValue(400, 600), 2.7e-10, 1e-11);
}

// Holm's own procedure, stated the other way round: a hypothesis is rejected at
// level L exactly when its adjusted p-value is at most L.
TEST(HolmAdjusted, AgreesWithTheStepDownProcedure) {
  const std::vector<double> p_values = {0.01, 0.04, 0.03, 0.005};
  EXPECT_THAT(
      HolmAdjusted(p_values),
      ElementsAre(::testing::DoubleEq(0.03), ::testing::DoubleEq(0.06),
                  ::testing::DoubleEq(0.06), ::testing::DoubleEq(0.02)));
  EXPECT_THAT(HolmAdjusted({}), ElementsAre());
  EXPECT_THAT(HolmAdjusted({0.4}), ElementsAre(0.4));
  EXPECT_THAT(HolmAdjusted({0.9, 0.8}), ElementsAre(1.0, 1.0));
}

TEST(ComparePaired, CountsAndMeans) {
  const std::vector<RightOfBoth> problems = {
      {{4, 8}, {2, 8}}, {{1, 2}, {4, 8}}, {{0, 8}, {8, 8}}, {{3, 8}, {3, 8}}};
  const PairedResult result = ComparePaired(problems, {});
  EXPECT_EQ(result.wins, 1);
  EXPECT_EQ(result.losses, 1);
  EXPECT_EQ(result.ties, 2);
  EXPECT_NEAR(result.mean_a, (0.5 + 0.5 + 0 + 0.375) / 4, 1e-15);
  EXPECT_NEAR(result.mean_b, (0.25 + 0.5 + 1 + 0.375) / 4, 1e-15);
  EXPECT_NEAR(result.difference, result.mean_a - result.mean_b, 1e-15);
  EXPECT_FALSE(result.mcnemar_p_value.has_value());
  EXPECT_EQ(result.p_value, 1.0);  // 0.25 against -1: every flip as extreme
}

TEST(ComparePaired, SwappingTheModelsMirrorsEverything) {
  std::vector<RightOfBoth> problems, swapped;
  for (uint64_t i = 0; i < 40; ++i) {
    const uint64_t key = RandomKey(1, RandomPurpose::kTest);
    const RightOf a{static_cast<int64_t>(RandomBelow(9, key, 2 * i)), 8};
    const RightOf b{static_cast<int64_t>(RandomBelow(9, key, 2 * i + 1)), 8};
    problems.push_back({a, b});
    swapped.push_back({b, a});
  }
  const PairedResult one = ComparePaired(problems, {});
  const PairedResult two = ComparePaired(swapped, {});
  EXPECT_NEAR(one.difference, -two.difference, 1e-15);
  EXPECT_NEAR(one.difference_interval.low, -two.difference_interval.high,
              1e-12);
  EXPECT_EQ(one.p_value, two.p_value);
  EXPECT_EQ(one.wins, two.losses);
}

TEST(ComparePaired, OneSampleEachHasMcNemar) {
  std::vector<RightOfBoth> problems(10, {{1, 1}, {1, 1}});
  problems[0].b.correct = 0;
  problems[1].b.correct = 0;
  const PairedResult result = ComparePaired(problems, {});
  EXPECT_NEAR(*result.mcnemar_p_value, 0.5, 1e-12);
}

TEST(ComparePaired, SmallestDetectableDifference) {
  // Half of the differences are 1, half are 0: sd^2 = 0.25 * 40 / 39.
  std::vector<RightOfBoth> problems(40, {{1, 1}, {0, 1}});
  for (int i = 0; i < 20; ++i) problems[i].b.correct = 1;
  const double error = std::sqrt(0.25 * 40 / 39 / 40);
  EXPECT_NEAR(*ComparePaired(problems, {}).smallest_detectable_difference,
              (1.959963984540054 + 0.8416212335729143) * error, 1e-9);
  const std::vector<RightOfBoth> same(5, {{1, 1}, {0, 1}});
  EXPECT_FALSE(
      ComparePaired(same, {}).smallest_detectable_difference.has_value());
}

TEST(BootstrapMeanInterval, HasTheWidthOfTheNormalLimit) {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(i % 4 == 0 ? 1.0 : 0.0);
  const Interval interval = BootstrapMeanInterval(values, {});
  const double reach = 1.96 * std::sqrt(0.25 * 0.75 / 100);
  EXPECT_NEAR(interval.low, 0.25 - reach, 0.015);
  EXPECT_NEAR(interval.high, 0.25 + reach, 0.015);
}

}  // namespace
}  // namespace limbeck
