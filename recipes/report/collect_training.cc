// Loss curves from metrics.jsonl.
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "recipes/report/collect.h"

namespace limbeck::report {
namespace {

constexpr char kMetricsName[] = "metrics.jsonl";

void AddMetricsLine(const Json& line, Training* training) {
  if (const Json* loss = line.Find("loss"); loss != nullptr) {
    ++training->steps;
    training->tokens += CountAt(line, "tokens");
    training->loss_tokens += CountAt(line, "loss_tokens");
    const Json* skipped = line.Find("skipped");
    if (skipped != nullptr && skipped->is_bool() && skipped->boolean()) {
      ++training->skipped_steps;
    } else if (loss->is_number()) {
      training->loss.emplace_back(training->tokens, loss->number());
    }
  }
  const Json* held_out = line.Find("held_out_cross_entropy");
  if (held_out != nullptr && held_out->is_number()) {
    training->held_out.emplace_back(training->tokens, held_out->number());
  }
}

// Everything that scales or bends the loss, so that curves with the same name
// are the same quantity.
std::string ObjectiveName(const ObjectiveOptions& objective) {
  const bool top_k =
      objective.kind() == ObjectiveOptions::KIND_TOPK_DISTILLATION;
  if (!top_k && objective.kind() != ObjectiveOptions::KIND_DENSE_DISTILLATION) {
    return "cross-entropy";
  }
  std::string name = absl::StrCat(
      top_k ? "top-k" : "dense", " distillation, ",
      absl::StrReplaceAll(
          absl::AsciiStrToLower(absl::StripPrefix(
              ObjectiveOptions::Divergence_Name(objective.divergence()),
              "DIVERGENCE_")),
          {{"_", " "}, {"kl", "KL"}, {"jsd", "JSD"}}));
  if (objective.has_temperature() && objective.temperature() != 1.0) {
    absl::StrAppend(&name, ", temperature ", objective.temperature(),
                    objective.temperature_squared() ? " (× T²)" : "");
  }
  if (objective.cross_entropy_share() > 0.0) {
    absl::StrAppend(&name, ", ", 100.0 * objective.cross_entropy_share(),
                    " % cross-entropy");
  }
  return name;
}

}  // namespace

absl::Status CollectTraining(const Place& place, ReportData* data) {
  Training training;
  training.stage = place.stage;
  training.label = ReadableName(place.stage);
  training.source = place.Source(kMetricsName);
  training.objective = ObjectiveName(place.entry->train().objective());
  const std::string path = place.artefact.Path(0, kMetricsName);
  LIMBECK_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  int64_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    const absl::StatusOr<Json> json = ParseJson(line);
    if (!json.ok()) {
      return absl::DataLossError(
          absl::StrCat(path, ":", number, ": ", json.status().message()));
    }
    AddMetricsLine(*json, &training);
  }
  data->trainings.push_back(std::move(training));
  return absl::OkStatus();
}

}  // namespace limbeck::report
