// Matching of benchmarks and problems, and the JSON of comparisons.
#include "eval/compare.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "data/base/file.h"
#include "data/base/json.h"
#include "eval/score_json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

BenchmarkScores Scores(const std::string& benchmark, int first, int last,
                       int correct) {
  BenchmarkScores scores;
  scores.benchmark = benchmark;
  scores.mode = "sound";
  for (int i = first; i < last; ++i) {
    scores.per_problem.push_back({"p" + std::to_string(i), correct, 4, ""});
  }
  return scores;
}

TEST(CompareScores, MatchesProblemsByIdAndCountsTheRest) {
  const auto comparisons =
      CompareScores({Scores("x", 0, 10, 3)}, {Scores("x", 4, 12, 1)}, {});
  ASSERT_TRUE(comparisons.ok()) << comparisons.status();
  ASSERT_EQ(comparisons->size(), 1u);
  const BenchmarkComparison& one = comparisons->front();
  EXPECT_EQ(one.problems, 6);
  EXPECT_EQ(one.only_in_a, 4);
  EXPECT_EQ(one.only_in_b, 2);
  EXPECT_NEAR(one.paired->difference, 0.5, 1e-15);
  EXPECT_EQ(one.paired->wins, 6);
  EXPECT_EQ(one.paired->p_value, 2.0 / 64);
  EXPECT_EQ(one.p_value_holm, 2.0 / 64);
}

TEST(CompareScores, HolmSpansTheBenchmarks) {
  const std::vector<BenchmarkScores> a = {Scores("x", 0, 6, 3),
                                          Scores("y", 0, 5, 3)};
  const std::vector<BenchmarkScores> b = {Scores("x", 0, 6, 1),
                                          Scores("y", 0, 5, 1)};
  const auto comparisons = CompareScores(a, b, {});
  EXPECT_EQ((*comparisons)[0].p_value_holm, 4.0 / 64);
  EXPECT_EQ((*comparisons)[1].p_value_holm, 4.0 / 64);
}

TEST(CompareScores, BenchmarksOfOneSideAreNamed) {
  const auto comparisons =
      CompareScores({Scores("x", 0, 3, 1), Scores("y", 0, 3, 1)},
                    {Scores("x", 0, 3, 1), Scores("z", 0, 2, 1)}, {});
  ASSERT_EQ(comparisons->size(), 3u);
  EXPECT_EQ((*comparisons)[1].only_in_a, 3);
  EXPECT_FALSE((*comparisons)[1].paired.has_value());
  EXPECT_EQ((*comparisons)[2].benchmark, "z");
  EXPECT_EQ((*comparisons)[2].only_in_b, 2);
}

TEST(CompareScores, OtherSettingsAreListed) {
  BenchmarkScores a = Scores("x", 0, 3, 1), b = Scores("x", 0, 3, 1);
  a.settings.Set("model", "small").Set("data_sha256", "00");
  a.settings.Set("extraction", "box").Set("confidence", 0.95);
  b.settings.Set("model", "large").Set("data_sha256", "00");
  b.settings.Set("extraction", "stated").Set("confidence", 0.95);
  b.settings.Set("tests_sha256", "11");
  const auto one = CompareScores({a}, {b}, {});
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(WriteJson(one->front().settings_that_differ),
            R"({"extraction":["box","stated"],"tests_sha256":[null,"11"]})");
  b.settings.Set("data_sha256", "22");
  EXPECT_THAT(std::string(CompareScores({a}, {b}, {}).status().message()),
              HasSubstr("data_sha256 is \"00\" for the first and \"22\""));
}

TEST(CompareScores, RefusesWhatCannotBeCompared) {
  const auto error = [](const std::vector<BenchmarkScores>& a,
                        const std::vector<BenchmarkScores>& b) {
    return std::string(CompareScores(a, b, {}).status().message());
  };
  EXPECT_THAT(error({Scores("x", 0, 1, 1)}, {Scores("y", 0, 1, 1)}),
              HasSubstr("the first has 'x', the second 'y'"));
  EXPECT_THAT(error({Scores("x", 0, 1, 1), Scores("x", 0, 1, 1)}, {}),
              HasSubstr("'x' is there twice in the first"));
  EXPECT_THAT(
      error({Scores("x", 0, 3, 1)}, {Scores("x", 3, 8, 1)}),
      HasSubstr("benchmark 'x': none of the first's 3 problems is among "
                "the second's 5"));
  BenchmarkScores other = Scores("x", 0, 1, 1);
  other.mode = "compat";
  EXPECT_THAT(error({Scores("x", 0, 1, 1)}, {other}),
              HasSubstr("mode 'sound' for the first and 'compat'"));
}

// As after a run in which every problem was refused.
TEST(CompareScores, NoScoredProblemOnOneSideIsCounted) {
  const auto comparisons =
      CompareScores({Scores("x", 0, 3, 1)}, {Scores("x", 0, 0, 1)}, {});
  ASSERT_TRUE(comparisons.ok()) << comparisons.status();
  EXPECT_FALSE(comparisons->front().paired.has_value());
  EXPECT_EQ(comparisons->front().only_in_a, 3);
}

TEST(ComparisonsToJson, HasTheDocumentedKeys) {
  const auto comparisons = *CompareScores(
      {Scores("x", 0, 2, 3), Scores("y", 0, 1, 1)}, {Scores("x", 0, 2, 1)}, {});
  const Json json = ComparisonsToJson(comparisons);
  const Json* family = json.Find("holm_family");
  ASSERT_NE(family, nullptr);
  // y is in one list alone and has no p-value.
  EXPECT_EQ(WriteJson(*family), "{\"size\":1,\"members\":[\"x\"]}");
  const JsonArray& list = json.Find("comparisons")->array();
  for (const char* key :
       {"benchmark", "problems", "mean_a", "mean_b", "difference",
        "difference_interval", "p_value", "p_value_holm", "wins", "losses",
        "ties", "mcnemar_p_value", "smallest_detectable_difference",
        "only_in_a", "only_in_b"}) {
    EXPECT_NE(list[0].Find(key), nullptr) << key;
    EXPECT_NE(list[1].Find(key), nullptr) << key;
  }
  EXPECT_TRUE(list[1].Find("p_value")->is_null());
  EXPECT_TRUE(list[0].Find("mcnemar_p_value")->is_null());
}

TEST(ScoresFromJson, SurvivesDamage) {
  const std::string text = WriteJson(ScoresToJson(Scores("x", 0, 3, 2)));
  for (size_t at = 0; at < text.size(); ++at) {
    for (int bit = 0; bit < 7; ++bit) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const auto json = ParseJson(changed);
      if (!json.ok()) continue;
      const auto scores = ScoresFromJson(*json);
      if (!scores.ok()) continue;
      (void)CompareScores({*scores}, {Scores("x", 0, 3, 1)},
                          {.permutations = 10, .replicates = 10});
    }
  }
}

TEST(ScoresFromJson, ProblemsAreThereOnce) {
  BenchmarkScores scores = Scores("x", 0, 3, 2);
  scores.per_problem.push_back(scores.per_problem[1]);
  const auto read = ScoresFromJson(ScoresToJson(scores));
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(std::string(read.status().message()),
              HasSubstr("problem 'p1' is there twice"));
}

TEST(ReadScores, TakesOneResultOrAListOrAFolder) {
  const std::string folder =
      ::testing::TempDir() + "/read_scores_test_" + std::to_string(::getpid());
  ASSERT_TRUE(MakeDirectories(folder).ok());
  const std::string one = WriteJson(ScoresToJson(Scores("x", 0, 2, 1)));
  const std::string path = JoinPath(folder, kScoresFile);
  ASSERT_TRUE(WriteFileAtomically(path, one).ok());
  EXPECT_EQ(ReadScores(path)->size(), 1u);
  EXPECT_EQ(ReadScores(folder)->front().benchmark, "x");
  ASSERT_TRUE(WriteFileAtomically(path, "[" + one + "]").ok());
  EXPECT_EQ(ReadScores(path)->size(), 1u);
  ASSERT_TRUE(WriteFileAtomically(path, "[3]").ok());
  EXPECT_THAT(std::string(ReadScores(path).status().message()),
              HasSubstr(path));
  EXPECT_FALSE(ReadScores(folder + "/nothing").ok());
  ASSERT_TRUE(RemoveTree(folder).ok());
}

}  // namespace
}  // namespace limbeck
