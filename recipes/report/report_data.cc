#include "recipes/report/report_data.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/recount.h"

namespace limbeck::report {
namespace {

const StageEntry* FindEntry(const Recipe& recipe, absl::string_view name) {
  for (const StageEntry& entry : recipe.stages()) {
    if (entry.name() == name) return &entry;
  }
  return nullptr;
}

absl::StatusOr<Json> ReadJsonFile(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  absl::StatusOr<Json> json = ParseJson(text);
  if (json.ok()) return json;
  return absl::DataLossError(absl::StrCat(path, ": ", json.status().message()));
}

absl::StatusOr<Interval> ReadInterval(const Json& scores,
                                      absl::string_view key) {
  const Json* pair = scores.Find(key);
  if (pair == nullptr || !pair->is_array() || pair->array().size() != 2 ||
      !pair->array()[0].is_number() || !pair->array()[1].is_number()) {
    return absl::DataLossError(
        absl::StrCat("scores: '", key, "' is no pair of numbers"));
  }
  return Interval{pair->array()[0].number(), pair->array()[1].number()};
}

bool IsCorrect(const Trace& trace) {
  for (const Verification& verification : trace.verifications()) {
    if (verification.verdict() == VERDICT_CORRECT) return true;
  }
  return false;
}

// Everything about one artefact that the collectors need.
struct Place {
  std::string stage;
  std::string relative;  // to the workspace
  Artefact artefact;
  const StageEntry* entry = nullptr;
};

absl::Status CollectEvaluation(const Place& place, ReportData* data) {
  Evaluation evaluation;
  evaluation.stage = place.stage;
  evaluation.label = ReadableName(place.stage);
  evaluation.note = place.entry->evaluate().note();
  evaluation.source = absl::StrCat(place.relative, "/part-0000/scores.json");
  LIMBECK_ASSIGN_OR_RETURN(evaluation.scores,
                           ReadJsonFile(place.artefact.Path(0, "scores.json")));
  const Json* pass_at_1 = evaluation.scores.Find("pass_at_1");
  if (pass_at_1 != nullptr && pass_at_1->is_null()) {
    data->unscored.push_back(std::move(evaluation));
    return absl::OkStatus();
  }
  LIMBECK_ASSIGN_OR_RETURN(evaluation.pass_at_1,
                           evaluation.scores.GetDouble("pass_at_1"));
  LIMBECK_ASSIGN_OR_RETURN(
      evaluation.exam,
      ReadInterval(evaluation.scores, "pass_at_1_interval_exam"));
  LIMBECK_ASSIGN_OR_RETURN(
      evaluation.population,
      ReadInterval(evaluation.scores, "pass_at_1_interval_population"));
  LIMBECK_ASSIGN_OR_RETURN(evaluation.traces,
                           ReadArtefact<Trace>(place.artefact, kTracesFile));
  for (const Trace& trace : evaluation.traces) {
    const Problem& problem = trace.problem();
    const int64_t correct = IsCorrect(trace) ? 1 : 0;
    if (!problem.family().empty()) {
      ProblemScore& family = evaluation.by_family[problem.family()];
      family.correct += correct;
      ++family.samples;
    }
    if (problem.difficulty() > 0) {
      ProblemScore& level = evaluation.by_difficulty[problem.difficulty()];
      level.correct += correct;
      ++level.samples;
    }
    evaluation.output_tokens.push_back(trace.output_ids_size());
  }
  data->evaluations.push_back(std::move(evaluation));
  return absl::OkStatus();
}

double NumberOr(const Json& line, absl::string_view key, double fallback) {
  const Json* value = line.Find(key);
  return value != nullptr && value->is_number() ? value->number() : fallback;
}

void AddMetricsLine(const Json& line, Training* training) {
  if (const Json* loss = line.Find("loss"); loss != nullptr) {
    training->tokens += static_cast<int64_t>(NumberOr(line, "tokens", 0));
    training->loss_tokens +=
        static_cast<int64_t>(NumberOr(line, "loss_tokens", 0));
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

std::string ObjectiveName(const TrainOptions& options) {
  switch (options.objective().kind()) {
    case ObjectiveOptions::KIND_TOPK_DISTILLATION:
      return "top-k distillation";
    case ObjectiveOptions::KIND_DENSE_DISTILLATION:
      return "dense distillation";
    default:
      return "cross-entropy";
  }
}

absl::Status CollectTraining(const Place& place, ReportData* data) {
  Training training;
  training.stage = place.stage;
  training.label = ReadableName(place.stage);
  training.source = absl::StrCat(place.relative, "/part-0000/metrics.jsonl");
  training.objective = ObjectiveName(place.entry->train());
  const std::string path = place.artefact.Path(0, "metrics.jsonl");
  LIMBECK_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  int64_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
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

absl::Status CollectGeneration(const Place& place, ReportData* data) {
  if (!data->teacher_tokens.empty()) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<Trace> traces,
                           ReadArtefact<Trace>(place.artefact, kTracesFile));
  for (const Trace& trace : traces) {
    if (trace.output_ids_size() > 0) {
      data->teacher_tokens.push_back(trace.output_ids_size());
    }
  }
  data->teacher_source = absl::StrCat(place.relative, "/part-*/", kTracesFile);
  return absl::OkStatus();
}

absl::Status CollectFile(const Place& place, absl::string_view name,
                         std::vector<std::pair<std::string, Json>>* out) {
  for (int i = 0; i < place.artefact.num_partitions(); ++i) {
    const std::string path = place.artefact.Path(i, name);
    if (!FileExists(path)) continue;
    LIMBECK_ASSIGN_OR_RETURN(Json json, ReadJsonFile(path));
    out->emplace_back(
        absl::StrCat(place.relative, "/", PartitionName(i), "/", name),
        std::move(json));
  }
  return absl::OkStatus();
}

absl::Status CollectAgreement(const Place& place, ReportData* data) {
  if (place.entry->verify().compare_with().empty()) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(AgreementTable table, ReadAgreement(place.artefact));
  data->agreements.emplace_back(
      absl::StrCat(place.relative, "/part-*/", kAgreementFile),
      std::move(table));
  return absl::OkStatus();
}

absl::Status CollectKind(const Place& place, ReportData* data) {
  switch (place.entry->options_case()) {
    case StageEntry::kEvaluate:
      return CollectEvaluation(place, data);
    case StageEntry::kTrain:
      return CollectTraining(place, data);
    case StageEntry::kGenerate:
      return CollectGeneration(place, data);
    case StageEntry::kCompare:
      return CollectFile(place, "comparison.json", &data->comparisons);
    case StageEntry::kVerify:
      return CollectAgreement(place, data);
    default:
      return absl::OkStatus();
  }
}

// Evaluations in the order that the recipe's report asks for.
void SortEvaluations(const ReportOptions& options, ReportData* data) {
  const auto rank = [&](const Evaluation& evaluation) {
    const auto& wanted = options.evaluations();
    return std::find(wanted.begin(), wanted.end(), evaluation.stage) -
           wanted.begin();
  };
  std::stable_sort(data->evaluations.begin(), data->evaluations.end(),
                   [&](const Evaluation& a, const Evaluation& b) {
                     return rank(a) < rank(b);
                   });
}

}  // namespace

std::string ReadableName(absl::string_view stage) {
  return absl::StrReplaceAll(absl::StripSuffix(stage, "_scores"), {{"_", " "}});
}

absl::StatusOr<ReportData> CollectReportData(const ReportRequest& request) {
  ReportData data;
  for (const auto& [name, directory] : request.artefacts) {
    Place place;
    place.stage = name;
    place.relative = BaseName(directory);
    place.entry = FindEntry(request.recipe, name);
    if (place.entry == nullptr) continue;
    LIMBECK_ASSIGN_OR_RETURN(place.artefact, Artefact::Open(directory));
    LIMBECK_RETURN_IF_ERROR(CheckCounts(directory));
    data.stages.push_back({name, place.artefact.manifest().stage_kind(),
                           place.relative, place.artefact.manifest()});
    LIMBECK_RETURN_IF_ERROR(CollectKind(place, &data));
  }
  SortEvaluations(request.recipe.report(), &data);
  if (FileExists(request.ledger_path)) {
    LIMBECK_ASSIGN_OR_RETURN(data.ledger, ReadJsonFile(request.ledger_path));
  }
  return data;
}

}  // namespace limbeck::report
