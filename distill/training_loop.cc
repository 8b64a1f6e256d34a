// The loop of a training run.
#include "distill/training_loop.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "student/checkpoint/checkpoint.h"

namespace limbeck {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxNamedCulprits = 20;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The first names, and how many more there are.
std::string NameCulprits(const std::vector<std::string>& culprits) {
  const size_t shown = std::min(culprits.size(), kMaxNamedCulprits);
  std::string text = absl::StrJoin(
      culprits.begin(), culprits.begin() + static_cast<int64_t>(shown), "; ");
  if (culprits.size() > shown) {
    absl::StrAppend(&text, "; and ", culprits.size() - shown, " more");
  }
  return text;
}

Objective MakeObjective(const TrainOptions& options,
                        const TrainInputs& inputs) {
  Objective objective;
  objective.options = options.objective();
  objective.rules.vocab_size = inputs.tokenizer_size;
  objective.rules.max_positions = inputs.model.config.max_positions;
  objective.rules.tokenizer_fingerprint = inputs.tokenizer_fingerprint;
  objective.rules.with_signals =
      options.objective().kind() == ObjectiveOptions::KIND_TOPK_DISTILLATION;
  objective.teacher = inputs.teacher.get();
  objective.num_valid_columns = inputs.tokenizer_size;
  return objective;
}

int Lanes(const Model& model, const TrainOptions& options) {
  const int32_t size = options.bins_per_micro_batch();
  return SuitableLanes(model, (options.bins_per_step() + size - 1) / size);
}

TrainingStates::Settings StateSettings(const TrainingLoop::Settings& settings,
                                       const TrainInputs& inputs) {
  TrainingStates::Settings result;
  result.directory = JoinPath(settings.directory, kTrainingStateFolder);
  result.fingerprint = settings.fingerprint;
  result.keep = settings.options.keep_checkpoints();
  result.tokenizer_directory = inputs.tokenizer_directory;
  result.export_dtype = ExportType(settings.options);
  result.warn = [sink = settings.context.progress](absl::string_view text) {
    if (sink != nullptr) sink->Warn(text);
  };
  return result;
}

}  // namespace

at::ScalarType ExportType(const TrainOptions& options) {
  return options.export_dtype() == TrainOptions::DTYPE_BFLOAT16 ? at::kBFloat16
                                                                : at::kFloat;
}

TrainingLoop::TrainingLoop(Settings settings, TrainInputs inputs)
    : settings_(std::move(settings)),
      inputs_(std::move(inputs)),
      objective_(MakeObjective(settings_.options, inputs_)),
      trainable_(MakeTrainable(inputs_.model,
                               Lanes(inputs_.model, settings_.options))),
      optimizer_(MakeAdamWState(inputs_.model)),
      states_(StateSettings(settings_, inputs_)) {}

absl::StatusOr<std::unique_ptr<TrainingLoop>> TrainingLoop::Create(
    Settings settings, TrainInputs inputs) {
  const EpochSize epoch{inputs.bins->num_bins(), inputs.bins->num_tokens(),
                        inputs.bins->num_loss_tokens()};
  LIMBECK_ASSIGN_OR_RETURN(const RunLength length,
                           PlanRunLength(settings.options, epoch));
  std::unique_ptr<TrainingLoop> loop(
      new TrainingLoop(std::move(settings), std::move(inputs)));
  loop->length_ = length;
  LIMBECK_RETURN_IF_ERROR(loop->Resume());
  return loop;
}

absl::Status TrainingLoop::Resume() {
  LIMBECK_ASSIGN_OR_RETURN(const std::optional<TrainingProgress> saved,
                           states_.Restore(inputs_.model, optimizer_));
  if (saved) {
    progress_ = *saved;
    LIMBECK_RETURN_IF_ERROR(inputs_.bins->Restore(progress_.loader));
  } else {
    progress_.loader = inputs_.bins->State();
  }
  LIMBECK_ASSIGN_OR_RETURN(
      metrics_, MetricsLog::Open(settings_.directory,
                                 {progress_.step, progress_.metrics_bytes}));
  return absl::OkStatus();
}

bool TrainingLoop::finished() const {
  if (length_.max_tokens > 0) {
    return progress_.trained_tokens >= length_.max_tokens;
  }
  return static_cast<int64_t>(progress_.loader.consumed_bins()) >=
         length_.total_bins;
}

absl::StatusOr<std::vector<LoadedBin>> TrainingLoop::NextBins() {
  int64_t count = settings_.options.bins_per_step();
  if (length_.total_bins > 0) {
    const auto consumed =
        static_cast<int64_t>(progress_.loader.consumed_bins());
    count = std::min(count, length_.total_bins - consumed);
  }
  return inputs_.bins->NextBatch(static_cast<int>(count));
}

absl::Status TrainingLoop::Run() {
  if (settings_.context.progress != nullptr) {
    settings_.context.progress->Begin(
        "train", static_cast<uint64_t>(length_.total_steps), "steps");
    settings_.context.progress->SetDone(static_cast<uint64_t>(progress_.step));
  }
  if (progress_.metrics_bytes == 0 && progress_.step == 0 &&
      settings_.options.evaluate_every_steps() > 0) {
    LIMBECK_RETURN_IF_ERROR(EvaluateNow());
  }
  while (!finished()) {
    if (settings_.context.cancelled()) return StopCancelled();
    LIMBECK_RETURN_IF_ERROR(RunStep());
    LIMBECK_RETURN_IF_ERROR(EvaluateIfDue());
    LIMBECK_RETURN_IF_ERROR(SaveIfDue());
  }
  LIMBECK_RETURN_IF_ERROR(metrics_->Sync().status());
  return SaveCheckpoint(inputs_.model,
                        {.dtype = ExportType(settings_.options),
                         .tokenizer_directory = inputs_.tokenizer_directory},
                        JoinPath(settings_.directory, kCheckpointFolder));
}

absl::Status TrainingLoop::RunStep() {
  const Clock::time_point begin = Clock::now();
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<LoadedBin> bins, NextBins());
  StepTiming timing;
  timing.load_seconds = SecondsSince(begin);
  StepSettings step;
  step.objective = &objective_;
  step.adamw = settings_.options.adamw();
  step.bins_per_micro_batch = settings_.options.bins_per_micro_batch();
  step.learning_rate = LearningRateAt(settings_.options.learning_rate(),
                                      progress_.step, length_.total_steps);
  LIMBECK_ASSIGN_OR_RETURN(const StepResult result,
                           Step(step, bins, trainable_, optimizer_));
  timing.seconds = SecondsSince(begin);
  ++progress_.step;
  progress_.trained_tokens += result.tokens;
  progress_.trained_loss_tokens += result.loss_tokens;
  progress_.loader = inputs_.bins->State();
  LIMBECK_RETURN_IF_ERROR(
      metrics_->WriteStep(progress_.step, step.learning_rate, result, timing));
  if (settings_.context.cost != nullptr) {
    settings_.context.cost->AddTrainedTokens(
        static_cast<uint64_t>(result.tokens));
  }
  rate_.Add(timing.seconds, result.tokens);
  ShowProgress(result, step.learning_rate);
  return NoteSkipped(result);
}

absl::Status TrainingLoop::NoteSkipped(const StepResult& result) {
  if (result.applied) {
    progress_.skipped_in_a_row = 0;
    return absl::OkStatus();
  }
  ++progress_.skipped_steps;
  ++progress_.skipped_in_a_row;
  const int32_t limit = settings_.options.max_skipped_steps();
  if (progress_.skipped_in_a_row < limit) return absl::OkStatus();
  LIMBECK_RETURN_IF_ERROR(metrics_->Sync().status());
  return absl::AbortedError(absl::StrCat(
      "training stopped at step ", progress_.step, ": loss (", result.loss,
      ") or gradient norm (", result.gradient_norm, ") was not finite ", limit,
      " times in a row (max_skipped_steps); last in: ",
      NameCulprits(result.culprits)));
}

void TrainingLoop::ShowProgress(const StepResult& result,
                                double learning_rate) {
  ProgressSink* sink = settings_.context.progress;
  if (sink == nullptr) return;
  // With a token budget the total is an expectation.
  sink->SetDone(
      static_cast<uint64_t>(std::min(progress_.step, length_.total_steps)));
  std::string text =
      absl::StrFormat("loss %.4f, learning rate %.2e, %.1fk tokens/s",
                      result.loss, learning_rate, rate_.PerSecond() / 1000.0);
  if (progress_.skipped_steps > 0) {
    absl::StrAppend(&text, ", ", progress_.skipped_steps, " steps skipped");
  }
  sink->SetDetail(text);
}

absl::Status TrainingLoop::EvaluateIfDue() {
  const int32_t every = settings_.options.evaluate_every_steps();
  const bool due = every > 0 && progress_.step % every == 0;
  return due || finished() ? EvaluateNow() : absl::OkStatus();
}

absl::Status TrainingLoop::EvaluateNow() {
  if (inputs_.held_out == nullptr) return absl::OkStatus();
  Objective objective = objective_;
  objective.rules.with_signals = inputs_.held_out_has_signals;
  LIMBECK_ASSIGN_OR_RETURN(const Evaluation evaluation,
                           Evaluate(objective, inputs_.model, *inputs_.held_out,
                                    settings_.options.bins_per_micro_batch()));
  return metrics_->WriteEvaluation(progress_.step, evaluation);
}

absl::Status TrainingLoop::SaveIfDue() {
  const bool due =
      progress_.step % settings_.options.checkpoint_every_steps() == 0;
  // At the end the checkpoint itself follows at once.
  return due && !finished() ? SaveState() : absl::OkStatus();
}

absl::Status TrainingLoop::SaveState() {
  LIMBECK_ASSIGN_OR_RETURN(progress_.metrics_bytes, metrics_->Sync());
  return states_.Save(progress_, inputs_.model, optimizer_);
}

absl::Status TrainingLoop::StopCancelled() {
  LIMBECK_RETURN_IF_ERROR(SaveState());
  return absl::CancelledError(
      absl::StrCat("training stopped after step ", progress_.step, " of ",
                   length_.total_steps, "; its state is saved"));
}

}  // namespace limbeck
