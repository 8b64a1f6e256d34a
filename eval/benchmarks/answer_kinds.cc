// The names are those of `limbeck verify`.
#include "eval/benchmarks/answer_kinds.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/verify/verify.h"
#include "eval/benchmarks/rows.h"

namespace limbeck {
namespace {

struct NamedKind {
  absl::string_view name;
  AnswerKind kind;
};

constexpr NamedKind kKinds[] = {
    {"integer", ANSWER_KIND_INTEGER},        {"math", ANSWER_KIND_MATH},
    {"choice", ANSWER_KIND_CHOICE},          {"string", ANSWER_KIND_STRING},
    {"numeric", ANSWER_KIND_NUMERIC},        {"regex", ANSWER_KIND_REGEX},
    {"json_schema", ANSWER_KIND_JSON_SCHEMA}};

absl::StatusOr<AnswerKind> KindFromName(const std::string& name) {
  std::string known;
  for (const NamedKind& kind : kKinds) {
    if (kind.name == name) return kind.kind;
    absl::StrAppend(&known, known.empty() ? "" : ", ", kind.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("kind is '", name, "', known: ", known));
}

absl::Status ReadOptions(const Json& row, AnswerOptions* options) {
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
  LIMBECK_ASSIGN_OR_RETURN(const std::string letters,
                           OptionalTextColumn(row, {"letters"}));
  if (!letters.empty()) options->set_letters(letters);
  LIMBECK_ASSIGN_OR_RETURN(const std::string ignore_case,
                           OptionalTextColumn(row, {"ignore_case"}));
  if (ignore_case == "true") options->set_ignore_case(true);
  LIMBECK_ASSIGN_OR_RETURN(const std::string anywhere,
                           OptionalTextColumn(row, {"anywhere"}));
  if (anywhere == "true") options->set_anywhere(true);
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadAnswerKind(const Json& row, BenchmarkProblem* problem) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string name,
                           OptionalTextColumn(row, {"kind"}));
  if (!name.empty()) {
    LIMBECK_ASSIGN_OR_RETURN(problem->kind, KindFromName(name));
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
  return WhyUndecidable(problem.gold, problem.kind);
}

}  // namespace limbeck
