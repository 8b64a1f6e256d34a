// Wordings by style, and the order of options.
#include "eval/benchmarks/prompt.h"

#include <map>
#include <set>

#include "eval/benchmarks/option_order.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

BenchmarkProblem Question(BenchmarkId benchmark, AnswerKind kind) {
  BenchmarkProblem problem;
  problem.benchmark = benchmark;
  problem.id = "p";
  problem.question = "How many?";
  problem.kind = kind;
  return problem;
}

BenchmarkProblem Choice() {
  BenchmarkProblem problem =
      Question(BenchmarkId::kGpqaDiamond, ANSWER_KIND_CHOICE);
  problem.choices = {"right", "w1", "w2", "w3"};
  return problem;
}

TEST(OptionOrder, SeededPermutationPerProblemAndSample) {
  EXPECT_EQ(OptionOrder(1, "rec", 0), OptionOrder(1, "rec", 0));
  std::set<std::vector<int>> orders;
  std::map<char, int> letters;
  for (int sample = 0; sample < 2400; ++sample) {
    const std::vector<int> order = OptionOrder(7, "rec", sample);
    EXPECT_THAT(CheckOptionOrder(order, 4), IsOk());
    orders.insert(order);
    ++letters[LetterOf(0, order)];
  }
  EXPECT_EQ(orders.size(), 24u);
  for (char letter : {'A', 'B', 'C', 'D'}) {
    EXPECT_NEAR(letters[letter], 600, 100) << letter;  // five deviations
  }
  EXPECT_NE(OptionOrder(1, "rec", 0), OptionOrder(2, "rec", 0));
}

// Never to change: stored samples of older runs are judged by what they carry,
// but a resumed run draws again.
TEST(OptionOrder, StaysAsItIs) {
  EXPECT_THAT(OptionOrder(0, "rec06pnAkLOr2t2mp", 0), ElementsAre(1, 0, 2, 3));
  EXPECT_THAT(OptionOrder(7, "rec06pnAkLOr2t2mp", 1), ElementsAre(2, 3, 1, 0));
  EXPECT_THAT(OptionOrder(0, "0", 2), ElementsAre(2, 1, 0, 3));
}

TEST(OptionOrder, ChecksPermutations) {
  EXPECT_THAT(CheckOptionOrder({0, 1, 2}, 4),
              IsError(absl::StatusCode::kInvalidArgument, "[0,1,2]"));
  EXPECT_FALSE(CheckOptionOrder({0, 1, 2, 2}, 4).ok());
  EXPECT_FALSE(CheckOptionOrder({1, 2, 3, 4}, 4).ok());
  EXPECT_EQ(LetterOf(0, {2, 3, 0, 1}), 'C');
}

TEST(Prompt, DeepSeekR1PutsAllIntoTheUserTurn) {
  const auto prompt =
      MakePrompt(Question(BenchmarkId::kMath500, ANSWER_KIND_MATH), {});
  ASSERT_THAT(prompt, IsOk());
  EXPECT_THAT(prompt->system, IsEmpty());
  EXPECT_EQ(prompt->user,
            "How many?\nPlease reason step by step, and put your final answer "
            "within \\boxed{}.");
}

TEST(Prompt, ChoicesFollowTheirOrder) {
  const auto prompt = MakePrompt(Choice(), {PromptStyle::kDeepSeekR1, 3, 5});
  ASSERT_THAT(prompt, IsOk());
  EXPECT_THAT(prompt->user, StartsWith("Answer the following multiple choice"));
  ASSERT_EQ(prompt->option_order, OptionOrder(3, "p", 5));
  const std::string right =
      std::string(1, LetterOf(0, prompt->option_order)) + ") right";
  EXPECT_THAT(prompt->user, HasSubstr(right));
}

TEST(Prompt, ProgramsWithAndWithoutStarterCode) {
  BenchmarkProblem problem =
      Question(BenchmarkId::kLiveCodeBench, ANSWER_KIND_PROGRAM);
  problem.code.emplace();
  EXPECT_THAT(MakePrompt(problem, {})->user, HasSubstr("# YOUR CODE HERE"));
  problem.code->starter_code = "class Solution:";
  EXPECT_THAT(MakePrompt(problem, {})->user,
              HasSubstr("```python\nclass Solution:\n```"));
  problem.benchmark = BenchmarkId::kCodeforces;
  problem.code->time_limit_seconds = 1.5;
  EXPECT_THAT(MakePrompt(problem, {})->user,
              HasSubstr("Time limit per test: 1.5 s"));
}

TEST(Prompt, StylesSayWhereTheyHaveNoWords) {
  for (const std::string& name : PromptStyleNames()) {
    const PromptStyle style = *PromptStyleFromName(name);
    EXPECT_EQ(NameOf(style), name);
    EXPECT_THAT(MakePrompt(Question(BenchmarkId::kAime24, ANSWER_KIND_INTEGER),
                           {style, 0, 0}),
                IsOk());
  }
  EXPECT_THAT(MakePrompt(Choice(), {PromptStyle::kQwen, 0, 0}),
              IsError(absl::StatusCode::kInvalidArgument,
                      "'qwen' has no words for gpqa_diamond"));
  EXPECT_THAT(PromptStyleFromName("x"),
              IsError(absl::StatusCode::kInvalidArgument, "deepseek_r1"));
  EXPECT_EQ(
      MakePrompt(Question(BenchmarkId::kJsonl, ANSWER_KIND_REGEX), {})->user,
      "How many?");
}

TEST(BenchmarkNames, AreInOrder) {
  for (const std::string& name : BenchmarkNames()) {
    EXPECT_EQ(NameOf(*BenchmarkIdFromName(name)), name);
    EXPECT_GE(DefaultSamples(*BenchmarkIdFromName(name)), 1);
  }
  EXPECT_THAT(BenchmarkIdFromName("x"),
              IsError(absl::StatusCode::kInvalidArgument, "gsm8k, jsonl"));
}

}  // namespace
}  // namespace limbeck
