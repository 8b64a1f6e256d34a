// LiveCodeBench's code_generation_lite: JSON texts inside JSON.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "eval/benchmarks/layouts.h"
#include "eval/benchmarks/livecodebench_errata.h"
#include "eval/benchmarks/livecodebench_files.h"
#include "eval/benchmarks/packed_tests.h"

namespace limbeck {
namespace {

// The limit of the official runner, per test; the problem's own is not used.
constexpr double kSecondsPerTest = 6;

// The name of the function to call, of LeetCode's problems.
absl::StatusOr<std::string> FunctionName(const Row& row) {
  const Json* metadata = FindColumn(row.object, {"metadata"});
  if (metadata == nullptr) return std::string();
  Json parsed;
  if (metadata->is_string()) {
    if (metadata->string().empty()) return std::string();
    absl::StatusOr<Json> json = ParseJson(metadata->string());
    if (!json.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("metadata: ", json.status().message()));
    }
    parsed = *std::move(json);
  } else {
    parsed = *metadata;
  }
  return parsed.GetString("func_name", "");
}

absl::Status ReadTests(const Row& row, CodeProblem* code) {
  const Json* open = FindColumn(row.object, {"public_test_cases"});
  const Json* hidden = FindColumn(row.object, {"private_test_cases"});
  if (open != nullptr) {
    absl::StatusOr<std::vector<CodeTest>> tests = ReadTestList(*open);
    if (!tests.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("public_test_cases: ", tests.status().message()));
    }
    code->tests = *std::move(tests);
  }
  if (hidden == nullptr) return absl::OkStatus();
  if (hidden->is_string()) {
    code->packed_tests = hidden->string();
    return absl::OkStatus();
  }
  LIMBECK_ASSIGN_OR_RETURN(std::vector<CodeTest> tests, ReadTestList(*hidden));
  for (CodeTest& test : tests) code->tests.push_back(std::move(test));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> ReadLiveCodeBenchRow(const BenchmarkSource& source,
                                          const Row& row,
                                          BenchmarkProblem* problem) {
  LIMBECK_ASSIGN_OR_RETURN(
      const std::string id,
      OptionalTextColumn(row.object, {"question_id", "id"}));
  if (!id.empty()) problem->id = id;
  LIMBECK_ASSIGN_OR_RETURN(const std::string date,
                           OptionalTextColumn(row.object, {"contest_date"}));
  if (!date.empty() || !source.first_date.empty() ||
      !source.last_date.empty()) {
    LIMBECK_ASSIGN_OR_RETURN(const bool wanted, InWindow(source, date));
    if (!wanted) return false;
    problem->labels.emplace_back("month", date.substr(0, 7));
  }
  LIMBECK_ASSIGN_OR_RETURN(
      problem->question,
      TextColumn(row.object, {"question_content", "question"}));
  LIMBECK_ASSIGN_OR_RETURN(const std::string title,
                           OptionalTextColumn(row.object, {"question_title"}));
  LIMBECK_RETURN_IF_ERROR(AddLabel(row, "difficulty", "difficulty", problem));
  LIMBECK_RETURN_IF_ERROR(AddLabel(row, "platform", "platform", problem));
  CodeProblem code;
  code.time_limit_seconds = kSecondsPerTest;
  LIMBECK_ASSIGN_OR_RETURN(code.starter_code,
                           OptionalTextColumn(row.object, {"starter_code"}));
  LIMBECK_ASSIGN_OR_RETURN(code.function, FunctionName(row));
  LIMBECK_RETURN_IF_ERROR(ReadTests(row, &code));
  problem->kind = ANSWER_KIND_PROGRAM;
  if (code.tests.empty() && code.packed_tests.empty()) {
    problem->refusal = "it has no tests";
  }
  problem->code = std::move(code);
  if (source.mode == VerifyMode::kSound && problem->refusal.empty()) {
    problem->refusal = LiveCodeBenchErratumOf(problem->id, title);
  }
  return true;
}

}  // namespace limbeck
