// The training stage as a whole: results, resuming at every step, refusals.
#include "distill/train_stage.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/stages/artefact.h"
#include "data/text/tokenizer.h"
#include "distill/train_inputs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "student/checkpoint/checkpoint.h"
#include "tests/distill/train_fixture.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using absl::StatusCode;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// The lines of metrics.jsonl.
std::vector<Json> Metrics(const std::string& directory) {
  std::vector<Json> lines;
  const auto text = ReadFile(directory + "/part-0000/metrics.jsonl");
  EXPECT_THAT(text, IsOk());
  for (absl::string_view line :
       absl::StrSplit(text.value_or(""), '\n', absl::SkipEmpty())) {
    auto json = ParseJson(line);
    EXPECT_THAT(json, IsOk());
    lines.push_back(*std::move(json));
  }
  return lines;
}

TEST_F(TrainStage, LeavesCheckpointMetricsAndManifest) {
  const StageRun run = Run("run", Options());
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), run));
  const std::string part = run.directory + "/part-0000";
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model model,
                               LoadCheckpoint(part + "/checkpoint"));
  EXPECT_EQ(model.config.hidden_size, 16);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto tokenizer,
                               LoadTokenizer(part + "/checkpoint"));
  EXPECT_EQ(tokenizer->fingerprint(), fixture_->fingerprint());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Manifest manifest, ReadManifest(part));
  LIMBECK_EXPECT_OK(VerifyFiles(part, manifest));
  EXPECT_EQ(manifest.counts().unit(), "bins");
  EXPECT_EQ(manifest.counts().in(), 8u);
  EXPECT_EQ(manifest.counts().out(), 8u);
  EXPECT_EQ(manifest.tokenizer_fingerprint(), fixture_->fingerprint());
  std::vector<std::string> names;
  for (const FileEntry& file : manifest.files()) names.push_back(file.name());
  EXPECT_THAT(names, Contains("checkpoint/model.safetensors"));
  EXPECT_THAT(names, Contains("metrics.jsonl"));
  EXPECT_THAT(names, Not(Contains(HasSubstr("timing"))));
  EXPECT_THAT(names, Not(Contains(HasSubstr("events"))));
  EXPECT_FALSE(FileExists(part + "/training_state"));
  EXPECT_TRUE(FileExists(part + "/timing.jsonl"));
  EXPECT_TRUE(FileExists(part + "/events"));
}

TEST_F(TrainStage, MetricsCoverEveryStepAndEvaluation) {
  const StageRun run = Run("run", Options());
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), run));
  std::vector<int64_t> steps;
  std::vector<int64_t> evaluations;
  double first = 0.0;
  double last = 0.0;
  for (const Json& line : Metrics(run.directory)) {
    const int64_t step = line.Find("step")->integer();
    if (line.Find("held_out_loss") != nullptr) {
      evaluations.push_back(step);
      EXPECT_EQ(line.Find("held_out_loss")->number(),
                line.Find("held_out_cross_entropy")->number());
      continue;
    }
    steps.push_back(step);
    last = line.Find("loss")->number();
    if (steps.size() == 1) first = last;
  }
  EXPECT_EQ(steps,
            (std::vector<int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(evaluations, (std::vector<int64_t>{0, 4, 8, 12}));
  EXPECT_NEAR(first, std::log(290.0), 0.1);  // a small random model is uniform
  EXPECT_LT(last, first);
}

TEST_F(TrainStage, TokenBudgetEndsTheRun) {
  TrainOptions options = Options();
  options.clear_epochs();
  options.set_max_tokens(100);
  const StageRun run = Run("run", options);
  LIMBECK_ASSERT_OK(RunTrainStage(options, run));
  int64_t tokens = 0;
  int64_t before_last = 0;
  for (const Json& line : Metrics(run.directory)) {
    if (line.Find("tokens") == nullptr) continue;
    before_last = tokens;
    tokens += line.Find("tokens")->integer();
  }
  EXPECT_GE(tokens, 100);
  EXPECT_LT(before_last, 100);
}

TEST_F(TrainStage, EpochsEndWithASmallerStep) {
  TrainOptions options = Options();
  options.set_epochs(1.0);
  options.set_bins_per_step(3);
  const StageRun run = Run("run", options);
  LIMBECK_ASSERT_OK(RunTrainStage(options, run));
  std::vector<int64_t> tokens;
  int64_t total = 0;
  for (const Json& line : Metrics(run.directory)) {
    if (line.Find("tokens") == nullptr) continue;
    tokens.push_back(line.Find("tokens")->integer());
    total += tokens.back();
  }
  EXPECT_EQ(tokens.size(), 3u);
  EXPECT_EQ(total, 8 * 16 + 28);  // bins of 16 to 23 tokens, each once
}

TEST_F(TrainStage, CountsTheBinsItTrainedOn) {
  const struct {
    double epochs;
    uint64_t bins;
  } kCases[] = {{0.4, 3}, {1.0, 8}, {1.5, 8}};  // of 8 bins
  for (const auto& test : kCases) {
    TrainOptions options = Options();
    options.set_epochs(test.epochs);
    const StageRun run =
        Run(absl::StrCat("run", test.bins, test.epochs), options);
    LIMBECK_ASSERT_OK(RunTrainStage(options, run));
    LIMBECK_ASSERT_OK_AND_ASSIGN(const Manifest manifest,
                                 ReadManifest(run.directory + "/part-0000"));
    EXPECT_EQ(manifest.counts().in(), test.bins) << test.epochs;
    EXPECT_EQ(manifest.counts().out(), test.bins) << test.epochs;
  }
}

TEST_F(TrainStage, ContinuesFromATrainedModel) {
  const StageRun base = Run("base", Options());
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), base));
  TrainOptions options = Options();
  options.clear_architecture();
  options.clear_tokenizer_input();
  options.set_initial_model_input("base");
  options.set_export_dtype(TrainOptions::DTYPE_BFLOAT16);
  const StageRun run = MakeTrainRun(
      options, {Finished(base, "base"), fixture_->bins(), fixture_->held_out()},
      Directory("run"));
  LIMBECK_ASSERT_OK(RunTrainStage(options, run));
  const double before =
      Metrics(base.directory).back().Find("held_out_loss")->number();
  const double start =
      Metrics(run.directory).front().Find("held_out_loss")->number();
  EXPECT_EQ(start, before);
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const Model model,
      LoadCheckpoint(run.directory + "/part-0000/checkpoint"));
  EXPECT_EQ(model.weights.embedding.scalar_type(), at::kBFloat16);
}

TEST_F(TrainStage, DenseDistillationTakesAResidentTeacher) {
  const StageRun teacher = Run("teacher", Options());
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), teacher));
  TrainOptions options = Options();
  options.mutable_objective()->set_kind(
      ObjectiveOptions::KIND_DENSE_DISTILLATION);
  options.set_teacher_input("teacher");
  std::vector<StageInput> inputs = Inputs(fixture_->bins());
  inputs.push_back(Finished(teacher, "teacher"));
  StageRun run = MakeTrainRun(options, inputs, Directory("run"));
  run.identity.seed = 6;  // another student than the teacher was
  LIMBECK_ASSERT_OK(RunTrainStage(options, run));
  const std::vector<Json> lines = Metrics(run.directory);
  const double start = lines.front().Find("held_out_forward_kl")->number();
  const double end = lines.back().Find("held_out_forward_kl")->number();
  EXPECT_GT(end, 0.0);
  EXPECT_LT(end, start);
  EXPECT_EQ(lines.back().Find("held_out_loss")->number(), end);
}

TEST_F(TrainStage, ResidentTeacherOfAnotherVocabularyIsRefused) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto other, LoadTokenizer(fixture_->other_tokenizer().directory));
  const std::string teacher = Directory("teacher");
  LIMBECK_ASSERT_OK(SaveCheckpoint(
      *MakeRandomModel(
          ConfigOfArchitecture(Options().architecture(), other->vocab_size()),
          1),
      {.tokenizer_directory = fixture_->other_tokenizer().directory}, teacher));
  TrainOptions options = Options();
  options.mutable_objective()->set_kind(
      ObjectiveOptions::KIND_DENSE_DISTILLATION);
  options.set_teacher_input("teacher");
  std::vector<StageInput> inputs = Inputs(fixture_->bins());
  inputs.push_back({"teacher", teacher, "digest", true});
  const StageRun run = MakeTrainRun(options, inputs, Directory("run"));
  EXPECT_THAT(RunTrainStage(options, run),
              IsError(StatusCode::kFailedPrecondition,
                      "teacher 'teacher' and the student disagree at token "
                      "id"));
  EXPECT_THAT(RunTrainStage(options, run),
              IsError(StatusCode::kFailedPrecondition,
                      "train with KIND_CROSS_ENTROPY"));
}

TEST_F(TrainStage, OtherTokenizerIsRefusedByBothFingerprints) {
  TrainOptions options = Options();
  options.set_tokenizer_input("other");
  const StageRun run = MakeTrainRun(
      options,
      {fixture_->bins(), fixture_->other_tokenizer(), fixture_->held_out()},
      Directory("run"));
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto other, LoadTokenizer(fixture_->other_tokenizer().directory));
  EXPECT_THAT(
      RunTrainStage(options, run),
      IsError(StatusCode::kFailedPrecondition, fixture_->fingerprint()));
  EXPECT_THAT(RunTrainStage(options, run),
              IsError(StatusCode::kFailedPrecondition, other->fingerprint()));
}

TEST_F(TrainStage, InputsMustBeClear) {
  TrainOptions options = Options();
  options.set_evaluation_input("nobody");
  EXPECT_THAT(RunTrainStage(options, Run("a", options)),
              IsError(StatusCode::kInvalidArgument,
                      "2 inputs could be the packed bins (bins, held_out)"));
  options = Options();
  options.set_tokenizer_input("nobody");
  const StageRun run = MakeTrainRun(
      options, {fixture_->bins(), fixture_->held_out()}, Directory("b"));
  EXPECT_THAT(RunTrainStage(options, run),
              IsError(StatusCode::kInvalidArgument,
                      "tokenizer_input names 'nobody', the stage's inputs "
                      "are: bins, held_out"));
}

TEST_F(TrainStage, TopKWithoutSignalsIsRefused) {
  EXPECT_THAT(
      RunTrainStage(TopKOptions(), Run("run", TopKOptions())),
      IsError(StatusCode::kInvalidArgument, "bins 'bins' hold no signals.lbk"));
}

TEST_F(TrainStage, StopsOnLossesThatAreNoNumbers) {
  const StageRun base = Run("base", Options());
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), base));
  const std::string checkpoint = base.directory + "/part-0000/checkpoint";
  LIMBECK_ASSERT_OK_AND_ASSIGN(Model model, LoadCheckpoint(checkpoint));
  model.weights.final_norm.fill_(std::numeric_limits<float>::infinity());
  const std::string broken = Directory("broken");
  LIMBECK_ASSERT_OK(
      SaveCheckpoint(model, {.tokenizer_directory = checkpoint}, broken));
  TrainOptions options = Options();
  options.clear_architecture();
  options.clear_tokenizer_input();
  options.clear_evaluation_input();
  options.set_initial_model_input("broken");
  options.set_max_skipped_steps(2);
  const StageRun run =
      MakeTrainRun(options, {{"broken", broken, "x", true}, fixture_->bins()},
                   Directory("run"));
  const absl::Status status = RunTrainStage(options, run);
  EXPECT_THAT(status, IsError(StatusCode::kAborted, "stopped at step 2"));
  EXPECT_THAT(status, IsError(StatusCode::kAborted, "2 times in a row"));
  EXPECT_THAT(status, IsError(StatusCode::kAborted, "trace 7472616365"));
  const std::vector<Json> lines = Metrics(run.directory);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[1].Find("skipped")->boolean());
  EXPECT_TRUE(lines[1].Find("loss")->is_null());
  EXPECT_FALSE(lines[1].Find("culprits")->array().empty());
}

class TokenCounter : public CostSink {
 public:
  void AddPromptTokens(uint64_t) override {}
  void AddGeneratedTokens(uint64_t) override {}
  void AddTrainedTokens(uint64_t tokens) override { trained += tokens; }
  uint64_t trained = 0;
};

TEST_F(TrainStage, CountsTrainedTokens) {
  TokenCounter counter;
  StageRun run = Run("run", Options());
  run.context.cost = &counter;
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), run));
  EXPECT_EQ(counter.trained, 3u * (8 * 16 + 28));
}

}  // namespace
}  // namespace limbeck
