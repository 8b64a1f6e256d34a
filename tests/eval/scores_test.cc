// Scores of small hand-made sets, and their JSON form.
#include "eval/scores.h"

#include <string>
#include <vector>

#include "data/base/json.h"
#include "data/verify/verify.h"
#include "eval/score_json.h"
#include "eval/votes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

JudgedSample Judge(const std::string& answer) {
  return JudgeSample(VerifyAnswer("7", answer, ANSWER_KIND_INTEGER), false);
}

JudgedProblem MakeProblem(const std::string& id,
                          const std::vector<std::string>& answers) {
  JudgedProblem problem{id, {}, ANSWER_KIND_INTEGER, {}};
  for (const std::string& answer : answers) {
    problem.samples.push_back(Judge(answer));
  }
  return problem;
}

ScoreInput SmallInput() {
  ScoreInput input;
  input.benchmark = "small";
  input.mode = "sound";
  input.samples_per_problem = 4;
  input.problems = {MakeProblem("p0", {"7", "07", "8", ""}),
                    MakeProblem("p1", {"1", "1", "1", "2"}),
                    MakeProblem("p2", {"7", "7.0", "3", "3"})};
  return input;
}

TEST(ComputeScores, SmallSet) {
  const BenchmarkScores scores = ComputeScores(SmallInput());
  EXPECT_EQ(scores.problems, 3);
  EXPECT_TRUE(scores.complete);
  EXPECT_NEAR(*scores.pass_at_1, (0.5 + 0 + 0.5) / 3, 1e-15);
  EXPECT_THAT(scores.pass_at_k,
              ElementsAre(Pair(1, ::testing::DoubleNear(1.0 / 3, 1e-12)),
                          Pair(2, ::testing::DoubleNear((5. + 5.) / 18, 1e-12)),
                          Pair(4, ::testing::DoubleNear(2.0 / 3, 1e-12))));
  // "7" and "07" are one vote; p2 is tied two to two.
  EXPECT_THAT(scores.cons_at_k.back(),
              Pair(4, ::testing::DoubleNear((1 + 0 + 0.5) / 3, 1e-12)));
  EXPECT_EQ(scores.cons_ties, 1);
  EXPECT_NEAR(scores.no_answer_share, 1.0 / 12, 1e-15);
  EXPECT_EQ(scores.truncated_share, 0);
  EXPECT_EQ(scores.per_problem[0].correct, 2);
  EXPECT_LT(scores.exam_interval->low, *scores.pass_at_1);
  EXPECT_GT(scores.population_interval->high, scores.exam_interval->high);
}

TEST(ComputeScores, MissingSamplesLeaveTheDenominator) {
  ScoreInput input = SmallInput();
  input.problems[1].samples.resize(1);
  input.problems.push_back({"p3", {}, ANSWER_KIND_INTEGER, {}});
  const BenchmarkScores scores = ComputeScores(input);
  EXPECT_FALSE(scores.complete);
  EXPECT_EQ(scores.missing_samples, 3 + 4);
  EXPECT_EQ(scores.problems, 4);
  EXPECT_NEAR(*scores.pass_at_1, (0.5 + 0 + 0.5) / 3, 1e-15);
  EXPECT_EQ(scores.pass_at_k[2].second, 1.0);  // only p0 and p2 have four
}

Verification Verdict(limbeck::Verdict verdict, const std::string& extracted,
                     const std::string& method = "") {
  Verification verification;
  verification.set_verdict(verdict);
  verification.set_extracted(extracted);
  verification.set_method(method);
  return verification;
}

// Neither right nor wrong: they are in no denominator.
TEST(ComputeScores, JudgeErrorsLeaveTheDenominator) {
  ScoreInput input = SmallInput();
  input.problems[1].samples[0] =
      JudgeSample(Verdict(VERDICT_UNKNOWN, "code", "judge"), false);
  input.problems[0].samples[1] =
      JudgeSample(Verdict(VERDICT_UNKNOWN, "code", "judge"), false);
  const BenchmarkScores scores = ComputeScores(input);
  EXPECT_FALSE(scores.complete);
  EXPECT_EQ(scores.missing_samples, 0);
  EXPECT_NEAR(scores.judge_error_share, 2.0 / 12, 1e-15);
  EXPECT_NEAR(*scores.pass_at_1, (1.0 / 3 + 0 + 0.5) / 3, 1e-15);
  EXPECT_EQ(scores.per_problem[0].samples, 3);
  EXPECT_EQ(scores.per_problem[0].outcomes, "1!0-");
  EXPECT_EQ(scores.pass_at_k.back().second, 1.0);  // p2 alone has four
}

TEST(ComputeScores, UnknownAnswersAreNotSolvedAndCounted) {
  ScoreInput input = SmallInput();
  input.problems[0].samples[0] =
      JudgeSample(Verdict(VERDICT_UNKNOWN, "9^9^9^9", "math"), false);
  const BenchmarkScores scores = ComputeScores(input);
  EXPECT_TRUE(scores.complete);
  EXPECT_NEAR(scores.unknown_share, 1.0 / 12, 1e-15);
  EXPECT_EQ(scores.judge_error_share, 0);
  EXPECT_EQ(scores.per_problem[0].correct, 1);
  EXPECT_EQ(scores.per_problem[0].outcomes, "?10-");
}

TEST(ComputeScores, BreakdownByLabel) {
  ScoreInput input = SmallInput();
  input.problems[0].labels = {{"level", "1200"}, {"subject", "x"}};
  input.problems[1].labels = {{"level", "800"}};
  input.problems[2].labels = {{"level", "1200"}};
  input.problems.push_back({"p3", {}, ANSWER_KIND_INTEGER, {{"level", "3"}}});
  const Json json = ScoresToJson(ComputeScores(input));
  EXPECT_EQ(WriteJson(*json.Find("breakdown")),
            R"({"level":{"800":{"problems":1,"pass_at_1":0.0},)"
            R"("1200":{"problems":2,"pass_at_1":0.5}},)"
            R"("subject":{"x":{"problems":1,"pass_at_1":0.5}}})");
}

TEST(ComputeScores, ProgramsAreNotVotedOn) {
  ScoreInput input = SmallInput();
  input.voting = false;
  const BenchmarkScores scores = ComputeScores(input);
  EXPECT_TRUE(scores.cons_at_k.empty());
  EXPECT_EQ(scores.cons_ties, 0);
}

TEST(GroupEqualVotes, RightOnesAreOneAndOthersByTheirKind) {
  std::vector<Vote> votes = {{"1/2", true, true},      {"0.5", true, true},
                             {"2/4", true, false},     {"1/3", true, false},
                             {"2/6", true, false},     {"", false, false},
                             {"\\frac13", true, false}};
  std::vector<Vote> as_texts = votes;
  GroupEqualVotes(ANSWER_KIND_STRING, VerifyMode::kSound, &as_texts);
  EXPECT_EQ(as_texts[1].answer, "1/2");
  EXPECT_EQ(as_texts[4].answer, "2/6");
  GroupEqualVotes(ANSWER_KIND_MATH, VerifyMode::kSound, &votes);
  EXPECT_EQ(votes[1].answer, "1/2");
  EXPECT_EQ(votes[4].answer, "1/3");
  EXPECT_EQ(votes[6].answer, "1/3");
  EXPECT_EQ(votes[2].answer, "2/4");
}

TEST(ComputeScores, RefusedProblemsMakeItIncomplete) {
  ScoreInput input = SmallInput();
  input.refused = {{"p9", "longer than the context"}};
  const BenchmarkScores scores = ComputeScores(input);
  EXPECT_FALSE(scores.complete);
  EXPECT_EQ(scores.missing_samples, 0);
  EXPECT_EQ(scores.problems, 3);
  EXPECT_EQ(*scores.pass_at_1, *ComputeScores(SmallInput()).pass_at_1);
}

TEST(ComputeScores, NothingToScoreIsNoScore) {
  ScoreInput input;
  input.refused = {{"p0", "no gold answer"}};
  const BenchmarkScores scores = ComputeScores(input);
  EXPECT_FALSE(scores.pass_at_1.has_value());
  EXPECT_TRUE(scores.pass_at_k.empty());
  EXPECT_EQ(scores.refused_problems.size(), 1u);
  EXPECT_TRUE(ScoresToJson(scores).Find("pass_at_1")->is_null());
}

TEST(ScoresToJson, HasTheDocumentedKeysInOrder) {
  std::vector<std::string> keys;
  const Json json = ScoresToJson(ComputeScores(SmallInput()));
  for (const JsonMember& member : json.object()) keys.push_back(member.first);
  EXPECT_THAT(
      keys,
      ElementsAre("benchmark", "mode", "problems", "samples_per_problem",
                  "complete", "missing_samples", "pass_at_1",
                  "pass_at_1_interval_exam", "pass_at_1_interval_population",
                  "pass_at_k", "g_pass_at_k", "mg_pass_at_k", "cons_at_k",
                  "cons_ties", "truncated_share", "no_answer_share",
                  "judge_error_share", "unknown_share", "per_problem",
                  "refused_problems", "outcomes", "settings"));
  EXPECT_EQ(WriteJson(*json.Find("per_problem")->array().data()),
            R"({"problem_id":"p0","correct":2,"samples":4})");
  EXPECT_EQ(*json.Find("outcomes")->GetString("p0"), "110-");
  const Json* g_pass = json.Find("g_pass_at_k")->Find("4");
  ASSERT_NE(g_pass, nullptr);
  EXPECT_EQ(*g_pass->GetDouble("0.25"), 2.0 / 3);
  EXPECT_EQ(*g_pass->GetDouble("1.0"), 0.0);
}

TEST(ScoresFromJson, InvertsScoresToJson) {
  ScoreInput input = SmallInput();
  input.refused = {{"p9", "reason"}};
  input.problems[0].labels = {{"level", "2"}};
  for (const ScoreInput& one : {input, ScoreInput()}) {
    BenchmarkScores made = ComputeScores(one);
    made.rating.Set("kind", "problem_elo");
    const Json json = ScoresToJson(made);
    const auto scores = ScoresFromJson(json);
    ASSERT_TRUE(scores.ok()) << scores.status();
    EXPECT_EQ(WriteJson(ScoresToJson(*scores)), WriteJson(json));
  }
}

TEST(ScoresFromJson, RefusesWhatIsNoScore) {
  const auto error = [](const char* text) {
    return std::string(ScoresFromJson(*ParseJson(text)).status().message());
  };
  EXPECT_THAT(error("3"), HasSubstr("expected scores as an object"));
  EXPECT_THAT(error("{}"), HasSubstr("benchmark"));
  EXPECT_THAT(error(R"({"benchmark":"b"})"), HasSubstr("per_problem"));
  EXPECT_THAT(error(R"({"benchmark":"b","per_problem":[{"problem_id":"x",
                        "correct":3,"samples":2}]})"),
              HasSubstr("3 right of 2 samples"));
  EXPECT_THAT(error(R"({"benchmark":"b","per_problem":[],
                        "pass_at_1_interval_exam":[1]})"),
              HasSubstr("list of two numbers"));
  EXPECT_THAT(error(R"({"benchmark":"b","per_problem":[],
                        "pass_at_k":{"x":1}})"),
              HasSubstr("pass_at_k.x"));
}

}  // namespace
}  // namespace limbeck
