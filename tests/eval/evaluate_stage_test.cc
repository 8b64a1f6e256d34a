// The evaluation stage: scores of known answers, refusals, resume, more
// samples later; and the comparison stage over its results.
#include "eval/evaluate_stage.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/stages/artefact.h"
#include "data/text/reasoning_format.h"
#include "eval/compare.h"
#include "eval/compare_stage.h"
#include "eval/options_defaults.h"
#include "eval/score_json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "teacher/local_sampler.h"
#include "teacher/text_sampler.h"
#include "tests/support/file_tree.h"
#include "tests/support/status_matchers.h"
#include "tests/teacher/stage_fixture.h"
#include "tests/teacher/tiny_teacher.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

class EvaluateStage : public TeacherStageTest {
 protected:
  EvaluateStage() {
    options_.set_samples_per_problem(3);
    options_.set_temperature(1.0);
    options_.set_max_tokens(8);
    options_.set_rows(8);
    options_ = *ResolveOptions(options_);
    problems_ = WriteProblems(MakeProblems(10), 3, directory_.File("problems"));
  }

  StageRun Run(const std::string& name) {
    return MakeRun(name, "evaluate", options_, {problems_});
  }

  std::string Evaluate(Sampler& sampler, const std::string& name) {
    const StageRun run = Run(name);
    LIMBECK_EXPECT_OK(EvaluateWith(sampler, options_, run));
    LIMBECK_EXPECT_OK(FinishArtefact(run, 1));
    return run.directory;
  }

  BenchmarkScores Scores(const std::string& directory) {
    auto scores = ReadScores(directory);
    LIMBECK_EXPECT_OK(scores);
    return scores->front();
  }

  std::unique_ptr<Sampler> TinySampler() {
    const ModelInput teacher = MakeTinyTeacher();
    LocalSamplerOptions local;
    local.rows = options_.rows();
    local.identity = teacher.identity;
    return *CreateLocalSampler(teacher.model, teacher.tokenizer, local);
  }

  EvaluateOptions options_;
  StageInput problems_;
};

// Sample 0 is right, sample 1 wrong, sample 2 is cut off while thinking.
SampleResult ScriptedAnswer(const SampleRequest& request) {
  SampleResult result;
  result.finish_reason = FINISH_REASON_STOP;
  const std::string& gold = request.problem.gold_answer();
  switch (request.sampling.sample_index() % 3) {
    case 0:
      result.text = RenderOutput("hm", absl::StrCat("\\boxed{", gold, "}"));
      break;
    case 1:
      result.text = RenderOutput("hm", "\\boxed{-5}");
      break;
    default:
      result.text = absl::StrCat("thinking \\boxed{", gold, "}");
      result.finish_reason = FINISH_REASON_LENGTH;
  }
  return result;
}

std::unique_ptr<Sampler> Scripted(AnswerFunction answer = ScriptedAnswer) {
  Teacher identity;
  identity.set_name("script");
  return MakeTextSampler(identity, std::move(answer));
}

TEST_F(EvaluateStage, ScoresKnownAnswers) {
  const auto sampler = Scripted();
  const std::string directory = Evaluate(*sampler, "run");
  const BenchmarkScores scores = Scores(directory);
  EXPECT_EQ(scores.benchmark, "problems");
  EXPECT_EQ(scores.problems, 10);
  EXPECT_TRUE(scores.complete);
  EXPECT_NEAR(*scores.pass_at_1, 1.0 / 3, 1e-12);
  EXPECT_NEAR(scores.truncated_share, 1.0 / 3, 1e-12);
  EXPECT_NEAR(scores.no_answer_share, 1.0 / 3, 1e-12);
  EXPECT_EQ(scores.pass_at_k.back(), std::make_pair(int64_t{3}, 1.0));
  EXPECT_EQ(*scores.settings.GetString("model"), "script");
}

// Ended by itself, but the thinking never did: no answer, not cut off.
TEST_F(EvaluateStage, UnclosedThinkingThatStoppedIsNotTruncated) {
  const auto sampler = Scripted([](const SampleRequest& request) {
    SampleResult result = ScriptedAnswer(request);
    result.finish_reason = FINISH_REASON_STOP;
    return result;
  });
  const BenchmarkScores scores = Scores(Evaluate(*sampler, "run"));
  EXPECT_EQ(scores.truncated_share, 0);
  EXPECT_NEAR(scores.no_answer_share, 1.0 / 3, 1e-12);
  EXPECT_NEAR(*scores.pass_at_1, 1.0 / 3, 1e-12);
}

// Cut off after the answer was given.
TEST_F(EvaluateStage, TruncatedSamplesMayHaveAnAnswer) {
  const auto sampler = Scripted([](const SampleRequest& request) {
    SampleResult result = ScriptedAnswer(request);
    result.finish_reason = FINISH_REASON_LENGTH;
    return result;
  });
  const BenchmarkScores scores = Scores(Evaluate(*sampler, "run"));
  EXPECT_EQ(scores.truncated_share, 1);
  EXPECT_NEAR(scores.no_answer_share, 1.0 / 3, 1e-12);
}

// An answer that cannot be judged does not remove its problem.
TEST_F(EvaluateStage, UnknownAnswersAreNotSolved) {
  const auto sampler = Scripted([](const SampleRequest& request) {
    SampleResult result = ScriptedAnswer(request);
    if (request.sampling.sample_index() % 3 == 1) {
      result.text = RenderOutput("hm", "\\boxed{9^{9^{9^{9}}}}");
    }
    return result;
  });
  const BenchmarkScores scores = Scores(Evaluate(*sampler, "run"));
  EXPECT_EQ(scores.problems, 10);
  EXPECT_TRUE(scores.refused_problems.empty());
  EXPECT_NEAR(*scores.pass_at_1, 1.0 / 3, 1e-12);
  EXPECT_NEAR(scores.unknown_share, 1.0 / 3, 1e-12);
  EXPECT_EQ(scores.judge_error_share, 0);
}

TEST_F(EvaluateStage, TracesCarryOneVerdictEach) {
  const auto sampler = Scripted();
  const auto artefact = Artefact::Open(Evaluate(*sampler, "run"));
  EXPECT_EQ(artefact->manifest().counts().in(), 30u);
  EXPECT_EQ(artefact->manifest().counts().out(), 30u);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Trace> traces,
                               ReadArtefact<Trace>(*artefact, kTracesFile));
  ASSERT_EQ(traces.size(), 30u);
  for (const Trace& trace : traces) {
    ASSERT_EQ(trace.verifications_size(), 1);
    EXPECT_EQ(
        trace.verifications(0).verdict(),
        trace.sampling().sample_index() == 0 ? VERDICT_CORRECT : VERDICT_WRONG);
  }
}

TEST_F(EvaluateStage, ProblemsLongerThanTheContextAreRefused) {
  const std::string first = MakeProblems(10)[3].id();
  const auto sampler = Scripted([&](const SampleRequest& request) {
    if (request.problem.id() != first) return ScriptedAnswer(request);
    SampleResult result;
    result.status = absl::OutOfRangeError("prompt has 900 tokens");
    return result;
  });
  const std::string directory = Evaluate(*sampler, "run");
  const BenchmarkScores scores = Scores(directory);
  EXPECT_EQ(scores.problems, 9);
  EXPECT_FALSE(scores.complete);
  EXPECT_EQ(scores.missing_samples, 0);
  ASSERT_EQ(scores.refused_problems.size(), 1u);
  EXPECT_EQ(scores.refused_problems[0].problem_id, ToHex(first));
  EXPECT_THAT(scores.refused_problems[0].reason, HasSubstr("900 tokens"));
  const Counts counts = Artefact::Open(directory)->manifest().counts();
  EXPECT_EQ(counts.in(), 30u);
  EXPECT_EQ(counts.out(), 27u);
  EXPECT_EQ(counts.rejected(), 3u);
}

TEST_F(EvaluateStage, FailedSamplesAreMissing) {
  const auto sampler = Scripted([](const SampleRequest& request) {
    if (request.sampling.sample_index() != 1) return ScriptedAnswer(request);
    SampleResult result;
    result.status = absl::InternalError("lost");
    return result;
  });
  const BenchmarkScores scores = Scores(Evaluate(*sampler, "run"));
  EXPECT_FALSE(scores.complete);
  EXPECT_EQ(scores.missing_samples, 10);
  EXPECT_NEAR(*scores.pass_at_1, 0.5, 1e-12);
}

TEST_F(EvaluateStage, GoldAnswersThatCannotBeReadAreRefused) {
  std::vector<Problem> problems = MakeProblems(2);
  problems[1].set_gold_answer("a few");
  problems_ = WriteProblems(problems, 1, directory_.File("vague"));
  const auto sampler = Scripted();
  const BenchmarkScores scores = Scores(Evaluate(*sampler, "run"));
  EXPECT_EQ(scores.problems, 1);
  ASSERT_EQ(scores.refused_problems.size(), 1u);
  EXPECT_THAT(scores.refused_problems[0].reason, HasSubstr("no integer"));
}

TEST_F(EvaluateStage, MaxProblemsTakesTheFirstByIdAndGrowsLater) {
  options_.set_max_problems(4);
  const auto inner = Scripted();
  CountingSampler sampler(*inner);
  EXPECT_EQ(Scores(Evaluate(sampler, "run")).problems, 4);
  EXPECT_EQ(sampler.submitted, 12);
  options_.set_max_problems(6);
  EXPECT_EQ(Scores(Evaluate(sampler, "run")).problems, 6);
  EXPECT_EQ(sampler.submitted, 18);
  options_.set_max_problems(3);
  const std::string shrunk = Evaluate(sampler, "run");
  EXPECT_EQ(sampler.submitted, 18);
  EXPECT_EQ(CompareFileTrees(shrunk, Evaluate(sampler, "fresh")), "");
}

TEST_F(EvaluateStage, MoreSamplesLaterReuseTheFinishedOnes) {
  const auto inner = TinySampler();
  CountingSampler sampler(*inner);
  Evaluate(sampler, "run");
  options_.set_samples_per_problem(5);
  const std::string grown = Evaluate(sampler, "run");
  EXPECT_EQ(sampler.submitted, 50);
  EXPECT_EQ(CompareFileTrees(grown, Evaluate(*inner, "fresh")), "");
}

TEST_F(EvaluateStage, ResumedRunsGiveTheSameBytes) {
  const auto sampler = TinySampler();
  const std::string expected = Evaluate(*sampler, "expected");
  for (const uint64_t stop : {1u, 11u, 29u}) {
    const std::string name = absl::StrCat("stopped", stop);
    StageRun run = Run(name);
    StoppingProgress progress;
    progress.stop_at = stop;
    run.context.progress = &progress;
    run.context.cancel = &progress.token;
    EXPECT_THAT(EvaluateWith(*TinySampler(), options_, run),
                IsError(absl::StatusCode::kCancelled, "stopped after"));
    const std::string resumed = Evaluate(*TinySampler(), name);
    EXPECT_EQ(CompareFileTrees(expected, resumed), "") << stop;
  }
}

TEST_F(EvaluateStage, CountsTokensAndProgress) {
  StageRun run = Run("run");
  StoppingProgress progress;
  CountingCost cost;
  run.context.progress = &progress;
  run.context.cost = &cost;
  LIMBECK_ASSERT_OK(EvaluateWith(*TinySampler(), options_, run));
  EXPECT_EQ(progress.total, 30u);
  EXPECT_EQ(progress.last_done, 30u);
  EXPECT_GT(cost.generated, 30u);
  EXPECT_GT(cost.prompt, 30u);
}

TEST_F(EvaluateStage, NoProblemIsAnError) {
  problems_ = WriteProblems({}, 2, directory_.File("empty"));
  const StageRun run = Run("run");
  EXPECT_THAT(EvaluateWith(*Scripted(), options_, run),
              IsError(absl::StatusCode::kFailedPrecondition, "0 problems"));
}

TEST_F(EvaluateStage, NamesBenchmarkAndNote) {
  options_.set_benchmark("arithmetic");
  options_.set_note("demonstration");
  const auto sampler = Scripted();
  const BenchmarkScores scores = Scores(Evaluate(*sampler, "run"));
  EXPECT_EQ(scores.benchmark, "arithmetic");
  EXPECT_EQ(*scores.settings.GetString("note"), "demonstration");
}

class CompareStage : public EvaluateStage {
 protected:
  // A complete evaluation in which sample s of every problem is right for
  // s < right.
  StageInput Evaluation(const std::string& name, int right) {
    const auto sampler = Scripted([right](const SampleRequest& request) {
      SampleResult result;
      result.finish_reason = FINISH_REASON_STOP;
      result.text = RenderOutput(
          "", request.sampling.sample_index() < right
                  ? absl::StrCat("\\boxed{", request.problem.gold_answer(), "}")
                  : std::string("\\boxed{-5}"));
      return result;
    });
    StageInput input;
    input.name = name;
    input.directory = Evaluate(*sampler, name);
    input.content_digest = ReadManifest(input.directory)->content_digest();
    return input;
  }

  absl::StatusOr<Json> Compare(std::vector<StageInput> inputs) {
    CompareOptions options = *ResolveOptions(CompareOptions());
    const StageRun run =
        MakeRun("compare", "compare", options, std::move(inputs));
    LIMBECK_RETURN_IF_ERROR(RunCompareStage(options, run));
    LIMBECK_RETURN_IF_ERROR(FinishArtefact(run, 1));
    LIMBECK_ASSIGN_OR_RETURN(
        const std::string text,
        ReadFile(JoinPath(PartitionPath(run.directory, 0), kComparisonFile)));
    return ParseJson(text);
  }
};

TEST_F(CompareStage, ComparesTheFirstWithEachOther) {
  const auto json = Compare({Evaluation("teacher", 2), Evaluation("student", 1),
                             Evaluation("twin", 2)});
  LIMBECK_ASSERT_OK(json);
  const JsonArray& list = json->Find("comparisons")->array();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(*list[0].GetString("model_a"), "teacher");
  EXPECT_EQ(*list[0].GetString("model_b"), "student");
  EXPECT_NEAR(*list[0].GetDouble("difference"), 1.0 / 3, 1e-12);
  EXPECT_EQ(*list[0].GetDouble("p_value"), 2.0 / 1024);
  EXPECT_EQ(*list[0].GetDouble("p_value_holm"), 4.0 / 1024);
  EXPECT_EQ(*list[1].GetString("model_b"), "twin");
  EXPECT_EQ(*list[1].GetInt("ties"), 10);
  EXPECT_EQ(*list[1].GetDouble("p_value"), 1.0);
  const Json* family = json->Find("holm_family");
  ASSERT_NE(family, nullptr);
  EXPECT_EQ(*family->GetInt("size"), 2);
  EXPECT_EQ(
      family->Find("members")->array()[1].string().rfind("teacher - twin: ", 0),
      0u);
}

TEST_F(CompareStage, InputsMustBeTwoEvaluations) {
  EXPECT_THAT(Compare({Evaluation("teacher", 2)}),
              IsError(absl::StatusCode::kInvalidArgument, "two or more"));
  EXPECT_THAT(Compare({Evaluation("teacher", 2), problems_}),
              IsError(absl::StatusCode::kInvalidArgument,
                      "input 'problems' is no evaluation"));
}

TEST(EvalOptions, DefaultsAndRanges) {
  const auto options = ResolveOptions(EvaluateOptions());
  LIMBECK_ASSERT_OK(options);
  EXPECT_EQ(options->samples_per_problem(), 8);
  EXPECT_EQ(options->temperature(), 0.6);
  EXPECT_EQ(options->top_p(), 0.95);
  EXPECT_EQ(options->max_tokens(), 512);
  EXPECT_EQ(options->rows(), 32);
  EvaluateOptions bad;
  bad.set_temperature(0.0);
  EXPECT_THAT(ResolveOptions(bad),
              IsError(absl::StatusCode::kInvalidArgument, "greedy"));
  bad.set_samples_per_problem(1);
  LIMBECK_EXPECT_OK(ResolveOptions(bad));
  bad.set_top_p(0.0);
  EXPECT_THAT(ResolveOptions(bad),
              IsError(absl::StatusCode::kInvalidArgument, "top_p"));
  CompareOptions compare;
  compare.set_confidence(1.0);
  EXPECT_THAT(ResolveOptions(compare),
              IsError(absl::StatusCode::kInvalidArgument, "confidence"));
}

}  // namespace
}  // namespace limbeck
