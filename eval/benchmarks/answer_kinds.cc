// The names are those of `limbeck verify`.
#include "eval/benchmarks/answer_kinds.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/verify/verify.h"
#include "eval/benchmarks/rows.h"

namespace limbeck {
namespace {

absl::Status ReadTolerances(const Json& row, AnswerOptions* options) {
  if (FindColumn(row, {"absolute_tolerance"}) != nullptr) {
    LIMBECK_ASSIGN_OR_RETURN(const double value,
                             NumberColumn(row, {"absolute_tolerance"}, 0));
    options->set_absolute_tolerance(value);
  }
  if (FindColumn(row, {"relative_tolerance"}) != nullptr) {
    LIMBECK_ASSIGN_OR_RETURN(const double value,
                             NumberColumn(row, {"relative_tolerance"}, 0));
    options->set_relative_tolerance(value);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> FlagColumn(const Json& row, absl::string_view name) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           OptionalTextColumn(row, {name}));
  if (text.empty() || text == "false") return false;
  if (text == "true") return true;
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' is '", text, "', expected true or false"));
}

absl::Status ReadOptions(const Json& row, AnswerOptions* options) {
  LIMBECK_RETURN_IF_ERROR(ReadTolerances(row, options));
  LIMBECK_ASSIGN_OR_RETURN(const std::string letters,
                           OptionalTextColumn(row, {"letters"}));
  if (!letters.empty()) options->set_letters(letters);
  LIMBECK_ASSIGN_OR_RETURN(const bool ignore_case,
                           FlagColumn(row, "ignore_case"));
  if (ignore_case) options->set_ignore_case(true);
  LIMBECK_ASSIGN_OR_RETURN(const bool anywhere, FlagColumn(row, "anywhere"));
  if (anywhere) options->set_anywhere(true);
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadAnswerKind(const Json& row, BenchmarkProblem* problem) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string name,
                           OptionalTextColumn(row, {"kind"}));
  if (!name.empty()) {
    problem->kind = AnswerKindFromName(name);
    if (problem->kind == ANSWER_KIND_UNSPECIFIED) {
      return absl::InvalidArgumentError(absl::StrCat(
          "kind is '", name,
          "', known are integer, math, choice, string, numeric, regex and "
          "json_schema"));
    }
  }
  return ReadOptions(row, &problem->answer_options);
}

std::string RefuseGold(const BenchmarkProblem& problem) {
  if (absl::StripAsciiWhitespace(problem.gold).empty()) {
    return "the gold answer is empty";
  }
  if (problem.kind == ANSWER_KIND_INTEGER &&
      !NormalizeIntegerGold(problem.gold)) {
    return "the gold answer is no integer";
  }
  VerifyRequest request;
  request.gold = problem.gold;
  request.kind = problem.kind;
  request.options = problem.answer_options;
  const absl::Status status = CheckRequest(request);
  if (!status.ok()) return std::string(status.message());
  return WhyUndecidable(problem.gold, problem.kind, problem.answer_options);
}

}  // namespace limbeck
