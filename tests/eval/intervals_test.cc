// Intervals against closed forms computed here and against simulation.
#include "eval/intervals.h"

#include <cmath>
#include <cstdint>
#include <utility>
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

// Wilson's interval at a share that is no count.
Interval WilsonAt(double share, double trials) {
  const double z2 = kZ95 * kZ95;
  const double centre = share + z2 / (2 * trials);
  const double reach = kZ95 * std::sqrt(share * (1 - share) / trials +
                                        z2 / (4 * trials * trials));
  const double scale = 1 + z2 / trials;
  return {(centre - reach) / scale, (centre + reach) / scale};
}

void ExpectNear(const Interval& found, const Interval& expected,
                double tolerance) {
  EXPECT_NEAR(found.low, expected.low, tolerance);
  EXPECT_NEAR(found.high, expected.high, tolerance);
}

// Noise 2(6)/64/7 + 0 + 5(3)/64/7 + 0 and m = 15/32, in units of their largest
// values with two units of prior.
TEST(ExamInterval, IsTheFormula) {
  const std::vector<RightOf> problems = {{2, 8}, {8, 8}, {5, 8}, {0, 8}};
  const double mean = 15.0 / 32;
  const double noise = (12.0 + 15.0) / 64 / 7 * 8;  // in units of 1/k
  const double largest = 4 * mean * (1 - mean);
  const double trials = 32 / ((noise + 2) / (largest + 2));
  ExpectNear(ExamInterval(problems, {}), WilsonAt(mean, trials), 1e-9);
}

TEST(PopulationInterval, IsTheFormula) {
  const std::vector<RightOf> problems = {{2, 8}, {8, 8}, {5, 8}, {0, 8}};
  const double mean = 15.0 / 32;
  double squares = 0;
  for (const RightOf& p : problems) {
    squares += std::pow(static_cast<double>(p.correct) / 8 - mean, 2);
  }
  const double largest = 4 * mean * (1 - mean);
  const double trials = 4 / ((squares * 4 / 3 + 2) / (largest + 2));
  ExpectNear(PopulationInterval(problems, {}), WilsonAt(mean, trials), 1e-9);
}

// sum s(1-s)/(k-1) / N^2 and sd / sqrt(N), the textbook errors of the mean.
TEST(Intervals, ManyProblemsGiveTheTextbookErrors) {
  std::vector<RightOf> problems;
  double noise = 0, squares = 0;
  for (int64_t i = 0; i < 4000; ++i) {
    problems.push_back({i % 9, 8});
    const double share = static_cast<double>(i % 9) / 8;
    noise += share * (1 - share) / 7;
    squares += (share - 0.5) * (share - 0.5);
  }
  const Interval exam = ExamInterval(problems, {});
  const Interval population = PopulationInterval(problems, {});
  const double exam_width = 2 * kZ95 * std::sqrt(noise) / 4000;
  const double population_width = 2 * kZ95 * std::sqrt(squares) / 4000;
  EXPECT_NEAR((exam.high - exam.low) / exam_width, 1, 0.01);
  EXPECT_NEAR((population.high - population.low) / population_width, 1, 0.01);
}

// Two hundred sixty-four problems with two samples, `right` of them solved
// once.
std::vector<RightOf> FewRight(int64_t right) {
  std::vector<RightOf> problems(264, {0, 2});
  for (int64_t i = 0; i < right; ++i) problems[i].correct = 1;
  return problems;
}

TEST(Intervals, FewRightAnswersRaiseBothUpperEnds) {
  const Interval none = ExamInterval(FewRight(0), {});
  EXPECT_NEAR(none.high, WilsonInterval(0, 528, 0.95).high, 1e-12);
  EXPECT_NEAR(PopulationInterval(FewRight(0), {}).high,
              WilsonInterval(0, 264, 0.95).high, 1e-12);
  for (int64_t right = 0; right < 264; ++right) {
    const Interval exam = ExamInterval(FewRight(right), {});
    const Interval population = PopulationInterval(FewRight(right), {});
    EXPECT_LT(exam.high, ExamInterval(FewRight(right + 1), {}).high);
    EXPECT_LT(population.high,
              PopulationInterval(FewRight(right + 1), {}).high);
  }
  EXPECT_LT(ExamInterval(FewRight(1), {}).high, 0.012);
}

// Calls `check` with every way in which `count` problems with `samples` samples
// can be solved, up to their order.
template <typename Check>
void ForEachExam(int64_t count, int64_t samples, const Check& check) {
  std::vector<RightOf> problems(static_cast<size_t>(count), {0, samples});
  while (true) {
    check(problems);
    size_t at = problems.size();
    while (at > 0 && problems[at - 1].correct == samples) --at;
    if (at == 0) return;
    const int64_t next = problems[at - 1].correct + 1;
    for (size_t i = at - 1; i < problems.size(); ++i)
      problems[i].correct = next;
  }
}

void CheckOneMoreRight(const std::vector<RightOf>& problems) {
  const Interval exam = ExamInterval(problems, {});
  const Interval population = PopulationInterval(problems, {});
  EXPECT_LE(population.low, exam.low + 1e-12);
  EXPECT_GE(population.high, exam.high - 1e-12);
  for (size_t i = 0; i < problems.size(); ++i) {
    if (problems[i].correct == problems[i].samples) continue;
    std::vector<RightOf> more = problems;
    ++more[i].correct;
    EXPECT_GE(ExamInterval(more, {}).high, exam.high - 1e-12);
    EXPECT_GE(ExamInterval(more, {}).low, exam.low - 1e-12);
    EXPECT_GE(PopulationInterval(more, {}).high, population.high - 1e-12);
    EXPECT_GE(PopulationInterval(more, {}).low, population.low - 1e-12);
  }
}

TEST(Intervals, OneMoreRightSampleNeverLowersAnEnd) {
  for (const auto& [count, samples] : std::vector<std::pair<int64_t, int64_t>>{
           {1, 2}, {1, 64}, {2, 8}, {3, 4}, {4, 3}, {5, 2}, {10, 2}, {6, 1}}) {
    ForEachExam(count, samples, CheckOneMoreRight);
  }
}

TEST(Intervals, MixedSampleCountsStayNested) {
  CheckOneMoreRight({{0, 1}, {3, 8}, {8, 8}, {1, 2}, {0, 64}});
  CheckOneMoreRight({{1, 1}, {0, 1}, {0, 8}});
}

TEST(ExamInterval, HasWidthWhereTheSamplesOfEachProblemAgree) {
  std::vector<RightOf> problems(8, {0, 2});
  problems[3].correct = 2;
  const Interval interval = ExamInterval(problems, {});
  EXPECT_LT(interval.low, 0.05);
  EXPECT_GT(interval.high, 0.25);
  for (RightOf& problem : problems) {
    problem.samples = 1000;
    problem.correct *= 500;
  }
  const Interval many = ExamInterval(problems, {});
  EXPECT_LT(many.low, 0.125);
  EXPECT_GT(many.high, 0.125);
  EXPECT_LT(many.high - many.low, 0.015);
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
    const Interval interval = PopulationInterval(problems, {});
    covered += interval.low <= 0.5 && 0.5 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(covered, 180);  // 95 % of 200 less three standard deviations
}

}  // namespace
}  // namespace limbeck
