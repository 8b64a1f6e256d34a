// Problems and samples meet by id; every sample is judged once.
#include "eval/benchmark.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/verify/verify.h"

namespace limbeck {
namespace {

constexpr int64_t kMaxSampleIndex = int64_t{1} << 20;

// A problem with its samples by index.
struct Collected {
  BenchmarkProblem problem;
  std::map<int64_t, JudgedSample> samples;
};

absl::Status AddSample(const Json& json,
                       const std::map<std::string, size_t>& by_id,
                       std::vector<Collected>* collected) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string id,
                           TextOrInteger(json, "problem_id"));
  LIMBECK_ASSIGN_OR_RETURN(const int64_t index, json.GetInt("sample"));
  LIMBECK_ASSIGN_OR_RETURN(const std::string text, json.GetString("text"));
  LIMBECK_ASSIGN_OR_RETURN(const std::string finish_reason,
                           json.GetString("finish_reason", ""));
  const auto found = by_id.find(id);
  if (found == by_id.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown problem '", id, "'"));
  }
  if (index < 0 || index >= kMaxSampleIndex) {
    return absl::InvalidArgumentError(absl::StrCat(
        "sample ", index, " is not in [0, ", kMaxSampleIndex, ")"));
  }
  Collected& entry = (*collected)[found->second];
  const Verification verification = entry.problem.refusal.empty()
                                        ? JudgeText(entry.problem, text)
                                        : Verification();
  if (!entry.samples
           .emplace(index, JudgeSample(verification, finish_reason == "length"))
           .second) {
    return absl::InvalidArgumentError(absl::StrCat(
        "sample ", index, " of problem '", id, "' is there twice"));
  }
  return absl::OkStatus();
}

ScoreInput MakeInput(const BenchmarkRequest& request,
                     const std::vector<Collected>& collected) {
  ScoreInput input;
  input.benchmark = request.name;
  input.mode = request.mode;
  input.intervals = request.intervals;
  for (const Collected& entry : collected) {
    if (!entry.samples.empty()) {
      input.samples_per_problem = std::max(input.samples_per_problem,
                                           entry.samples.rbegin()->first + 1);
    }
    if (!entry.problem.refusal.empty()) {
      input.refused.push_back({entry.problem.id, entry.problem.refusal});
      continue;
    }
    JudgedProblem problem;
    problem.problem_id = entry.problem.id;
    for (const auto& [index, sample] : entry.samples) {
      problem.samples.push_back(sample);
    }
    input.problems.push_back(std::move(problem));
  }
  return input;
}

// GSM8K's own form: the answer stands after the last "####".
std::optional<std::string> AfterMark(absl::string_view text) {
  const size_t mark = text.rfind("####");
  if (mark == absl::string_view::npos) return std::nullopt;
  absl::string_view answer = text.substr(mark + 4);
  answer = answer.substr(0, answer.find('\n'));
  return std::string(absl::StripAsciiWhitespace(answer));
}

// What to compare, so that VerifyAnswer sees a bare answer or a box.
std::string AnswerText(const BenchmarkProblem& problem,
                       absl::string_view text) {
  // Kind MATH takes an answer from a box only.
  if (auto boxed = ExtractAnswer(text, ANSWER_KIND_MATH)) {
    return absl::StrCat("\\boxed{", *boxed, "}");
  }
  if (problem.rule == AnswerRule::kBoxed) return "";
  if (problem.rule == AnswerRule::kGsm8k) {
    const size_t close = text.rfind("</think>");
    const absl::string_view part =
        close == absl::string_view::npos ? text : text.substr(close);
    const bool unfinished =
        close == absl::string_view::npos && absl::StrContains(text, "<think>");
    if (auto marked = AfterMark(part); marked && !unfinished) return *marked;
  }
  return std::string(text);
}

}  // namespace

Verification JudgeText(const BenchmarkProblem& problem,
                       absl::string_view text) {
  return VerifyAnswer(problem.gold, AnswerText(problem, text), problem.kind);
}

absl::StatusOr<BenchmarkScores> ScoreSamples(const BenchmarkRequest& request) {
  if (request.mode == "compat") {
    return absl::UnimplementedError(
        "mode 'compat' needs the mathematics of Math-Verify, which this "
        "version does not have; use 'sound'");
  }
  if (request.mode != "sound") {
    return absl::InvalidArgumentError(absl::StrCat(
        "mode is '", request.mode, "', known are sound and compat"));
  }
  LIMBECK_ASSIGN_OR_RETURN(
      std::vector<BenchmarkProblem> problems,
      ReadBenchmarkProblems(request.name, request.data_path));
  std::vector<Collected> collected;
  std::map<std::string, size_t> by_id;
  for (BenchmarkProblem& problem : problems) {
    by_id.emplace(problem.id, collected.size());
    collected.push_back({std::move(problem), {}});
  }
  LIMBECK_RETURN_IF_ERROR(ForEachObject(
      request.samples_path,
      [&](const Json& json) { return AddSample(json, by_id, &collected); }));
  return ComputeScores(MakeInput(request, collected));
}

}  // namespace limbeck
