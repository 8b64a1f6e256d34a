// Rewards: published cases, formulas at their corners, refusals.
#include "data/verify/reward.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

RewardSpec SpecOf(const std::string& text) {
  RewardSpec spec;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &spec));
  return spec;
}

// The forms that TRL's test of its think-format reward calls good and bad.
TEST(ScoreFormat, OnePairOfTagsWithTextBehind) {
  for (const std::string good :
       {"<think>This is my reasoning.</think>This is my answer.",
        "<think>\nThis is my reasoning.\n</think>\nThis is my answer.",
        "<think>\nThis is\nmy reasoning.\n</think>\nThis is my answer.",
        "<think>\nThis is <some tag> my reasoning.</think>\nThis is my answer.",
        "<think></think>\nThis is my answer."}) {
    EXPECT_EQ(ScoreFormat({}, good), 1) << good;
  }
  for (const std::string bad :
       {"<think>\nThis is my reasoning.\nThis is my answer.",
        "<think>This is my reasoning.\nThis is my answer.",
        "This is my reasoning. This is my answer.",
        "This is my reasoning.</think>\nThis is my answer.",
        "<think>This</think>is</think>my answer.",
        "<think>This is <think> my reasoning.</think>This is my answer.",
        "<think>reasoning</think>answer<think>more",
        "reasoning<think>more</think>answer", "<think>reasoning</think>",
        "<think>reasoning</think> \n ", ""}) {
    EXPECT_EQ(ScoreFormat({}, bad), 0) << bad;
  }
}

TEST(ScoreFormat, PromptMayOpenTheThought) {
  FormatReward rule;
  rule.set_opened_by_prompt(true);
  EXPECT_EQ(ScoreFormat(rule, "reasoning</think>answer"), 1);
  EXPECT_EQ(ScoreFormat(rule, "<think>reasoning</think>answer"), 1);
  EXPECT_EQ(ScoreFormat(rule, "answer"), 0);
}

// Open-R1's form: R1's template with answer tags.
TEST(ScoreFormat, AnswerTags) {
  FormatReward rule;
  rule.set_answer_tags(true);
  EXPECT_EQ(ScoreFormat(rule, "<think>\na\n</think>\n<answer>\nb\n</answer>"),
            1);
  EXPECT_EQ(ScoreFormat(rule, "<think>a</think><answer>b</answer>c"), 0);
  EXPECT_EQ(ScoreFormat(rule, "<think>a</think>b"), 0);
  EXPECT_EQ(ScoreFormat(rule, "<think>a</think><answer></answer>"), 0);
}

TEST(ScoreTagCount, AQuarterForEachTag) {
  EXPECT_EQ(ScoreTagCount("<think>\nSome reasoning\n</think>\n<answer>\nThe "
                          "answer\n</answer>"),
            1);
  EXPECT_EQ(ScoreTagCount("<think>\nSome reasoning"), 0.25);
  EXPECT_EQ(ScoreTagCount("Some reasoning\n</think>\n<answer>\nThe answer"),
            0.5);
  EXPECT_EQ(ScoreTagCount("<think>\na<think>\nb"), 0);
}

CosineLengthReward Cosine(int64_t max_length) {
  CosineLengthReward rule;
  rule.set_max_length(max_length);
  return rule;
}

// Open-R1's published cases: 22 and 80 of 100 characters.
TEST(ScoreCosineLength, PublishedCases) {
  EXPECT_NEAR(ScoreCosineLength(Cosine(100), true, 22), 0.943, 5e-4);
  EXPECT_NEAR(ScoreCosineLength(Cosine(100), true, 80), 0.548, 5e-4);
  EXPECT_NEAR(ScoreCosineLength(Cosine(100), false, 22), -0.943, 5e-4);
  EXPECT_NEAR(ScoreCosineLength(Cosine(100), false, 80), -0.548, 5e-4);
}

TEST(ScoreCosineLength, EndsAndBeyond) {
  EXPECT_DOUBLE_EQ(ScoreCosineLength(Cosine(100), true, 0), 1);
  EXPECT_DOUBLE_EQ(ScoreCosineLength(Cosine(100), true, 50), 0.75);
  EXPECT_DOUBLE_EQ(ScoreCosineLength(Cosine(100), true, 100), 0.5);
  EXPECT_DOUBLE_EQ(ScoreCosineLength(Cosine(100), true, 200), 0.5);
  EXPECT_DOUBLE_EQ(ScoreCosineLength(Cosine(100), false, 0), -1);
  EXPECT_DOUBLE_EQ(ScoreCosineLength(Cosine(100), false, 100), -0.5);
}

// TRL's published cases of the soft overlong punishment.
TEST(ScoreOverlong, PublishedCases) {
  OverlongReward rule;
  rule.set_max_length(100);
  rule.set_cache(20);
  EXPECT_EQ(ScoreOverlong(rule, 50), 0);
  EXPECT_EQ(ScoreOverlong(rule, 80), 0);
  EXPECT_EQ(ScoreOverlong(rule, 90), -0.5);
  EXPECT_EQ(ScoreOverlong(rule, 100), -1);
  EXPECT_EQ(ScoreOverlong(rule, 110), -1);
}

double Repetition(const std::string& text, int ngram, double penalty = -1) {
  RepetitionReward rule;
  rule.set_ngram(ngram);
  rule.set_max_penalty(penalty);
  return ScoreRepetition(rule, text);
}

// Open-R1's published cases.
TEST(ScoreRepetition, PublishedCases) {
  EXPECT_EQ(Repetition("this is a test sentence", 2), 0);
  EXPECT_DOUBLE_EQ(Repetition("this this this this this", 2), -0.75);
  EXPECT_DOUBLE_EQ(Repetition("this is a this is a test", 2), -1.0 / 3);
  EXPECT_DOUBLE_EQ(Repetition("this this this this", 3, -2), -1);
  EXPECT_EQ(Repetition("this is", 3), 0);
  EXPECT_EQ(Repetition("", 2), 0);
  EXPECT_DOUBLE_EQ(Repetition("This is a THIS Is A test", 2), -1.0 / 3);
}

TEST(ScoreRepetition, LinearInTextAndNgram) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "a ";
  EXPECT_NEAR(Repetition(text, 1000), -1, 1e-4);
}

TEST(ComputeReward, WeightedSum) {
  const RewardSpec spec = SpecOf(
      "terms { accuracy {} weight: 2 } terms { format {} }"
      "terms { name: 'brief' weight: 0.5 overlong { max_length: 10 cache: 4 } }"
      "terms { language { language: 'en' } }");
  RewardInput input;
  input.output = "<think>so we go</think>\\boxed{1}";
  input.num_tokens = 8;
  input.verdict = VERDICT_CORRECT;
  const auto result = ComputeReward(spec, input);
  LIMBECK_ASSERT_OK(result);
  ASSERT_TRUE(result->total);
  EXPECT_DOUBLE_EQ(*result->total, 2 * 1 + 1 - 0.5 * 0.5 + 1);
  ASSERT_EQ(result->terms.size(), 4);
  EXPECT_EQ(result->terms[0].name, "accuracy");
  EXPECT_EQ(result->terms[2].name, "brief");
  EXPECT_EQ(result->terms[2].value, -0.5);
}

// A verdict that nobody has must not become a number.
TEST(ComputeReward, UnknownLeavesTheSampleOut) {
  RewardInput input;
  input.output = "x";
  for (const std::string text :
       {"terms { accuracy {} }", "terms { cosine_length { max_length: 9 } }",
        "terms { format {} } terms { accuracy {} weight: 0 }"}) {
    const auto result = ComputeReward(SpecOf(text), input);
    LIMBECK_ASSERT_OK(result);
    EXPECT_FALSE(result->total) << text;
    EXPECT_NE(result->reason, "");
  }
  input.verdict = VERDICT_WRONG;
  EXPECT_FALSE(
      ComputeReward(SpecOf("terms { overlong { max_length: 9 cache: 1 } }"),
                    input)
          ->total);
  EXPECT_EQ(
      ComputeReward(SpecOf("terms { accuracy { wrong: -1 } }"), input)->total,
      -1);
}

TEST(ComputeReward, LengthInCharacters) {
  RewardInput input;
  input.output = "\xC3\xBC\xC3\xBC";
  const auto result =
      ComputeReward(SpecOf("terms { overlong { max_length: 2 cache: 2 "
                           "unit: LENGTH_UNIT_CHARACTERS } }"),
                    input);
  LIMBECK_ASSERT_OK(result);
  EXPECT_EQ(result->total, -1);
}

TEST(CheckReward, RefusalsNameTermAndField) {
  struct Case {
    std::string spec;
    std::string error;
  };
  const std::vector<Case> cases = {
      {"", "the reward has no terms"},
      {"terms {}", "reward term '': no kind is given"},
      {"terms { cosine_length {} }",
       "reward term 'cosine_length': max_length is 0, allowed: at least 1"},
      {"terms { overlong { max_length: 5 cache: 6 } }",
       "cache is 6, allowed: 1 to max_length, which is 5"},
      {"terms { overlong { max_length: 5 cache: 5 unit: "
       "LENGTH_UNIT_UNSPECIFIED } }",
       "unit is 0"},
      {"terms { language { language: 'xx' } }", "language 'xx'"},
      {"terms { repetition { ngram: 0 } }", "ngram is 0, allowed: 1 to 1000"},
      {"terms { repetition { max_penalty: 1 } }", "max_penalty is 1"},
      {"terms { accuracy { wrong: nan } }", "wrong is not finite"},
      {"terms { format {} weight: inf }", "weight is not finite"},
      {"terms { format {} } terms { format {} }",
       "two reward terms have the name 'format'"},
      {"terms { format {} name: 'total' }", "the name 'total'"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(CheckReward(SpecOf(c.spec)),
                IsError(absl::StatusCode::kInvalidArgument, c.error));
  }
}

TEST(ComputeReward, AnyBytesGiveFiniteNumbers) {
  const RewardSpec spec = SpecOf(
      "terms { format {} } terms { tag_count {} } terms { language {} }"
      "terms { repetition { ngram: 2 } }");
  ForEachMutation("<think>\nso so so $x$\n</think>\n<answer>\n5\n</answer>",
                  2000, 9, [&](const std::string& text) {
                    RewardInput input;
                    input.output = text;
                    const auto result = ComputeReward(spec, input);
                    LIMBECK_ASSERT_OK(result);
                    EXPECT_TRUE(std::isfinite(*result->total));
                  });
}

}  // namespace
}  // namespace limbeck
