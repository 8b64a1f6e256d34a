// Matches benchmarks and problems by name before anything is compared.
#include "eval/compare.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "eval/score_json.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxScoresBytes = uint64_t{1} << 30;

std::map<std::string, RightOf> ByProblem(const BenchmarkScores& scores) {
  std::map<std::string, RightOf> problems;
  for (const ProblemResult& problem : scores.per_problem) {
    if (problem.samples == 0) continue;
    problems[problem.problem_id] = {problem.correct, problem.samples};
  }
  return problems;
}

// Without a scored problem on one side there is nothing to pair, and the counts
// say so; two different sets of problems are a mistake.
absl::Status CheckOverlap(const BenchmarkComparison& comparison) {
  if (comparison.problems > 0 || comparison.only_in_a == 0 ||
      comparison.only_in_b == 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "benchmark '", comparison.benchmark, "': none of the first's ",
      comparison.only_in_a, " problems is among the second's ",
      comparison.only_in_b,
      "; score both models on the same problems (ids must match)"));
}

// What a result is of rather than how it came about.
bool NamesTheModel(absl::string_view setting) {
  return setting == "model" || setting == "model_revision" ||
         setting == "note" || setting == "samples_left_out";
}

Json SettingsThatDiffer(const Json& a, const Json& b) {
  Json differ = Json::Object();
  const auto note = [&](const Json& side) {
    if (!side.is_object()) return;
    for (const JsonMember& member : side.object()) {
      const Json* const of_a = a.Find(member.first);
      const Json* const of_b = b.Find(member.first);
      if (NamesTheModel(member.first) ||
          (of_a != nullptr && of_b != nullptr && *of_a == *of_b)) {
        continue;
      }
      differ.Set(member.first, JsonArray{of_a == nullptr ? Json() : *of_a,
                                         of_b == nullptr ? Json() : *of_b});
    }
  };
  note(a);
  note(b);
  return differ;
}

// The same ids in other files may be other problems with other answers.
absl::Status CheckSameBasis(const BenchmarkScores& a,
                            const BenchmarkScores& b) {
  if (a.mode != b.mode) {
    return absl::InvalidArgumentError(absl::StrCat(
        "benchmark '", a.benchmark, "' was scored in mode '", a.mode,
        "' for the first and '", b.mode, "' for the second"));
  }
  const Json* const data_a = a.settings.Find("data_sha256");
  const Json* const data_b = b.settings.Find("data_sha256");
  if (data_a == nullptr || data_b == nullptr || *data_a == *data_b) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "benchmark '", a.benchmark,
      "' was scored on different data: data_sha256 "
      "is ",
      WriteJson(*data_a), " for the first and ", WriteJson(*data_b),
      " for the second; score both on the same file"));
}

BenchmarkComparison CompareOne(const BenchmarkScores& a,
                               const BenchmarkScores& b,
                               const PairedOptions& options) {
  BenchmarkComparison comparison;
  comparison.benchmark = a.benchmark;
  const auto of_a = ByProblem(a);
  const auto of_b = ByProblem(b);
  std::vector<RightOfBoth> both;
  for (const auto& [id, right] : of_a) {
    const auto found = of_b.find(id);
    if (found != of_b.end()) both.push_back({right, found->second});
  }
  comparison.problems = static_cast<int64_t>(both.size());
  comparison.only_in_a = static_cast<int64_t>(of_a.size() - both.size());
  comparison.only_in_b = static_cast<int64_t>(of_b.size() - both.size());
  if (!both.empty()) comparison.paired = ComparePaired(both, options);
  return comparison;
}

absl::Status CheckNames(const std::vector<BenchmarkScores>& all,
                        absl::string_view side) {
  std::set<std::string> names;
  for (const BenchmarkScores& scores : all) {
    if (!names.insert(scores.benchmark).second) {
      return absl::InvalidArgumentError(absl::StrCat(
          "benchmark '", scores.benchmark, "' is there twice in ", side));
    }
  }
  return absl::OkStatus();
}

const BenchmarkScores* FindBenchmark(const std::vector<BenchmarkScores>& all,
                                     const std::string& name) {
  for (const BenchmarkScores& scores : all) {
    if (scores.benchmark == name) return &scores;
  }
  return nullptr;
}

// A directory is an evaluation's artefact, or one partition of it.
absl::StatusOr<std::string> ScoresPath(const std::string& path) {
  if (!IsDirectory(path)) return path;
  const std::string beside = JoinPath(path, kScoresFile);
  if (FileExists(beside)) return beside;
  LIMBECK_ASSIGN_OR_RETURN(const Artefact artefact, Artefact::Open(path));
  return artefact.Path(0, kScoresFile);
}

std::string JoinNames(const std::vector<BenchmarkScores>& all) {
  std::string text;
  for (const BenchmarkScores& scores : all) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", "'", scores.benchmark,
                    "'");
  }
  return text;
}

}  // namespace

void AdjustPValues(std::vector<BenchmarkComparison>* comparisons) {
  std::vector<double> p_values;
  for (const BenchmarkComparison& comparison : *comparisons) {
    if (comparison.paired) p_values.push_back(comparison.paired->p_value);
  }
  const std::vector<double> adjusted = HolmAdjusted(p_values);
  size_t next = 0;
  for (BenchmarkComparison& comparison : *comparisons) {
    if (comparison.paired) comparison.p_value_holm = adjusted[next++];
  }
}

absl::StatusOr<std::vector<BenchmarkComparison>> CompareScores(
    const std::vector<BenchmarkScores>& a,
    const std::vector<BenchmarkScores>& b, const PairedOptions& options) {
  LIMBECK_RETURN_IF_ERROR(CheckNames(a, "the first"));
  LIMBECK_RETURN_IF_ERROR(CheckNames(b, "the second"));
  std::vector<BenchmarkComparison> comparisons;
  bool any_in_common = false;
  const BenchmarkScores nothing;
  for (const BenchmarkScores& scores : a) {
    const BenchmarkScores* other = FindBenchmark(b, scores.benchmark);
    if (other != nullptr) {
      LIMBECK_RETURN_IF_ERROR(CheckSameBasis(scores, *other));
    }
    any_in_common = any_in_common || other != nullptr;
    comparisons.push_back(
        CompareOne(scores, other != nullptr ? *other : nothing, options));
    LIMBECK_RETURN_IF_ERROR(CheckOverlap(comparisons.back()));
    if (other != nullptr) {
      comparisons.back().settings_that_differ =
          SettingsThatDiffer(scores.settings, other->settings);
    }
  }
  if (!any_in_common) {
    return absl::InvalidArgumentError(
        absl::StrCat("no benchmark in common: the first has ", JoinNames(a),
                     ", the second ", JoinNames(b)));
  }
  for (const BenchmarkScores& scores : b) {
    if (FindBenchmark(a, scores.benchmark) != nullptr) continue;
    comparisons.push_back(CompareOne(nothing, scores, options));
    comparisons.back().benchmark = scores.benchmark;
  }
  AdjustPValues(&comparisons);
  return comparisons;
}

absl::StatusOr<std::vector<BenchmarkScores>> ReadScores(
    const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string file, ScoresPath(path));
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadStream(file, kMaxScoresBytes));
  const auto annotate = [&file](const absl::Status& status) {
    return absl::Status(status.code(),
                        absl::StrCat(file, ": ", status.message()));
  };
  absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) return annotate(json.status());
  JsonArray entries;
  if (json->is_array()) {
    entries = json->array();
  } else {
    entries.push_back(*std::move(json));
  }
  std::vector<BenchmarkScores> all;
  for (const Json& entry : entries) {
    absl::StatusOr<BenchmarkScores> scores = ScoresFromJson(entry);
    if (!scores.ok()) return annotate(scores.status());
    all.push_back(*std::move(scores));
  }
  return all;
}

}  // namespace limbeck
