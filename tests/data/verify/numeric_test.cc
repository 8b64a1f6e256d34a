// Numbers with units, and tolerances.
#include "data/verify/numeric.h"

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

TEST(ParseQuantity, Numbers) {
  struct Case {
    std::string text;
    double value;
    std::string unit;
  };
  const std::vector<Case> cases = {
      {"12", 12, ""},
      {"-12.5", -12.5, ""},
      {"+.5", 0.5, ""},
      {"5.", 5, ""},
      {"1,234.5", 1234.5, ""},
      {"1{,}234", 1234, ""},
      {"1e3", 1000, ""},
      {"1.5E-2", 0.015, ""},
      {"1.5 \\times 10^{3}", 1500, ""},
      {"2 \\cdot 10^-3", 0.002, ""},
      {"3/4", 0.75, ""},
      {"\\dfrac{3}{4}", 0.75, ""},
      {"-\\frac{3}{4}", -0.75, ""},
      {"$9.81$", 9.81, ""},
      {"9.81 m/s^2", 9.81, "m/s^2"},
      {"9.81 \\text{ m/s}^2", 9.81, "m/s^2"},
      {"5 \\mathrm{cm}", 5, "cm"},
      {"50\\%", 50, "%"},
      {"50 %", 50, "%"},
      {"36^\\circ", 36, "\xC2\xB0"},
      {"\xE2\x88\x92"
       "3",
       -3, ""},
  };
  for (const Case& c : cases) {
    const auto found = ParseQuantity(c.text);
    ASSERT_TRUE(found) << c.text;
    EXPECT_DOUBLE_EQ(found->value, c.value) << c.text;
    EXPECT_EQ(found->unit, c.unit) << c.text;
  }
}

TEST(ParseQuantity, WhatIsNoQuantity) {
  for (const std::string text :
       {"",      "-",     ".",   "e3",           "abc",     "5-7",   "3,4",
        "12,34", "1.2.3", "1/0", "\\frac{1}{0}", "1e99999", "9e999", "5=5",
        "x 5",   "5!",    "2^3", "nan",          "inf",     "--5"}) {
    EXPECT_FALSE(ParseQuantity(text)) << text;
  }
  EXPECT_FALSE(ParseQuantity(std::string(1000, '1')));
}

TEST(WithinTolerance, LargerOfTheTwoBounds) {
  AnswerOptions options;
  EXPECT_TRUE(WithinTolerance(1.5, 1.5, options));
  EXPECT_FALSE(WithinTolerance(1.5, 1.5000000000000002, options));
  options.set_absolute_tolerance(0.1);
  EXPECT_TRUE(WithinTolerance(1.0, 1.1, options));
  EXPECT_TRUE(WithinTolerance(1.0, 0.9, options));
  EXPECT_FALSE(WithinTolerance(1.0, 1.1001, options));
  options.set_relative_tolerance(0.01);
  EXPECT_TRUE(WithinTolerance(-1000, -1010, options));
  EXPECT_FALSE(WithinTolerance(-1000, -1010.1, options));
  EXPECT_FALSE(WithinTolerance(0, 0.11, options));
}

TEST(CheckTolerances, FiniteAndNotNegative) {
  AnswerOptions options;
  LIMBECK_EXPECT_OK(CheckTolerances(options));
  for (double bad : {-1e-9, std::numeric_limits<double>::infinity(),
                     std::numeric_limits<double>::quiet_NaN()}) {
    options.set_relative_tolerance(bad);
    EXPECT_THAT(CheckTolerances(options),
                IsError(absl::StatusCode::kInvalidArgument, "a tolerance is"));
  }
}

TEST(ParseQuantity, DamagedTextNeverCrashes) {
  ForEachMutation("-\\frac{1,234.5}{2} \\times 10^{-3} \\text{ m}", 5000, 3,
                  [](const std::string& text) { ParseQuantity(text); });
}

}  // namespace
}  // namespace limbeck
