// Scores as reported, counted again from the judged samples.
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "eval/compare.h"
#include "recipes/report/collect.h"

namespace limbeck::report {
namespace {

absl::StatusOr<std::optional<Interval>> ReadInterval(const Json& scores,
                                                     absl::string_view key) {
  const Json* pair = scores.Find(key);
  if (pair == nullptr || pair->is_null()) return std::optional<Interval>();
  if (!pair->is_array() || pair->array().size() != 2 ||
      !pair->array()[0].is_number() || !pair->array()[1].is_number()) {
    return absl::DataLossError(
        absl::StrCat("'", key, "' is no pair of numbers"));
  }
  return std::optional<Interval>(
      {pair->array()[0].number(), pair->array()[1].number()});
}

absl::Status ReadFigures(Evaluation* evaluation) {
  const Json& scores = evaluation->scores;
  LIMBECK_ASSIGN_OR_RETURN(evaluation->benchmark,
                           scores.GetString("benchmark", std::string()));
  if (const Json* mean = scores.Find("pass_at_1");
      mean != nullptr && mean->is_number()) {
    evaluation->pass_at_1 = mean->number();
  }
  LIMBECK_ASSIGN_OR_RETURN(evaluation->exam,
                           ReadInterval(scores, "pass_at_1_interval_exam"));
  LIMBECK_ASSIGN_OR_RETURN(
      evaluation->population,
      ReadInterval(scores, "pass_at_1_interval_population"));
  evaluation->benchmark_name = evaluation->benchmark;
  const Json* settings = scores.Find("settings");
  if (settings == nullptr || !settings->is_object()) return absl::OkStatus();
  evaluation->confidence = NumberOr(*settings, "confidence", 0.95);
  const Json* name = settings->Find("benchmark_name");
  if (name != nullptr && name->is_string()) {
    evaluation->benchmark_name = name->string();
  }
  const Json* model = settings->Find("model");
  if (model != nullptr && model->is_string()) {
    evaluation->model_names.push_back(model->string());
  }
  return absl::OkStatus();
}

absl::StatusOr<JsonArray> ArrayAt(const Json& scores, absl::string_view key) {
  const Json* list = scores.Find(key);
  if (list == nullptr) return JsonArray();
  if (!list->is_array()) {
    return absl::DataLossError(absl::StrCat("'", key, "' is no list"));
  }
  return list->array();
}

absl::StatusOr<std::set<std::string>> RefusedProblems(const Json& scores) {
  LIMBECK_ASSIGN_OR_RETURN(const JsonArray refused,
                           ArrayAt(scores, "refused_problems"));
  std::set<std::string> ids;
  for (const Json& problem : refused) {
    LIMBECK_ASSIGN_OR_RETURN(std::string id, problem.GetString("problem_id"));
    ids.insert(std::move(id));
  }
  return ids;
}

void CountTrace(const Trace& trace, const std::string& id,
                Evaluation* evaluation) {
  const Problem& problem = trace.problem();
  const Outcome outcome = OutcomeOf(trace);
  ++evaluation->outcomes[static_cast<size_t>(outcome)];
  if (outcome == Outcome::kJudgeError) return;
  const auto add = [outcome](RightOf& right) {
    right.correct += outcome == Outcome::kRight ? 1 : 0;
    ++right.samples;
  };
  add(evaluation->by_problem[id]);
  if (!problem.family().empty()) add(evaluation->by_family[problem.family()]);
  if (problem.difficulty() > 0) {
    add(evaluation->by_difficulty[problem.difficulty()]);
  }
}

absl::Status CheckProblems(const Evaluation& evaluation) {
  LIMBECK_ASSIGN_OR_RETURN(const JsonArray problems,
                           ArrayAt(evaluation.scores, "per_problem"));
  size_t with_samples = 0;
  for (const Json& problem : problems) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string id,
                             problem.GetString("problem_id"));
    LIMBECK_ASSIGN_OR_RETURN(const int64_t correct, problem.GetInt("correct"));
    LIMBECK_ASSIGN_OR_RETURN(const int64_t samples, problem.GetInt("samples"));
    const auto found = evaluation.by_problem.find(id);
    const RightOf counted =
        found == evaluation.by_problem.end() ? RightOf() : found->second;
    if (counted.correct != correct || counted.samples != samples) {
      return absl::DataLossError(
          absl::StrCat("problem ", id, " has ", correct, " right of ", samples,
                       " samples here, ", counted.correct, " of ",
                       counted.samples, " in ", evaluation.traces_source));
    }
    if (samples > 0) ++with_samples;
  }
  if (with_samples == evaluation.by_problem.size()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      with_samples, " problems have samples here, ",
      evaluation.by_problem.size(), " in ", evaluation.traces_source));
}

absl::Status CheckMean(const Evaluation& evaluation) {
  // Sums in another order.
  constexpr double kRounding = 1e-9;
  double sum = 0.0;
  for (const auto& [id, right] : evaluation.by_problem) sum += right.share();
  const double mean = sum / static_cast<double>(evaluation.by_problem.size());
  const bool both =
      evaluation.pass_at_1.has_value() && !evaluation.by_problem.empty();
  const bool neither =
      !evaluation.pass_at_1.has_value() && evaluation.by_problem.empty();
  if (neither ||
      (both && std::abs(mean - *evaluation.pass_at_1) <= kRounding)) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat(
      "pass_at_1 is ", evaluation.pass_at_1.value_or(std::nan("")),
      " here, but ", mean, " counted from ", evaluation.traces_source));
}

absl::Status ReadAndCheck(const Place& place, Evaluation* evaluation) {
  LIMBECK_RETURN_IF_ERROR(ReadFigures(evaluation));
  LIMBECK_ASSIGN_OR_RETURN(const std::set<std::string> refused,
                           RefusedProblems(evaluation->scores));
  LIMBECK_ASSIGN_OR_RETURN(evaluation->traces,
                           ReadArtefact<Trace>(place.artefact, kTracesFile));
  for (const Trace& trace : evaluation->traces) {
    const std::string id = ProblemKey(trace.problem());
    if (refused.count(id) > 0) continue;
    CountTrace(trace, id, evaluation);
    evaluation->output_tokens.push_back(trace.output_ids_size());
  }
  LIMBECK_RETURN_IF_ERROR(CheckProblems(*evaluation));
  return CheckMean(*evaluation);
}

}  // namespace

std::string ProblemKey(const Problem& problem) {
  const std::string& own = problem.source().record_id();
  return own.empty() ? ToHex(problem.id()) : own;
}

absl::Status CollectEvaluation(const Place& place, ReportData* data) {
  Evaluation evaluation;
  evaluation.stage = place.stage;
  evaluation.model = place.model;
  evaluation.note = place.entry->evaluate().note();
  evaluation.source = place.Source(kScoresFile);
  evaluation.traces_source = place.SourceOfAll(kTracesFile);
  const std::string path = place.artefact.Path(0, kScoresFile);
  LIMBECK_ASSIGN_OR_RETURN(evaluation.scores, ReadJsonFile(path));
  const absl::Status status = ReadAndCheck(place, &evaluation);
  if (!status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat(path, ": ", status.message()));
  }
  data->evaluations.push_back(std::move(evaluation));
  return absl::OkStatus();
}

}  // namespace limbeck::report
