// What a training run tells while it learns.
#include "distill/metrics.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

Json StepLine(int64_t step, double learning_rate, const StepResult& result) {
  Json line = Json::Object();
  line.Set("step", step);
  line.Set("loss", result.loss);
  line.Set("tokens", result.tokens);
  line.Set("loss_tokens", result.loss_tokens);
  line.Set("gradient_norm", result.gradient_norm);
  line.Set("clip_factor", result.clip_factor);
  line.Set("learning_rate", learning_rate);
  line.Set("skipped", !result.applied);
  if (!result.applied) {
    Json culprits = Json::Array();
    for (const std::string& name : result.culprits) culprits.Push(name);
    line.Set("culprits", std::move(culprits));
  }
  return line;
}

Json EvaluationLine(int64_t step, const Evaluation& evaluation) {
  Json line = Json::Object();
  line.Set("step", step);
  line.Set("held_out_cross_entropy", evaluation.cross_entropy);
  if (evaluation.loss) line.Set("held_out_loss", *evaluation.loss);
  if (evaluation.forward_kl) {
    line.Set("held_out_forward_kl", *evaluation.forward_kl);
  }
  line.Set("held_out_loss_tokens", evaluation.loss_tokens);
  return line;
}

absl::Status AppendLine(AppendFile& file, const Json& line) {
  return file.Append(absl::StrCat(WriteJson(line), "\n"));
}

}  // namespace

MetricsLog::MetricsLog(std::unique_ptr<AppendFile> metrics,
                       std::unique_ptr<AppendFile> timing,
                       std::unique_ptr<EventLog> events)
    : metrics_(std::move(metrics)),
      timing_(std::move(timing)),
      events_(std::move(events)) {}

absl::StatusOr<std::unique_ptr<MetricsLog>> MetricsLog::Open(
    const std::string& directory, const MetricsPosition& position) {
  const std::string path = JoinPath(directory, kMetricsFile);
  LIMBECK_ASSIGN_OR_RETURN(
      std::unique_ptr<AppendFile> metrics,
      AppendFile::Open(path, static_cast<int64_t>(position.bytes)));
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<AppendFile> timing,
                           AppendFile::Open(JoinPath(directory, kTimingFile)));
  LIMBECK_ASSIGN_OR_RETURN(
      std::unique_ptr<EventLog> events,
      EventLog::Open(JoinPath(directory, kEventsFolder), position.step));
  return std::unique_ptr<MetricsLog>(
      new MetricsLog(std::move(metrics), std::move(timing), std::move(events)));
}

absl::Status MetricsLog::WriteStep(int64_t step, double learning_rate,
                                   const StepResult& result,
                                   const StepTiming& timing) {
  LIMBECK_RETURN_IF_ERROR(
      AppendLine(*metrics_, StepLine(step, learning_rate, result)));
  const double rate =
      static_cast<double>(result.tokens) / std::max(timing.seconds, 1e-9);
  Json line = Json::Object();
  line.Set("step", step);
  line.Set("seconds", timing.seconds);
  line.Set("tokens_per_second", rate);
  line.Set("load_seconds", timing.load_seconds);
  line.Set("gradient_seconds", result.gradient_seconds);
  line.Set("update_seconds", result.update_seconds);
  LIMBECK_RETURN_IF_ERROR(AppendLine(*timing_, line));
  return events_->Write(step, {{"train/loss", result.loss},
                               {"train/gradient_norm", result.gradient_norm},
                               {"train/learning_rate", learning_rate},
                               {"train/tokens_per_second", rate}});
}

absl::Status MetricsLog::WriteEvaluation(int64_t step,
                                         const Evaluation& evaluation) {
  LIMBECK_RETURN_IF_ERROR(
      AppendLine(*metrics_, EvaluationLine(step, evaluation)));
  std::vector<Scalar> scalars = {
      {"held_out/cross_entropy", evaluation.cross_entropy}};
  if (evaluation.loss) scalars.push_back({"held_out/loss", *evaluation.loss});
  if (evaluation.forward_kl) {
    scalars.push_back({"held_out/forward_kl", *evaluation.forward_kl});
  }
  return events_->Write(step, scalars);
}

absl::StatusOr<uint64_t> MetricsLog::Sync() {
  LIMBECK_RETURN_IF_ERROR(metrics_->Sync());
  return metrics_->size();
}

}  // namespace limbeck
