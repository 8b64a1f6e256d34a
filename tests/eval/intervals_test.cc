// Intervals against closed forms computed here and against simulation.
#include "eval/intervals.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "data/base/random.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

constexpr double kZ95 = 1.959963984540054;

TEST(NormalQuantile, KnownValues) {
  EXPECT_NEAR(NormalQuantile(0.5), 0, 1e-12);
  EXPECT_NEAR(NormalQuantile(0.975), kZ95, 1e-9);
  EXPECT_NEAR(NormalQuantile(0.8), 0.8416212335729143, 1e-9);
  EXPECT_NEAR(NormalQuantile(0.025), -kZ95, 1e-9);
  EXPECT_NEAR(NormalQuantile(1e-6), -4.753424308822899, 1e-8);
}

TEST(SortedQuantile, IsLinearBetweenNeighbours) {
  const std::vector<double> sorted = {1, 2, 4};
  EXPECT_EQ(SortedQuantile(sorted, 0), 1);
  EXPECT_EQ(SortedQuantile(sorted, 0.5), 2);
  EXPECT_EQ(SortedQuantile(sorted, 0.75), 3);
  EXPECT_EQ(SortedQuantile(sorted, 1), 4);
}

// Wilson's interval holds exactly the shares p that a two-sided score test of
// the observed share does not reject.
TEST(WilsonInterval, EndsSolveTheScoreEquation) {
  for (int64_t right : {0, 1, 13, 29, 30}) {
    const Interval interval = WilsonInterval(right, 30, 0.95);
    const double share = static_cast<double>(right) / 30;
    for (double end : {interval.low, interval.high}) {
      if (end < 1e-12 || end > 1 - 1e-12) continue;
      const double score = (share - end) / std::sqrt(end * (1 - end) / 30);
      EXPECT_NEAR(std::abs(score), kZ95, 1e-6) << right;
    }
    EXPECT_LE(interval.low, share + 1e-12);
    EXPECT_GE(interval.high, share - 1e-12);
  }
  EXPECT_GT(WilsonInterval(0, 30, 0.95).high, 0.1);
}

TEST(ExamInterval, IsTheFormula) {
  const std::vector<RightOf> problems = {{2, 8}, {8, 8}, {5, 8}, {0, 8}};
  double sum = 0;
  for (const RightOf& p : problems) {
    const double wrong = static_cast<double>(p.samples - p.correct);
    const double right = static_cast<double>(p.correct);
    sum += (right + 0.5) * (wrong + 0.5) / 81 / 8;
  }
  const double mean = 15.0 / 32;
  const double reach = kZ95 * std::sqrt(sum / 16);
  const Interval interval = ExamInterval(problems, {});
  EXPECT_NEAR(interval.low, mean - reach, 1e-9);
  EXPECT_NEAR(interval.high, mean + reach, 1e-9);
}

// Every variance here is q(1-q)/2 with q = 1/6 or 5/6: 5/72.
TEST(ExamInterval, HasWidthWhereTheSamplesOfEachProblemAgree) {
  std::vector<RightOf> problems(8, {0, 2});
  problems[3].correct = 2;
  const Interval interval = ExamInterval(problems, {});
  EXPECT_EQ(interval.low, 0);
  EXPECT_NEAR(interval.high, 0.125 + kZ95 * std::sqrt(8 * 5.0 / 72) / 8, 1e-9);
  for (RightOf& problem : problems) {
    problem.samples = 1000;
    problem.correct *= 500;
  }
  const Interval many = ExamInterval(problems, {});
  EXPECT_LT(many.low, 0.125);
  EXPECT_GT(many.high, 0.125);
  EXPECT_LT(many.high - many.low, 0.01);
}

// One fixed exam whose chances are 0.05, 0.10 ... 0.95, sat again and again.
TEST(ExamInterval, CoversTheScoreOfTheSameExam) {
  int covered = 0;
  constexpr int kSittings = 400;
  for (uint64_t sitting = 0; sitting < kSittings; ++sitting) {
    std::vector<RightOf> problems;
    for (uint64_t i = 1; i < 20; ++i) {
      const uint64_t key = RandomKey(sitting, RandomPurpose::kTest, i);
      RightOf problem{0, 2};
      for (uint64_t s = 0; s < 2; ++s) {
        const double chance = 0.05 * static_cast<double>(i);
        problem.correct += RandomUniform(key, s) < chance ? 1 : 0;
      }
      problems.push_back(problem);
    }
    const Interval interval = ExamInterval(problems, {});
    covered += interval.low <= 0.5 && 0.5 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(covered, 367);  // 95 % of 400 less three standard deviations
}

TEST(ExamInterval, OneSampleEachFallsBackToWilson) {
  const std::vector<RightOf> problems = {{1, 1}, {0, 1}, {1, 1}};
  const Interval interval = ExamInterval(problems, {});
  const Interval wilson = WilsonInterval(2, 3, 0.95);
  EXPECT_NEAR(interval.low, wilson.low, 1e-12);
  EXPECT_NEAR(interval.high, wilson.high, 1e-12);
}

TEST(Intervals, AllAlikeStillHaveWidth) {
  const std::vector<RightOf> wrong(10, {0, 8});
  EXPECT_GT(ExamInterval(wrong, {}).high, 0.01);
  EXPECT_GT(PopulationInterval(wrong, {}).high, 0.1);
  const std::vector<RightOf> right(10, {8, 8});
  EXPECT_LT(ExamInterval(right, {}).low, 0.99);
  EXPECT_NEAR(ExamInterval(right, {}).high, 1.0, 1e-12);
}

TEST(PopulationInterval, SmallExamWithOneSampleIsWilson) {
  std::vector<RightOf> problems(30, {0, 1});
  for (int i = 0; i < 12; ++i) problems[i].correct = 1;
  const Interval interval = PopulationInterval(problems, {});
  const Interval wilson = WilsonInterval(12, 30, 0.95);
  EXPECT_NEAR(interval.low, wilson.low, 1e-12);
  EXPECT_NEAR(interval.high, wilson.high, 1e-12);
}

std::vector<RightOf> MixedProblems(int64_t count, int64_t samples) {
  std::vector<RightOf> problems;
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t key = RandomKey(5, RandomPurpose::kTest);
    problems.push_back(
        {static_cast<int64_t>(RandomBelow(static_cast<uint64_t>(samples) + 1,
                                          key, static_cast<uint64_t>(i))),
         samples});
  }
  return problems;
}

TEST(PopulationInterval, LargeExamIsTheClusterFormula) {
  const std::vector<RightOf> problems = MixedProblems(200, 4);
  double mean = 0, squares = 0;
  for (const RightOf& p : problems) mean += static_cast<double>(p.correct) / 4;
  mean /= 200;
  for (const RightOf& p : problems) {
    squares += std::pow(static_cast<double>(p.correct) / 4 - mean, 2);
  }
  const double reach = kZ95 * std::sqrt(squares / 199 / 200);
  const Interval interval = PopulationInterval(problems, {});
  EXPECT_NEAR(interval.low, mean - reach, 1e-9);
  EXPECT_NEAR(interval.high, mean + reach, 1e-9);
}

// The variance of a two-level bootstrap mean in closed form: that between the
// shares plus what drawing samples adds, over N.
TEST(PopulationInterval, SmallExamIsATwoLevelBootstrap) {
  const std::vector<RightOf> problems = MixedProblems(40, 8);
  double mean = 0, between = 0, within = 0;
  for (const RightOf& p : problems) mean += static_cast<double>(p.correct) / 8;
  mean /= 40;
  for (const RightOf& p : problems) {
    const double share = static_cast<double>(p.correct) / 8;
    between += std::pow(share - mean, 2) / 40;
    within += share * (1 - share) / 8 / 40;
  }
  const double reach = kZ95 * std::sqrt((between + within) / 40);
  const Interval interval = PopulationInterval(problems, {});
  EXPECT_NEAR(interval.low, mean - reach, 0.1 * reach);
  EXPECT_NEAR(interval.high, mean + reach, 0.1 * reach);
}

TEST(PopulationInterval, DependsOnTheSeedOnly) {
  const std::vector<RightOf> problems = MixedProblems(20, 8);
  const Interval first = PopulationInterval(problems, {.seed = 1});
  const Interval again = PopulationInterval(problems, {.seed = 1});
  const Interval other = PopulationInterval(problems, {.seed = 2});
  EXPECT_EQ(first.low, again.low);
  EXPECT_EQ(first.high, again.high);
  EXPECT_TRUE(first.low != other.low || first.high != other.high);
}

// Draws exams from a known population and counts how often the interval holds
// the true mean: 0.5, as shares are uniform.
TEST(PopulationInterval, CoversTheTruth) {
  int covered = 0;
  constexpr int kExams = 200;
  for (uint64_t exam = 0; exam < kExams; ++exam) {
    std::vector<RightOf> problems;
    for (uint64_t i = 0; i < 30; ++i) {
      const uint64_t key = RandomKey(exam, RandomPurpose::kTest, i);
      const double chance = RandomUniform(key, 0);
      RightOf problem{0, 4};
      for (uint64_t s = 1; s <= 4; ++s) {
        problem.correct += RandomUniform(key, s) < chance ? 1 : 0;
      }
      problems.push_back(problem);
    }
    const Interval interval =
        PopulationInterval(problems, {.replicates = 500, .seed = exam});
    covered += interval.low <= 0.5 && 0.5 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(covered, 180);  // 95 % of 200 less three standard deviations
}

}  // namespace
}  // namespace limbeck
