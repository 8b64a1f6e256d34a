// One function per shape; absent numbers are null in both directions.
#include "eval/score_json.h"

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

Json OrNull(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

Json IntervalToJson(const std::optional<Interval>& interval) {
  if (!interval) return Json();
  return Json(JsonArray{interval->low, interval->high});
}

Json ByKToJson(const ScoreByK& values) {
  Json json = Json::Object();
  for (const auto& [k, value] : values) json.Set(absl::StrCat(k), value);
  return json;
}

Json GPassToJson(const BenchmarkScores& scores) {
  Json json = Json::Object();
  for (const auto& [k, by_tau] : scores.g_pass_at_k) {
    Json taus = Json::Object();
    for (size_t t = 0; t < by_tau.size(); ++t) {
      taus.Set(kGPassTauNames[t], by_tau[t]);
    }
    json.Set(absl::StrCat(k), std::move(taus));
  }
  return json;
}

Json ProblemsToJson(const std::vector<ProblemResult>& problems) {
  Json json = Json::Array();
  for (const ProblemResult& problem : problems) {
    Json entry = Json::Object();
    entry.Set("problem_id", problem.problem_id);
    entry.Set("correct", problem.correct);
    entry.Set("samples", problem.samples);
    json.Push(std::move(entry));
  }
  return json;
}

Json RefusedToJson(const std::vector<RefusedProblem>& problems) {
  Json json = Json::Array();
  for (const RefusedProblem& problem : problems) {
    Json entry = Json::Object();
    entry.Set("problem_id", problem.problem_id);
    entry.Set("reason", problem.reason);
    json.Push(std::move(entry));
  }
  return json;
}

Json OutcomesToJson(const std::vector<ProblemResult>& problems) {
  JsonObject outcomes;
  for (const ProblemResult& problem : problems) {
    if (problem.outcomes.empty()) continue;
    outcomes.emplace_back(problem.problem_id, problem.outcomes);
  }
  return Json(std::move(outcomes));
}

Json BreakdownToJson(const std::vector<BreakdownEntry>& breakdown) {
  Json json = Json::Object();
  for (const BreakdownEntry& entry : breakdown) {
    Json figures = Json::Object();
    figures.Set("problems", entry.problems);
    figures.Set("pass_at_1", entry.pass_at_1);
    Json values = json.Find(entry.label) == nullptr ? Json::Object()
                                                    : *json.Find(entry.label);
    values.Set(entry.value, std::move(figures));
    json.Set(entry.label, std::move(values));
  }
  return json;
}

absl::Status WrongShape(absl::string_view key, absl::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", key, "' is not ", expected));
}

bool IsPresent(const Json* value) {
  return value != nullptr && !value->is_null();
}

absl::Status ReadInterval(const Json& json, absl::string_view key,
                          std::optional<Interval>* interval) {
  const Json* value = json.Find(key);
  if (!IsPresent(value)) return absl::OkStatus();
  if (!value->is_array() || value->array().size() != 2 ||
      !value->array()[0].is_number() || !value->array()[1].is_number()) {
    return WrongShape(key, "a list of two numbers");
  }
  *interval = {value->array()[0].number(), value->array()[1].number()};
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ReadK(const std::string& text, absl::string_view key) {
  int64_t k = 0;
  if (absl::SimpleAtoi(text, &k) && k >= 1) return k;
  return WrongShape(absl::StrCat(key, ".", text), "a number of samples");
}

absl::Status ReadByK(const Json& json, absl::string_view key,
                     ScoreByK* values) {
  const Json* object = json.Find(key);
  if (!IsPresent(object)) return absl::OkStatus();
  if (!object->is_object()) return WrongShape(key, "an object");
  for (const auto& [name, value] : object->object()) {
    LIMBECK_ASSIGN_OR_RETURN(const int64_t k, ReadK(name, key));
    if (!value.is_number()) return WrongShape(key, "an object of numbers");
    values->emplace_back(k, value.number());
  }
  return absl::OkStatus();
}

absl::Status ReadGPass(const Json& json, BenchmarkScores* scores) {
  const Json* object = json.Find("g_pass_at_k");
  if (!IsPresent(object)) return absl::OkStatus();
  if (!object->is_object()) return WrongShape("g_pass_at_k", "an object");
  for (const auto& [name, value] : object->object()) {
    LIMBECK_ASSIGN_OR_RETURN(const int64_t k, ReadK(name, "g_pass_at_k"));
    std::array<double, 4> by_tau{};
    for (size_t t = 0; t < by_tau.size(); ++t) {
      LIMBECK_ASSIGN_OR_RETURN(by_tau[t], value.GetDouble(kGPassTauNames[t]));
    }
    scores->g_pass_at_k.emplace_back(k, by_tau);
  }
  return absl::OkStatus();
}

absl::StatusOr<ProblemResult> ReadProblem(const Json& json) {
  ProblemResult problem;
  LIMBECK_ASSIGN_OR_RETURN(problem.problem_id, json.GetString("problem_id"));
  LIMBECK_ASSIGN_OR_RETURN(problem.correct, json.GetInt("correct"));
  LIMBECK_ASSIGN_OR_RETURN(problem.samples, json.GetInt("samples"));
  if (problem.correct < 0 || problem.correct > problem.samples) {
    return absl::InvalidArgumentError(
        absl::StrCat("problem '", problem.problem_id, "' has ", problem.correct,
                     " right of ", problem.samples, " samples"));
  }
  return problem;
}

absl::Status ReadOutcomes(const Json& json, BenchmarkScores* scores) {
  const Json* outcomes = json.Find("outcomes");
  if (!IsPresent(outcomes)) return absl::OkStatus();
  if (!outcomes->is_object()) return WrongShape("outcomes", "an object");
  std::map<absl::string_view, const Json*> by_problem;
  for (const auto& [problem, marks] : outcomes->object()) {
    if (!marks.is_string()) return WrongShape("outcomes", "of texts");
    by_problem.emplace(problem, &marks);
  }
  for (ProblemResult& problem : scores->per_problem) {
    const auto found = by_problem.find(problem.problem_id);
    if (found != by_problem.end()) problem.outcomes = found->second->string();
  }
  return absl::OkStatus();
}

absl::Status ReadBreakdown(const Json& json, BenchmarkScores* scores) {
  const Json* labels = json.Find("breakdown");
  if (!IsPresent(labels)) return absl::OkStatus();
  if (!labels->is_object()) return WrongShape("breakdown", "an object");
  for (const auto& [label, values] : labels->object()) {
    if (!values.is_object()) return WrongShape("breakdown", "of objects");
    for (const auto& [value, figures] : values.object()) {
      BreakdownEntry entry{label, value, 0, 0};
      LIMBECK_ASSIGN_OR_RETURN(entry.problems, figures.GetInt("problems"));
      LIMBECK_ASSIGN_OR_RETURN(entry.pass_at_1, figures.GetDouble("pass_at_1"));
      scores->breakdown.push_back(std::move(entry));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<const JsonArray*> FindArray(const Json& json,
                                           absl::string_view key) {
  const Json* value = json.Find(key);
  if (value == nullptr || !value->is_array()) return WrongShape(key, "a list");
  return &value->array();
}

absl::Status ReadProblems(const Json& json, BenchmarkScores* scores) {
  LIMBECK_ASSIGN_OR_RETURN(const JsonArray* problems,
                           FindArray(json, "per_problem"));
  std::set<std::string> seen;
  for (const Json& entry : *problems) {
    LIMBECK_ASSIGN_OR_RETURN(ProblemResult problem, ReadProblem(entry));
    if (!seen.insert(problem.problem_id).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("problem '", problem.problem_id, "' is there twice"));
    }
    scores->per_problem.push_back(std::move(problem));
  }
  if (json.Find("refused_problems") == nullptr) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(const JsonArray* refused,
                           FindArray(json, "refused_problems"));
  for (const Json& entry : *refused) {
    RefusedProblem problem;
    LIMBECK_ASSIGN_OR_RETURN(problem.problem_id, entry.GetString("problem_id"));
    LIMBECK_ASSIGN_OR_RETURN(problem.reason, entry.GetString("reason"));
    scores->refused_problems.push_back(std::move(problem));
  }
  return absl::OkStatus();
}

absl::Status ReadFigures(const Json& json, BenchmarkScores* scores) {
  const Json* pass_at_1 = json.Find("pass_at_1");
  if (IsPresent(pass_at_1)) {
    LIMBECK_ASSIGN_OR_RETURN(scores->pass_at_1, json.GetDouble("pass_at_1"));
  }
  LIMBECK_RETURN_IF_ERROR(
      ReadInterval(json, "pass_at_1_interval_exam", &scores->exam_interval));
  LIMBECK_RETURN_IF_ERROR(ReadInterval(json, "pass_at_1_interval_population",
                                       &scores->population_interval));
  LIMBECK_RETURN_IF_ERROR(ReadByK(json, "pass_at_k", &scores->pass_at_k));
  LIMBECK_RETURN_IF_ERROR(ReadByK(json, "mg_pass_at_k", &scores->mg_pass_at_k));
  LIMBECK_RETURN_IF_ERROR(ReadByK(json, "cons_at_k", &scores->cons_at_k));
  return ReadGPass(json, scores);
}

absl::Status ReadCounts(const Json& json, BenchmarkScores* scores) {
  LIMBECK_ASSIGN_OR_RETURN(scores->benchmark, json.GetString("benchmark"));
  LIMBECK_ASSIGN_OR_RETURN(scores->mode, json.GetString("mode", "sound"));
  LIMBECK_ASSIGN_OR_RETURN(scores->problems, json.GetInt("problems", 0));
  LIMBECK_ASSIGN_OR_RETURN(scores->samples_per_problem,
                           json.GetInt("samples_per_problem", 0));
  LIMBECK_ASSIGN_OR_RETURN(scores->complete, json.GetBool("complete", true));
  LIMBECK_ASSIGN_OR_RETURN(scores->missing_samples,
                           json.GetInt("missing_samples", 0));
  LIMBECK_ASSIGN_OR_RETURN(scores->cons_ties, json.GetInt("cons_ties", 0));
  LIMBECK_ASSIGN_OR_RETURN(scores->truncated_share,
                           json.GetDouble("truncated_share", 0));
  LIMBECK_ASSIGN_OR_RETURN(scores->no_answer_share,
                           json.GetDouble("no_answer_share", 0));
  LIMBECK_ASSIGN_OR_RETURN(scores->judge_error_share,
                           json.GetDouble("judge_error_share", 0));
  LIMBECK_ASSIGN_OR_RETURN(scores->unknown_share,
                           json.GetDouble("unknown_share", 0));
  return absl::OkStatus();
}

Json ComparisonToJson(const BenchmarkComparison& comparison) {
  Json json = Json::Object();
  json.Set("benchmark", comparison.benchmark);
  if (!comparison.model_a.empty()) json.Set("model_a", comparison.model_a);
  if (!comparison.model_b.empty()) json.Set("model_b", comparison.model_b);
  json.Set("problems", comparison.problems);
  const PairedResult* paired =
      comparison.paired ? &*comparison.paired : nullptr;
  const auto figure = [paired](double PairedResult::*member) {
    return paired != nullptr ? Json(paired->*member) : Json();
  };
  json.Set("mean_a", figure(&PairedResult::mean_a));
  json.Set("mean_b", figure(&PairedResult::mean_b));
  json.Set("difference", figure(&PairedResult::difference));
  json.Set(
      "difference_interval",
      paired != nullptr ? IntervalToJson(paired->difference_interval) : Json());
  json.Set("p_value", figure(&PairedResult::p_value));
  json.Set("p_value_holm",
           paired != nullptr ? Json(comparison.p_value_holm) : Json());
  json.Set("wins", paired != nullptr ? paired->wins : 0);
  json.Set("losses", paired != nullptr ? paired->losses : 0);
  json.Set("ties", paired != nullptr ? paired->ties : 0);
  json.Set("mcnemar_p_value",
           paired != nullptr ? OrNull(paired->mcnemar_p_value) : Json());
  json.Set("smallest_detectable_difference",
           paired != nullptr ? OrNull(paired->smallest_detectable_difference)
                             : Json());
  json.Set("only_in_a", comparison.only_in_a);
  json.Set("only_in_b", comparison.only_in_b);
  if (!comparison.settings_that_differ.object().empty()) {
    json.Set("settings_that_differ", comparison.settings_that_differ);
  }
  return json;
}

// "a_scores - b_scores: arithmetic"; the benchmark alone without names.
std::string NameOf(const BenchmarkComparison& comparison) {
  if (comparison.model_a.empty() || comparison.model_b.empty()) {
    return comparison.benchmark;
  }
  return absl::StrCat(comparison.model_a, " - ", comparison.model_b, ": ",
                      comparison.benchmark);
}

}  // namespace

Json ScoresToJson(const BenchmarkScores& scores) {
  Json json = Json::Object();
  json.Set("benchmark", scores.benchmark);
  json.Set("mode", scores.mode);
  json.Set("problems", scores.problems);
  json.Set("samples_per_problem", scores.samples_per_problem);
  json.Set("complete", scores.complete);
  json.Set("missing_samples", scores.missing_samples);
  json.Set("pass_at_1", OrNull(scores.pass_at_1));
  json.Set("pass_at_1_interval_exam", IntervalToJson(scores.exam_interval));
  json.Set("pass_at_1_interval_population",
           IntervalToJson(scores.population_interval));
  json.Set("pass_at_k", ByKToJson(scores.pass_at_k));
  json.Set("g_pass_at_k", GPassToJson(scores));
  json.Set("mg_pass_at_k", ByKToJson(scores.mg_pass_at_k));
  json.Set("cons_at_k", ByKToJson(scores.cons_at_k));
  json.Set("cons_ties", scores.cons_ties);
  json.Set("truncated_share", scores.truncated_share);
  json.Set("no_answer_share", scores.no_answer_share);
  json.Set("judge_error_share", scores.judge_error_share);
  json.Set("unknown_share", scores.unknown_share);
  json.Set("per_problem", ProblemsToJson(scores.per_problem));
  json.Set("refused_problems", RefusedToJson(scores.refused_problems));
  json.Set("outcomes", OutcomesToJson(scores.per_problem));
  if (!scores.breakdown.empty()) {
    json.Set("breakdown", BreakdownToJson(scores.breakdown));
  }
  if (!scores.rating.is_null()) json.Set("rating", scores.rating);
  json.Set("settings", scores.settings);
  return json;
}

absl::StatusOr<BenchmarkScores> ScoresFromJson(const Json& json) {
  if (!json.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected scores as an object, found ", JsonKindName(json.kind())));
  }
  BenchmarkScores scores;
  LIMBECK_RETURN_IF_ERROR(ReadCounts(json, &scores));
  LIMBECK_RETURN_IF_ERROR(ReadFigures(json, &scores));
  LIMBECK_RETURN_IF_ERROR(ReadProblems(json, &scores));
  LIMBECK_RETURN_IF_ERROR(ReadOutcomes(json, &scores));
  LIMBECK_RETURN_IF_ERROR(ReadBreakdown(json, &scores));
  if (const Json* rating = json.Find("rating")) scores.rating = *rating;
  if (const Json* settings = json.Find("settings")) {
    scores.settings = *settings;
  }
  return scores;
}

Json ComparisonsToJson(const std::vector<BenchmarkComparison>& comparisons) {
  Json list = Json::Array();
  Json members = Json::Array();
  for (const BenchmarkComparison& comparison : comparisons) {
    list.Push(ComparisonToJson(comparison));
    if (comparison.paired) members.Push(NameOf(comparison));
  }
  Json family = Json::Object();
  family.Set("size", static_cast<int64_t>(members.array().size()));
  family.Set("members", std::move(members));
  Json json = Json::Object();
  json.Set("comparisons", std::move(list));
  json.Set("holm_family", std::move(family));
  return json;
}

}  // namespace limbeck
