// Codeforces as open-r1 and CodeElo publish it.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "eval/benchmarks/codeforces_tests.h"
#include "eval/benchmarks/layouts.h"
#include "eval/benchmarks/packed_tests.h"

namespace limbeck {
namespace {

constexpr double kMillisecondsPerSecond = 1000;

bool IsBlank(const std::string& text) {
  return absl::StripAsciiWhitespace(text).empty();
}

// The parts of a statement under their headings, empty ones left out.
absl::StatusOr<std::string> Statement(const Row& row) {
  std::string text;
  const auto add = [&](std::initializer_list<absl::string_view> names,
                       absl::string_view heading) -> absl::Status {
    LIMBECK_ASSIGN_OR_RETURN(const std::string part,
                             OptionalTextColumn(row.object, names));
    if (IsBlank(part)) return absl::OkStatus();
    absl::StrAppend(&text, text.empty() ? "" : "\n\n", heading,
                    absl::StripAsciiWhitespace(part));
    return absl::OkStatus();
  };
  LIMBECK_RETURN_IF_ERROR(add({"title"}, "# "));
  LIMBECK_RETURN_IF_ERROR(add({"description"}, ""));
  LIMBECK_RETURN_IF_ERROR(add({"input_format", "input"}, "## Input\n"));
  LIMBECK_RETURN_IF_ERROR(add({"output_format", "output"}, "## Output\n"));
  LIMBECK_RETURN_IF_ERROR(
      add({"interaction_format", "interaction"}, "## Interaction\n"));
  LIMBECK_RETURN_IF_ERROR(add({"note"}, "## Note\n"));
  return text;
}

// CodeElo's examples are pairs, open-r1's objects.
absl::StatusOr<std::vector<CodeTest>> ReadExamples(const Json& examples) {
  if (!examples.is_array() || examples.array().empty() ||
      !examples.array()[0].is_array()) {
    return ReadTestList(examples);
  }
  std::vector<CodeTest> tests;
  for (const Json& pair : examples.array()) {
    if (!pair.is_array() || pair.array().size() != 2 ||
        !pair.array()[0].is_string() || !pair.array()[1].is_string()) {
      return absl::InvalidArgumentError("an example is no pair of texts");
    }
    tests.push_back({pair.array()[0].string(), pair.array()[1].string()});
  }
  return tests;
}

absl::StatusOr<std::string> Examples(const Row& row) {
  const Json* examples = FindColumn(row.object, {"examples"});
  if (examples == nullptr) return std::string();
  absl::StatusOr<std::vector<CodeTest>> tests = ReadExamples(*examples);
  if (!tests.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("examples: ", tests.status().message()));
  }
  std::string text;
  for (const CodeTest& test : *tests) {
    absl::StrAppend(&text, "\n\n## Example\nInput:\n```\n",
                    absl::StripTrailingAsciiWhitespace(test.input),
                    "\n```\nOutput:\n```\n",
                    absl::StripTrailingAsciiWhitespace(test.output), "\n```");
  }
  return text;
}

absl::Status ReadLimits(const Row& row, CodeProblem* code) {
  LIMBECK_ASSIGN_OR_RETURN(code->time_limit_seconds,
                           NumberColumn(row.object, {"time_limit"}, 0));
  LIMBECK_ASSIGN_OR_RETURN(const double milliseconds,
                           NumberColumn(row.object, {"time_limit_ms"}, 0));
  if (code->time_limit_seconds == 0) {
    code->time_limit_seconds = milliseconds / kMillisecondsPerSecond;
  }
  LIMBECK_ASSIGN_OR_RETURN(
      code->memory_limit_mb,
      NumberColumn(row.object, {"memory_limit", "memory_limit_mb"}, 0));
  if (code->time_limit_seconds >= 0 && code->memory_limit_mb >= 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("limits of ", code->time_limit_seconds, " s and ",
                   code->memory_limit_mb, " MB"));
}

// Why the problem cannot be judged by tests alone.
absl::StatusOr<std::string> Refusal(const Row& row, const CodeProblem& code) {
  LIMBECK_ASSIGN_OR_RETURN(
      const std::string interaction,
      OptionalTextColumn(row.object, {"interaction_format", "interaction"}));
  if (!IsBlank(interaction)) return std::string("interactive");
  LIMBECK_ASSIGN_OR_RETURN(const std::string executable,
                           OptionalTextColumn(row.object, {"executable"}));
  if (executable == "false") {
    return std::string("its data set marks it as not executable");
  }
  return std::string(code.tests.empty() ? kNoHiddenTests : "");
}

absl::StatusOr<CodeProblem> ReadCode(const Row& row) {
  CodeProblem code;
  LIMBECK_RETURN_IF_ERROR(ReadLimits(row, &code));
  LIMBECK_ASSIGN_OR_RETURN(
      code.checker,
      OptionalTextColumn(row.object, {"generated_checker", "checker"}));
  LIMBECK_ASSIGN_OR_RETURN(const std::string mode,
                           OptionalTextColumn(row.object, {"input_mode"}));
  if (mode == "file") {
    code.input_file = "input.txt";
    code.output_file = "output.txt";
  }
  const Json* tests = FindColumn(row.object, {"official_tests", "tests"});
  if (tests == nullptr) return code;
  absl::StatusOr<std::vector<CodeTest>> list = ReadTestList(*tests);
  if (!list.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("official_tests: ", list.status().message()));
  }
  code.tests = *std::move(list);
  return code;
}

// Copies without an id name contest and index.
absl::Status ReadContestAndIndex(const Row& row, BenchmarkProblem* problem) {
  if (FindColumn(row.object, {"id", "problem_id"}) != nullptr) {
    return absl::OkStatus();
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string contest,
                           OptionalTextColumn(row.object, {"contest_id"}));
  LIMBECK_ASSIGN_OR_RETURN(const std::string index,
                           OptionalTextColumn(row.object, {"index"}));
  if (!contest.empty() && !index.empty()) {
    problem->id = ContestAndIndex(absl::StrCat(contest, "/", index));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> ReadCodeforcesRow(const Row& row,
                                       BenchmarkProblem* problem) {
  LIMBECK_RETURN_IF_ERROR(ReadContestAndIndex(row, problem));
  LIMBECK_ASSIGN_OR_RETURN(problem->question, Statement(row));
  if (problem->question.empty()) {
    return absl::InvalidArgumentError("no key 'description'");
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string examples, Examples(row));
  absl::StrAppend(&problem->question, examples);
  LIMBECK_ASSIGN_OR_RETURN(CodeProblem code, ReadCode(row));
  LIMBECK_ASSIGN_OR_RETURN(problem->difficulty_rating,
                           NumberColumn(row.object, {"rating"}, 0));
  LIMBECK_ASSIGN_OR_RETURN(problem->refusal, Refusal(row, code));
  LIMBECK_RETURN_IF_ERROR(AddLabel(row, "rating", "rating", problem));
  LIMBECK_RETURN_IF_ERROR(
      AddLabel(row, "official_tests_complete", "tests_complete", problem));
  problem->kind = ANSWER_KIND_PROGRAM;
  problem->code = std::move(code);
  return true;
}

}  // namespace limbeck
