// Lengths of runs and learning rates, against values worked out by hand.
#include "distill/schedule.h"

#include <cmath>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

LearningRate Rate(LearningRate::Schedule schedule, double warmup) {
  LearningRate rate;
  rate.set_peak(2.0);
  rate.set_final_ratio(0.1);
  rate.set_warmup_ratio(warmup);
  rate.set_schedule(schedule);
  return rate;
}

TEST(Schedule, WarmUpRisesLinearlyToPeak) {
  const LearningRate rate = Rate(LearningRate::SCHEDULE_COSINE, 0.4);
  EXPECT_DOUBLE_EQ(LearningRateAt(rate, 0, 10), 0.5);
  EXPECT_DOUBLE_EQ(LearningRateAt(rate, 1, 10), 1.0);
  EXPECT_DOUBLE_EQ(LearningRateAt(rate, 3, 10), 2.0);
}

TEST(Schedule, CosineFallsToFinalRatio) {
  const LearningRate rate = Rate(LearningRate::SCHEDULE_COSINE, 0.4);
  // Six steps after four of warm-up: half way after the third of them.
  EXPECT_NEAR(LearningRateAt(rate, 6, 10), 2.0 * (0.1 + 0.9 * 0.5), 1e-12);
  EXPECT_NEAR(LearningRateAt(rate, 4, 10),
              2.0 * (0.1 + 0.9 * 0.5 * (1.0 + std::sqrt(3.0) / 2.0)), 1e-12);
  EXPECT_NEAR(LearningRateAt(rate, 9, 10), 0.2, 1e-12);
}

TEST(Schedule, LinearFallsToFinalRatio) {
  const LearningRate rate = Rate(LearningRate::SCHEDULE_LINEAR, 0.0);
  EXPECT_NEAR(LearningRateAt(rate, 0, 4), 2.0 * (1.0 - 0.9 * 0.25), 1e-12);
  EXPECT_NEAR(LearningRateAt(rate, 3, 4), 0.2, 1e-12);
}

TEST(Schedule, ConstantStaysAtPeak) {
  const LearningRate rate = Rate(LearningRate::SCHEDULE_CONSTANT, 0.1);
  for (int64_t step = 1; step < 20; ++step) {
    EXPECT_DOUBLE_EQ(LearningRateAt(rate, step, 10), 2.0);
  }
}

TEST(Schedule, BeyondTheEndTheFinalRateStays) {
  const LearningRate rate = Rate(LearningRate::SCHEDULE_COSINE, 0.1);
  EXPECT_NEAR(LearningRateAt(rate, 500, 10), 0.2, 1e-12);
}

TEST(Schedule, WarmUpOverTheWholeRunEndsAtPeak) {
  const LearningRate rate = Rate(LearningRate::SCHEDULE_LINEAR, 1.0);
  EXPECT_DOUBLE_EQ(LearningRateAt(rate, 3, 4), 2.0);
  EXPECT_DOUBLE_EQ(LearningRateAt(rate, 4, 4), 2.0);
}

TEST(RunLength, EpochsCountBins) {
  TrainOptions options;
  options.set_epochs(1.5);
  options.set_bins_per_step(8);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RunLength length,
                               PlanRunLength(options, {13, 13000, 500}));
  EXPECT_EQ(length.total_bins, 20);  // 19.5 rounded
  EXPECT_EQ(length.max_tokens, 0);
  EXPECT_EQ(length.total_steps, 3);
}

TEST(RunLength, TokenBudgetGivesExpectedSteps) {
  TrainOptions options;
  options.set_max_tokens(10000);
  options.set_bins_per_step(4);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RunLength length,
                               PlanRunLength(options, {10, 9000, 500}));
  EXPECT_EQ(length.total_bins, 0);
  EXPECT_EQ(length.max_tokens, 10000);
  EXPECT_EQ(length.total_steps, 3);  // 11.1 bins of 900 tokens, 4 a step
}

TEST(RunLength, DataWithoutLossIsRefused) {
  TrainOptions options;
  options.set_epochs(1.0);
  options.set_bins_per_step(4);
  EXPECT_THAT(PlanRunLength(options, {10, 9000, 0}),
              IsError(absl::StatusCode::kInvalidArgument,
                      "10 bins and 0 tokens with loss"));
}

}  // namespace
}  // namespace limbeck
