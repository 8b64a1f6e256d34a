#include "data/stages/verify.h"

#include <string>
#include <vector>

#include "data/base/digest.h"
#include "data/stages/agreement.h"
#include "data/stages/recount.h"
#include "data/stages/split.h"
#include "gtest/gtest.h"
#include "tests/data/stages/workbench.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

void AddLabel(Trace& trace, Verdict verdict) {
  Verification* label = trace.add_verifications();
  label->set_method("published_label");
  label->set_verdict(verdict);
}

TEST(VerifyTrace, NotesSpansAnswerAndVerdict) {
  Trace trace =
      MakeTraceWithOutput(MakeProblem(7), 0, "six\n</think>It is \\boxed{7}.");
  VerifyTrace(trace);
  ASSERT_EQ(trace.verifications_size(), 1);
  EXPECT_EQ(trace.verifications(0).verdict(), VERDICT_CORRECT);
  EXPECT_EQ(trace.extracted_answer(), "7");
  EXPECT_EQ(trace.think().begin(), 0);
  EXPECT_EQ(trace.think().end(), 4);
  EXPECT_EQ(trace.answer().begin(), 12);
  EXPECT_EQ(trace.answer().end(), trace.raw_output().size());
}

// A box inside a thought that was cut off is no answer.
TEST(VerifyTrace, UnfinishedThoughtHasNoAnswer) {
  Trace trace =
      MakeTraceWithOutput(MakeProblem(7), 0, "maybe \\boxed{7}, let me see");
  VerifyTrace(trace);
  EXPECT_EQ(trace.verifications(0).verdict(), VERDICT_WRONG);
  EXPECT_EQ(trace.extracted_answer(), "");
  EXPECT_FALSE(trace.has_think());
}

TEST(VerifyTrace, RawOutputIsNeverAltered) {
  const std::string output = "a\xff\xfe</think>\\boxed{7}\xc3";
  Trace trace = MakeTraceWithOutput(MakeProblem(7), 0, output);
  VerifyTrace(trace);
  EXPECT_EQ(trace.raw_output(), output);
}

TEST(VerifyTrace, CompatVerdictStandsBeforeTheSoundOne) {
  VerifyOptions options;
  options.set_note_compat(true);
  Trace trace =
      MakeTraceWithOutput(MakeProblem(7), 0, "x</think>\\boxed{14/2}");
  VerifyTrace(trace, options);
  ASSERT_EQ(trace.verifications_size(), 2);
  EXPECT_EQ(trace.verifications(0).method(), "integer/compat");
  EXPECT_EQ(trace.verifications(1).method(), "integer");
  EXPECT_EQ(trace.verifications(1).verdict(), VERDICT_CORRECT);
}

TEST(VerifyTrace, KindOfTheStageBeforeTheProblems) {
  VerifyOptions options;
  options.set_answer_kind(ANSWER_KIND_STRING);
  Trace trace = MakeTraceWithOutput(MakeProblem(7), 0, "x</think>\\boxed{7.0}");
  VerifyTrace(trace, options);
  EXPECT_EQ(trace.verifications(0).method(), "string");
  EXPECT_EQ(trace.verifications(0).verdict(), VERDICT_WRONG);
}

TEST(VerifyTrace, RewardsReplaceThoseBefore) {
  VerifyOptions options;
  options.mutable_reward()->add_terms()->mutable_accuracy();
  RewardTerm* format = options.mutable_reward()->add_terms();
  format->mutable_format()->set_opened_by_prompt(true);
  format->set_weight(0.5);
  Trace trace = MakeTraceWithOutput(MakeProblem(7), 0, "x</think>\\boxed{7}");
  for (int run = 0; run < 2; ++run) {
    VerifyTrace(trace, options);
    ASSERT_EQ(trace.rewards_size(), 3);
    EXPECT_EQ(trace.rewards(0).name(), "total");
    EXPECT_EQ(trace.rewards(0).value(), 1.5);
    EXPECT_EQ(trace.rewards(1).name(), "accuracy");
    EXPECT_EQ(trace.rewards(2).value(), 1);
  }
  // Without a verdict there is no total, and no number for the accuracy.
  trace.mutable_problem()->set_gold_answer("");
  VerifyTrace(trace, options);
  ASSERT_EQ(trace.rewards_size(), 1);
  EXPECT_EQ(trace.rewards(0).name(), "format");
}

TEST(VerifyStage, AgreementTableAndDisagreements) {
  Workbench bench(2);
  std::vector<Trace> traces;
  for (int i = 0; i < 10; ++i) {
    Trace trace =
        MakeTrace(MakeProblem(i), 0, i < 6 ? std::to_string(i) : "99");
    // The label of number 5 calls a right answer wrong, 9 has no label.
    if (i < 9) {
      AddLabel(trace, i < 5 ? VERDICT_CORRECT : VERDICT_WRONG);
    }
    traces.push_back(trace);
  }
  bench.WriteTraces("traces", traces, 3);
  VerifyOptions options;
  options.set_compare_with("published_label");
  LIMBECK_ASSERT_OK(bench.Run("v", RunVerifyStage, options, {"traces"}));
  auto table = ReadAgreement(bench.Open("v"));
  LIMBECK_ASSERT_OK(table);
  EXPECT_EQ(table->traces[VERDICT_CORRECT][VERDICT_CORRECT], 5);
  EXPECT_EQ(table->traces[VERDICT_WRONG][VERDICT_CORRECT], 1);
  EXPECT_EQ(table->traces[VERDICT_WRONG][VERDICT_WRONG], 3);
  EXPECT_EQ(table->traces[VERDICT_UNSPECIFIED][VERDICT_WRONG], 1);
  EXPECT_EQ(table->labelled(), 9);
  EXPECT_EQ(table->agreeing(), 8);
  ASSERT_EQ(table->disagreements.size(), 1);
  const Disagreement& item = table->disagreements[0];
  EXPECT_EQ(item.trace_id, ToHex(traces[5].id()));
  EXPECT_EQ(item.row, 5);
  EXPECT_EQ(item.label, "wrong");
  EXPECT_EQ(item.verdict, "correct");
  EXPECT_EQ(item.gold, "5");
  LIMBECK_EXPECT_OK(CheckCountsAgainstParent(bench.Directory("v"),
                                             bench.Directory("traces")));
}

TEST(VerifyStage, WithoutLabelThereIsNoAgreement) {
  Workbench bench;
  bench.WriteTraces("traces", {MakeTrace(MakeProblem(1), 0, "1")}, 1);
  LIMBECK_ASSERT_OK(
      bench.Run("v", RunVerifyStage, VerifyOptions(), {"traces"}));
  EXPECT_THAT(ReadAgreement(bench.Open("v")),
              IsError(absl::StatusCode::kNotFound, "without compare_with"));
}

TEST(VerifyStage, NeedsTraces) {
  Workbench bench;
  bench.WriteProblems("problems", {MakeProblem(1)}, 1);
  EXPECT_THAT(bench.Run("v", RunVerifyStage, VerifyOptions(), {"problems"}),
              IsError(absl::StatusCode::kInvalidArgument,
                      "needs an input with traces.lbk; it has 'problems'"));
}

TEST(Agreement, DamagedJsonNeverCrashes) {
  AgreementTable table;
  table.compared_with = "label";
  table.traces[1][2] = 3;
  table.disagreements.push_back({"id", "p", "t", "d", 1, "a", "b", "c", "d"});
  const std::string text = WriteJson(AgreementToJson(table));
  ForEachMutation(text, 1000, 5, [](const std::string& damaged) {
    const auto json = ParseJson(damaged);
    if (json.ok()) AgreementFromJson(*json).status().IgnoreError();
  });
  auto back = AgreementFromJson(*ParseJson(text));
  LIMBECK_ASSERT_OK(back);
  EXPECT_EQ(WriteJson(AgreementToJson(*back)), text);
}

TEST(SplitStage, PartsAreDisjointAndComplete) {
  Workbench bench;
  std::vector<Problem> problems;
  std::vector<Trace> traces;
  for (int i = 0; i < 200; ++i) {
    problems.push_back(MakeProblem(i));
    traces.push_back(MakeTrace(problems.back(), 0, "1"));
    traces.push_back(MakeTrace(problems.back(), 1, "1"));
  }
  bench.WriteProblems("problems", problems, 2);
  bench.WriteTraces("traces", traces, 3);
  SplitOptions low;
  low.set_end(0.8);
  SplitOptions high;
  high.set_begin(0.8);
  for (const std::string input : {"problems", "traces"}) {
    LIMBECK_ASSERT_OK(bench.Run(input + "_low", RunSplitStage, low, {input}));
    LIMBECK_ASSERT_OK(bench.Run(input + "_high", RunSplitStage, high, {input}));
    const Counts a = bench.Open(input + "_low").manifest().counts();
    const Counts b = bench.Open(input + "_high").manifest().counts();
    EXPECT_EQ(a.unit(), input);
    EXPECT_EQ(a.out() + b.out(), a.in());
    EXPECT_EQ(a.out(), b.rejected());
    // Binomial(200, 0.8): six standard deviations are 34.
    EXPECT_NEAR(
        200 * static_cast<double>(a.out()) / static_cast<double>(a.in()), 160,
        34);
    LIMBECK_EXPECT_OK(CheckCountsAgainstParent(bench.Directory(input + "_low"),
                                               bench.Directory(input)));
  }
  // All traces of a problem fall on one side.
  EXPECT_EQ(bench.Open("traces_low").manifest().counts().out(),
            2 * bench.Open("problems_low").manifest().counts().out());
  auto rejects =
      ReadArtefact<Rejection>(bench.Open("problems_low"), kRejectsFile);
  LIMBECK_ASSERT_OK(rejects);
  for (const Rejection& rejection : *rejects) {
    EXPECT_EQ(rejection.reason(), REJECTION_REASON_OUTSIDE_SPLIT);
    EXPECT_GE(rejection.value(), 0.8);
    EXPECT_EQ(rejection.threshold(), 0.8);
    EXPECT_TRUE(rejection.has_problem());
  }
}

TEST(SplitStage, TakesOneInput) {
  Workbench bench;
  bench.WriteProblems("a", {MakeProblem(1)}, 1);
  EXPECT_THAT(bench.Run("s", RunSplitStage, SplitOptions(), {"a", "a"}),
              IsError(absl::StatusCode::kInvalidArgument,
                      "takes one input, it has 2: 'a', 'a'"));
}

}  // namespace
}  // namespace limbeck
