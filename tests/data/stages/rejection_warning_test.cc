// When a stage is worth a warning, and what it says.
#include "data/stages/rejection_warning.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "data/stages/filter.h"
#include "data/stages/split.h"
#include "data/stages/verify.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/stages/workbench.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

// 40 traces; those from `first_wrong` on answer one too much.
std::string WarningOfFilter(int first_wrong, const FilterOptions& options) {
  Workbench bench;
  std::vector<Trace> traces;
  for (int i = 0; i < 40; ++i) {
    traces.push_back(MakeTrace(MakeProblem(i), 0,
                               absl::StrCat(i < first_wrong ? i : i + 1)));
  }
  bench.WriteTraces("traces", traces, 2);
  LIMBECK_EXPECT_OK(
      bench.Run("verified", RunVerifyStage, VerifyOptions(), {"traces"}));
  LIMBECK_EXPECT_OK(
      bench.Run("filtered", RunFilterStage, options, {"verified"}));
  EXPECT_EQ(*RejectionWarning(bench.Open("verified")), "");
  const auto warning = RejectionWarning(bench.Open("filtered"));
  LIMBECK_EXPECT_OK(warning);
  return *warning;
}

TEST(RejectionWarning, FromMoreThanNineInTenOn) {
  EXPECT_EQ(WarningOfFilter(40, FilterOptions()), "");
  EXPECT_EQ(WarningOfFilter(4, FilterOptions()), "");
  EXPECT_THAT(WarningOfFilter(3, FilterOptions()),
              HasSubstr("kept only 3 of 40 traces: 37 wrong answer (the first "
                        "has "));
  EXPECT_THAT(WarningOfFilter(0, FilterOptions()),
              HasSubstr("kept none of 40 traces: 40 wrong answer"));
}

TEST(RejectionWarning, NamesReasonsWithTheirValues) {
  FilterOptions options;
  options.set_max_output_tokens(2);
  const std::string warning = WarningOfFilter(39, options);
  EXPECT_THAT(warning,
              HasSubstr("kept none of 40 traces: 39 too long (value "));
  EXPECT_THAT(warning, HasSubstr(", threshold 2; \"words\")"));
  EXPECT_THAT(warning, HasSubstr("1 wrong answer (value 40, threshold 39)"));
}

TEST(RejectionWarning, WhatASplitLeavesOutIsNoLoss) {
  Workbench bench;
  std::vector<Problem> problems;
  for (int i = 0; i < 100; ++i) problems.push_back(MakeProblem(i));
  bench.WriteProblems("problems", problems, 1);
  SplitOptions options;
  options.set_end(0.05);
  LIMBECK_ASSERT_OK(bench.Run("few", RunSplitStage, options, {"problems"}));
  const Counts counts = bench.Open("few").manifest().counts();
  ASSERT_GT(counts.out(), 0u);
  ASSERT_LT(counts.out(), 10u);
  EXPECT_EQ(*RejectionWarning(bench.Open("few")), "");
  options.set_end(1e-9);
  LIMBECK_ASSERT_OK(bench.Run("none", RunSplitStage, options, {"problems"}));
  EXPECT_THAT(*RejectionWarning(bench.Open("none")),
              HasSubstr("kept none of 100 problems: 100 outside split (values "
                        "0"));
}

}  // namespace
}  // namespace limbeck
