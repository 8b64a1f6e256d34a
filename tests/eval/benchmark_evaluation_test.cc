// Evaluations on a benchmark's own file: prompts, order of options, verdicts,
// the same scores as for stored samples, and resume within sampling and
// judging.
#include "eval/benchmark_evaluation.h"

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/judge/judge.h"
#include "data/stages/artefact.h"
#include "eval/benchmark.h"
#include "eval/benchmark_file.h"
#include "eval/compare.h"
#include "eval/evaluate_stage.h"
#include "eval/options_defaults.h"
#include "eval/score_json.h"
#include "eval/verdict_journal.h"
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

constexpr char kExam[] =
    R"({"id":"2024-I-1","problem":"Two and two?","answer":"004"}
{"id":"2024-I-2","problem":"Three and four?","answer":7}
{"id":"2024-I-3","problem":"Ten less one?","answer":"9"}
)";

constexpr char kChoices[] =
    "Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,"
    "Incorrect Answer 3,Record ID,Subdomain\n"
    "\"Which is\nred?\",ruby,sky,grass,snow,rec1,Colours\n"
    "Which barks?,dog,\"cat, black\",cow,hen,rec2,Animals\n"
    "Which flies?,wren,ant,pig,eel,rec3,Animals\n";

constexpr char kPrograms[] =
    R"({"question_title":"Sum","question_content":"Add two numbers.",)"
    R"("platform":"atcoder","question_id":"abc1","contest_date":"2024-09-01",)"
    R"("starter_code":"","difficulty":"easy",)"
    R"("public_test_cases":"[{\"input\":\"1 2\",\"output\":\"3\",\"testtype\":\"stdin\"}]",)"
    R"("private_test_cases":"[{\"input\":\"1 2\",\"output\":\"3\",\"testtype\":\"stdin\"}]",)"
    R"("metadata":"{}"})"
    "\n";

// "Runs" a program by looking for the number that it would print.
class FakeRunner : public ProgramRunner {
 public:
  explicit FakeRunner(std::atomic<int>* runs) : runs_(runs) {}

  absl::StatusOr<SandboxResult> Run(
      const SandboxCommand& command) const override {
    ++*runs_;
    SandboxResult result;
    result.isolation = IsolationLevel::kB;
    for (const SandboxFile& file : command.files) {
      if (absl::StrContains(file.content, "print(3)")) result.output = "3\n";
      if (absl::StrContains(file.content, "lost()")) {
        return absl::InternalError("the launcher is gone");
      }
    }
    return result;
  }
  IsolationLevel level() const override { return IsolationLevel::kB; }

 private:
  std::atomic<int>* const runs_;
};

class BenchmarkEvaluation : public TeacherStageTest {
 protected:
  EvaluateOptions Options(BenchmarkFileOptions::Name name,
                          const std::string& file, absl::string_view text,
                          int samples) {
    const std::string path = directory_.File(file);
    LIMBECK_EXPECT_OK(WriteFileAtomically(path, text));
    EvaluateOptions options;
    options.mutable_benchmark_file()->set_name(name);
    options.mutable_benchmark_file()->set_path(path);
    options.set_samples_per_problem(samples);
    options.set_max_tokens(8);
    options.set_rows(4);
    auto resolved = ResolveOptions(options);
    LIMBECK_EXPECT_OK(resolved);
    return resolved.ok() ? *resolved : options;
  }

  std::unique_ptr<SampleJudge> MakeJudge(const EvaluateOptions& options) {
    std::unique_ptr<const Judge> judge;
    if (IsCodeBenchmark(BenchmarkIdOf(options.benchmark_file()))) {
      judge = Judge::CreateWith(std::make_unique<FakeRunner>(&runs_), {});
    }
    return SampleJudge::CreateWith(
        SampleJudgeOptionsOf(options.benchmark_file()), std::move(judge));
  }

  StageRun Run(const EvaluateOptions& options, const std::string& name) {
    return MakeRun(name, "evaluate", options, {});
  }

  std::string Evaluate(Sampler& sampler, const EvaluateOptions& options,
                       const std::string& name) {
    const StageRun run = Run(options, name);
    LIMBECK_EXPECT_OK(
        EvaluateBenchmarkWith(sampler, *MakeJudge(options), options, run));
    LIMBECK_EXPECT_OK(FinishArtefact(run, 1));
    return run.directory;
  }

  static BenchmarkScores Scores(const std::string& directory) {
    auto scores = ReadScores(directory);
    LIMBECK_EXPECT_OK(scores);
    return scores.ok() ? scores->front() : BenchmarkScores();
  }

  static std::vector<Trace> Traces(const std::string& directory) {
    auto artefact = Artefact::Open(directory);
    LIMBECK_EXPECT_OK(artefact);
    if (!artefact.ok()) return {};
    auto traces = ReadArtefact<Trace>(*artefact, kTracesFile);
    LIMBECK_EXPECT_OK(traces);
    return traces.ok() ? *traces : std::vector<Trace>();
  }

  static std::unique_ptr<Sampler> Scripted(
      std::function<std::string(const SampleRequest&)> text) {
    Teacher identity;
    identity.set_name("script");
    return MakeTextSampler(
        identity, [text = std::move(text)](const SampleRequest& request) {
          SampleResult result;
          result.finish_reason = FINISH_REASON_STOP;
          result.text = text(request);
          return result;
        });
  }

  // Right in sample 0, wrong in 1, thinks without end in 2.
  static std::string AnswerOf(const SampleRequest& request) {
    const std::string& gold = request.problem.gold_answer();
    switch (request.sampling.sample_index() % 3) {
      case 0:
        return absl::StrCat("hm</think>\nIt is \\boxed{", gold, "}.");
      case 1:
        return "hm</think>\nIt is \\boxed{123}.";
      default:
        return absl::StrCat("It may be \\boxed{", gold, "}, but");
    }
  }

  std::unique_ptr<Sampler> TinySampler() {
    const ModelInput teacher = MakeTinyTeacher();
    LocalSamplerOptions local;
    local.rows = 4;
    local.identity = teacher.identity;
    return *CreateLocalSampler(teacher.model, teacher.tokenizer, local);
  }

  std::atomic<int> runs_{0};
};

TEST_F(BenchmarkEvaluation, ScoresNameTheFilesOwnProblems) {
  const EvaluateOptions options =
      Options(BenchmarkFileOptions::NAME_AIME24, "aime.jsonl", kExam, 3);
  const auto sampler = Scripted(AnswerOf);
  const std::string directory = Evaluate(*sampler, options, "run");
  const BenchmarkScores scores = Scores(directory);
  EXPECT_EQ(scores.benchmark, "aime24");
  EXPECT_TRUE(scores.complete);
  EXPECT_NEAR(*scores.pass_at_1, 1.0 / 3, 1e-12);
  EXPECT_NEAR(scores.no_answer_share, 1.0 / 3, 1e-12);
  ASSERT_EQ(scores.per_problem.size(), 3u);
  EXPECT_EQ(scores.per_problem[0].problem_id, "2024-I-1");
  EXPECT_EQ(scores.per_problem[2].problem_id, "2024-I-3");
  EXPECT_EQ(*scores.settings.GetString("benchmark_name"), "aime24");
  EXPECT_EQ(*scores.settings.GetString("prompt"), "deepseek_r1");
  EXPECT_EQ(*scores.settings.GetString("extraction"), "box");
  EXPECT_EQ(scores.settings.GetString("data_sha256")->size(), 64u);
  const std::vector<Trace> traces = Traces(directory);
  ASSERT_EQ(traces.size(), 9u);
  for (const Trace& trace : traces) {
    const Problem& problem = trace.problem();
    EXPECT_TRUE(absl::StartsWith(problem.source().record_id(), "2024-I-"));
    ASSERT_EQ(problem.messages_size(), 1);
    EXPECT_THAT(problem.messages(0).content(),
                HasSubstr("put your final answer within \\boxed{}"));
    EXPECT_EQ(trace.verifications_size(), 1);
  }
}

TEST_F(BenchmarkEvaluation, OrderOfOptionsIsStoredAndDiffersBySample) {
  const EvaluateOptions options =
      Options(BenchmarkFileOptions::NAME_GPQA_DIAMOND, "gpqa.csv", kChoices, 8);
  const auto knows = Scripted([](const SampleRequest& request) {
    return absl::StrCat("hm</think>\nAnswer: ", request.problem.gold_answer());
  });
  const std::string directory = Evaluate(*knows, options, "run");
  EXPECT_EQ(*Scores(directory).pass_at_1, 1.0);
  std::set<std::string> orders, letters;
  for (const Trace& trace : Traces(directory)) {
    const Problem& problem = trace.problem();
    ASSERT_EQ(problem.option_order_size(), 4);
    std::string order;
    for (const uint32_t option : problem.option_order()) {
      absl::StrAppend(&order, option);
    }
    orders.insert(order);
    letters.insert(problem.gold_answer());
    const char letter = problem.gold_answer()[0];
    EXPECT_EQ(problem.option_order(letter - 'A'), 0u);
    const std::string& text = problem.messages(0).content();
    const std::string right = problem.source().record_id() == "rec1"   ? "ruby"
                              : problem.source().record_id() == "rec2" ? "dog"
                                                                       : "wren";
    EXPECT_THAT(text,
                HasSubstr(absl::StrCat(std::string(1, letter), ") ", right)));
  }
  EXPECT_GT(orders.size(), 6u);
  EXPECT_EQ(letters.size(), 4u);
  // Who always says the same letter is right by chance only.
  const auto stubborn =
      Scripted([](const SampleRequest&) { return "hm</think>\nAnswer: A"; });
  const double share = *Scores(Evaluate(*stubborn, options, "A")).pass_at_1;
  EXPECT_GT(share, 0.0);
  EXPECT_LT(share, 0.6);
}

TEST_F(BenchmarkEvaluation, AgreesWithTheScoresOfStoredSamples) {
  for (const auto& [name, file, text] :
       {std::tuple(BenchmarkFileOptions::NAME_AIME24, "aime.jsonl", kExam),
        std::tuple(BenchmarkFileOptions::NAME_GPQA_DIAMOND, "gpqa.csv",
                   kChoices)}) {
    const EvaluateOptions options = Options(name, file, text, 4);
    const auto sampler = Scripted([](const SampleRequest& request) {
      return request.problem.option_order().empty()
                 ? AnswerOf(request)
                 : std::string("hm</think>\nAnswer: C");
    });
    const std::string directory = Evaluate(*sampler, options, file + 1);
    std::string lines;
    for (const Trace& trace : Traces(directory)) {
      Json line = Json::Object();
      line.Set("problem_id", trace.problem().source().record_id());
      line.Set("sample", trace.sampling().sample_index());
      line.Set("text", absl::StrCat("<think>\n", trace.raw_output()));
      line.Set("finish_reason", "stop");
      Json order = Json::Array();
      for (const uint32_t option : trace.problem().option_order()) {
        order.Push(static_cast<int64_t>(option));
      }
      if (!order.array().empty()) line.Set("option_order", std::move(order));
      absl::StrAppend(&lines, WriteJson(line), "\n");
    }
    BenchmarkRequest request;
    request.source = SourceOf(options.benchmark_file());
    request.samples_path = directory_.File("samples.jsonl");
    request.intervals.seed = 5;
    LIMBECK_ASSERT_OK(WriteFileAtomically(request.samples_path, lines));
    LIMBECK_ASSERT_OK_AND_ASSIGN(BenchmarkScores stored, ScoreSamples(request));
    BenchmarkScores evaluated = Scores(directory);
    for (const JsonMember& member : stored.settings.object()) {
      EXPECT_NE(evaluated.settings.Find(member.first), nullptr) << member.first;
    }
    stored.settings = evaluated.settings = Json::Object();
    EXPECT_EQ(WriteJson(ScoresToJson(stored)),
              WriteJson(ScoresToJson(evaluated)));
  }
}

TEST_F(BenchmarkEvaluation, ProgramsAreJudgedAndJudgeErrorsCountNowhere) {
  const EvaluateOptions options = Options(
      BenchmarkFileOptions::NAME_LIVECODEBENCH, "test.jsonl", kPrograms, 4);
  const auto sampler = Scripted([](const SampleRequest& request) {
    constexpr const char* kBodies[] = {"print(3)", "print(4)", "lost()", ""};
    const std::string body = kBodies[request.sampling.sample_index()];
    return body.empty()
               ? std::string("hm</think>\nI do not know.")
               : absl::StrCat("hm</think>\n```python\n", body, "\n```\n");
  });
  const std::string directory = Evaluate(*sampler, options, "run");
  const BenchmarkScores scores = Scores(directory);
  ASSERT_EQ(scores.per_problem.size(), 1u);
  EXPECT_EQ(scores.per_problem[0].outcomes, "10!-");
  EXPECT_NEAR(*scores.pass_at_1, 1.0 / 3, 1e-12);
  EXPECT_NEAR(scores.judge_error_share, 0.25, 1e-12);
  EXPECT_FALSE(scores.complete);
  EXPECT_EQ(*scores.settings.GetString("isolation"), "B");
  for (const Trace& trace : Traces(directory)) {
    EXPECT_EQ(trace.verifications(0).method(), "judge");
    EXPECT_TRUE(trace.extracted_answer().empty());
  }
}

TEST_F(BenchmarkEvaluation, ProgramsAreNotRunAgainAfterAnInterruption) {
  const EvaluateOptions options = Options(
      BenchmarkFileOptions::NAME_LIVECODEBENCH, "test.jsonl", kPrograms, 10);
  const auto sampler = Scripted([](const SampleRequest&) {
    return "hm</think>\n```python\nprint(3)\n```\n";
  });
  const std::string expected = Evaluate(*sampler, options, "expected");
  const int all_runs = runs_.exchange(0);
  ASSERT_EQ(all_runs, 20);  // two tests each
  // The tenth sample ends the sampling, the fourteenth step is in judging.
  StageRun run = Run(options, "stopped");
  class StopWhileJudging : public StoppingProgress {
   public:
    void Begin(absl::string_view phase, uint64_t total,
               absl::string_view unit) override {
      StoppingProgress::Begin(phase, total, unit);
      stop_at = phase == "judge" ? 4 : UINT64_MAX;
    }
  } progress;
  run.context.progress = &progress;
  run.context.cancel = &progress.token;
  EXPECT_THAT(
      EvaluateBenchmarkWith(*sampler, *MakeJudge(options), options, run),
      IsError(absl::StatusCode::kCancelled, "judging"));
  EXPECT_GT(runs_.load(), 0);
  const std::string resumed = Evaluate(*sampler, options, "stopped");
  EXPECT_EQ(runs_.load(), all_runs);
  EXPECT_EQ(CompareFileTrees(expected, resumed), "");
}

TEST_F(BenchmarkEvaluation, ResumedSamplingGivesTheSameBytes) {
  const EvaluateOptions options =
      Options(BenchmarkFileOptions::NAME_GPQA_DIAMOND, "gpqa.csv", kChoices, 3);
  const std::string expected = Evaluate(*TinySampler(), options, "expected");
  for (const uint64_t stop : {1u, 5u, 8u}) {
    const std::string name = absl::StrCat("stopped", stop);
    StageRun run = Run(options, name);
    StoppingProgress progress;
    progress.stop_at = stop;
    run.context.progress = &progress;
    run.context.cancel = &progress.token;
    EXPECT_THAT(EvaluateBenchmarkWith(*TinySampler(), *MakeJudge(options),
                                      options, run),
                IsError(absl::StatusCode::kCancelled, "stopped"));
    EXPECT_EQ(
        CompareFileTrees(expected, Evaluate(*TinySampler(), options, name)), "")
        << stop;
  }
}

TEST_F(BenchmarkEvaluation, MoreSamplesLaterReuseTheFinishedOnes) {
  EvaluateOptions options =
      Options(BenchmarkFileOptions::NAME_AIME24, "aime.jsonl", kExam, 2);
  const auto inner = Scripted(AnswerOf);
  CountingSampler sampler(*inner);
  Evaluate(sampler, options, "run");
  options.set_samples_per_problem(5);
  const std::string grown = Evaluate(sampler, options, "run");
  EXPECT_EQ(sampler.submitted, 15);
  EXPECT_EQ(CompareFileTrees(grown, Evaluate(*inner, options, "fresh")), "");
}

TEST_F(BenchmarkEvaluation, SameQuestionTwiceIsRefusedOnce) {
  const EvaluateOptions options =
      Options(BenchmarkFileOptions::NAME_AIME24, "aime.jsonl",
              absl::StrCat(kExam, R"({"id":"again","problem":"two and  Two?",)",
                           R"("answer":"4"})"),
              1);
  const BenchmarkScores scores =
      Scores(Evaluate(*Scripted(AnswerOf), options, "run"));
  EXPECT_EQ(scores.problems, 3);
  ASSERT_EQ(scores.refused_problems.size(), 1u);
  EXPECT_EQ(scores.refused_problems[0].problem_id, "again");
  EXPECT_THAT(scores.refused_problems[0].reason, HasSubstr("'2024-I-1'"));
}

TEST_F(BenchmarkEvaluation, MaxProblemsTakesTheFirstOfTheFile) {
  EvaluateOptions options =
      Options(BenchmarkFileOptions::NAME_AIME24, "aime.jsonl", kExam, 1);
  options.set_max_problems(2);
  const BenchmarkScores scores =
      Scores(Evaluate(*Scripted(AnswerOf), options, "run"));
  ASSERT_EQ(scores.per_problem.size(), 2u);
  EXPECT_EQ(scores.per_problem[1].problem_id, "2024-I-2");
}

TEST_F(BenchmarkEvaluation, PromptsThatDoNotFitAreErrors) {
  EvaluateOptions options =
      Options(BenchmarkFileOptions::NAME_GPQA_DIAMOND, "gpqa.csv", kChoices, 1);
  options.mutable_benchmark_file()->set_prompt(
      BenchmarkFileOptions::PROMPT_MATHARENA);
  EXPECT_THAT(EvaluateBenchmarkWith(*Scripted(AnswerOf), *MakeJudge(options),
                                    options, Run(options, "run")),
              IsError(absl::StatusCode::kInvalidArgument, "matharena"));
}

TEST_F(BenchmarkEvaluation, VerdictsOfAnotherEvaluationAreRefused) {
  const std::string path = directory_.File("verdicts.journal");
  {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const auto journal,
                                 VerdictJournal::Open(path, "one"));
    Verification verdict;
    verdict.set_verdict(VERDICT_CORRECT);
    LIMBECK_ASSERT_OK(journal->Add("trace", verdict));
    EXPECT_EQ(journal->Find("trace"), nullptr);
  }
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto again,
                               VerdictJournal::Open(path, "one"));
  ASSERT_NE(again->Find("trace"), nullptr);
  EXPECT_EQ(again->Find("trace")->verdict(), VERDICT_CORRECT);
  EXPECT_EQ(again->Find("other"), nullptr);
  EXPECT_FALSE(VerdictJournal::Open(path, "two").ok());
}

TEST(BenchmarkFileOptions, DefaultsAreThoseOfTheBenchmark) {
  EvaluateOptions options;
  options.mutable_benchmark_file()->set_path("x.jsonl");
  EXPECT_THAT(
      ResolveOptions(options),
      IsError(absl::StatusCode::kInvalidArgument, "benchmark_file.name"));
  for (const auto& [name, text, samples] :
       {std::tuple(BenchmarkFileOptions::NAME_AIME24, "aime24", 64),
        std::tuple(BenchmarkFileOptions::NAME_AIME25, "aime25", 64),
        std::tuple(BenchmarkFileOptions::NAME_MATH500, "math500", 4),
        std::tuple(BenchmarkFileOptions::NAME_GPQA_DIAMOND, "gpqa_diamond", 8),
        std::tuple(BenchmarkFileOptions::NAME_LIVECODEBENCH, "livecodebench",
                   16)}) {
    options.mutable_benchmark_file()->set_name(name);
    LIMBECK_ASSERT_OK_AND_ASSIGN(const EvaluateOptions resolved,
                                 ResolveOptions(options));
    EXPECT_EQ(resolved.benchmark(), text);
    EXPECT_EQ(resolved.samples_per_problem(), samples);
    EXPECT_EQ(resolved.temperature(), 0.6);
    EXPECT_EQ(resolved.top_p(), 0.95);
    EXPECT_EQ(resolved.max_tokens(), 32768);
    EXPECT_EQ(resolved.benchmark_file().min_isolation(),
              BenchmarkFileOptions::ISOLATION_B);
  }
  options.mutable_benchmark_file()->clear_path();
  EXPECT_THAT(
      ResolveOptions(options),
      IsError(absl::StatusCode::kInvalidArgument, "benchmark_file.path"));
}

}  // namespace
}  // namespace limbeck
