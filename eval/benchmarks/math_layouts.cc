// AIME, MATH-500, GSM8K and one's own problems: a question and its answer.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/verify/verify.h"
#include "eval/benchmarks/answer_kinds.h"
#include "eval/benchmarks/layouts.h"

namespace limbeck {
namespace {

constexpr int kHighestAimeAnswer = 999;

// The year of a copy that mixes several, from its column or its link
// ("https://.../2024_AIME_I_Problems/..."); "": none is told.
absl::StatusOr<std::string> YearOf(const Row& row) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string year,
                           OptionalTextColumn(row.object, {"year"}));
  if (!year.empty()) return year;
  LIMBECK_ASSIGN_OR_RETURN(const std::string url,
                           OptionalTextColumn(row.object, {"url"}));
  const size_t mark = url.find("_AIME");
  if (mark == std::string::npos || mark < 4) return std::string();
  const std::string digits = url.substr(mark - 4, 4);
  const bool is_year = std::all_of(digits.begin(), digits.end(), [](char c) {
    return absl::ascii_isdigit(c);
  });
  return is_year ? digits : std::string();
}

absl::Status ReadQuestionAndAnswer(const Row& row, BenchmarkProblem* problem) {
  LIMBECK_ASSIGN_OR_RETURN(problem->question,
                           TextColumn(row.object, {"problem", "question"}));
  LIMBECK_ASSIGN_OR_RETURN(
      problem->gold, TextColumn(row.object, {"answer", "expected_answer"}));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> ReadAimeRow(const BenchmarkSource& source, const Row& row,
                                 BenchmarkProblem* problem) {
  LIMBECK_RETURN_IF_ERROR(ReadQuestionAndAnswer(row, problem));
  const absl::string_view year =
      source.benchmark == BenchmarkId::kAime24 ? "2024" : "2025";
  LIMBECK_ASSIGN_OR_RETURN(const std::string found, YearOf(row));
  if (!found.empty() && found != year) return false;
  problem->kind = ANSWER_KIND_INTEGER;
  const auto digits = NormalizeIntegerGold(problem->gold);
  int value = -1;
  if (!digits || !absl::SimpleAtoi(*digits, &value) || value < 0 ||
      value > kHighestAimeAnswer) {
    problem->refusal =
        absl::StrCat("the gold answer '", problem->gold,
                     "' is no integer from 0 to ", kHighestAimeAnswer);
    return true;
  }
  problem->gold = *digits;
  return true;
}

absl::StatusOr<bool> ReadMath500Row(const Row& row, BenchmarkProblem* problem) {
  LIMBECK_RETURN_IF_ERROR(ReadQuestionAndAnswer(row, problem));
  problem->kind = ANSWER_KIND_MATH;
  problem->refusal = RefuseGold(*problem);
  LIMBECK_RETURN_IF_ERROR(AddLabel(row, "subject", "subject", problem));
  LIMBECK_RETURN_IF_ERROR(AddLabel(row, "level", "level", problem));
  return true;
}

absl::StatusOr<bool> ReadGsm8kRow(const Row& row, BenchmarkProblem* problem) {
  LIMBECK_RETURN_IF_ERROR(ReadQuestionAndAnswer(row, problem));
  problem->kind = ANSWER_KIND_INTEGER;
  const size_t mark = problem->gold.rfind("####");
  if (mark == std::string::npos) {
    problem->refusal = "the answer has no line '#### N'";
    return true;
  }
  problem->gold = std::string(absl::StripAsciiWhitespace(
      absl::string_view(problem->gold).substr(mark + 4)));
  problem->refusal = RefuseGold(*problem);
  return true;
}

absl::StatusOr<bool> ReadJsonlRow(const Row& row, BenchmarkProblem* problem) {
  LIMBECK_RETURN_IF_ERROR(ReadAnswerKind(row.object, problem));
  const Json* answer = FindColumn(row.object, {"answer", "expected_answer"});
  if (problem->kind == ANSWER_KIND_JSON_SCHEMA && answer != nullptr &&
      (answer->is_object() || answer->is_bool())) {
    LIMBECK_ASSIGN_OR_RETURN(problem->question,
                             TextColumn(row.object, {"problem", "question"}));
    problem->gold = WriteJson(*answer);
  } else {
    LIMBECK_RETURN_IF_ERROR(ReadQuestionAndAnswer(row, problem));
  }
  problem->refusal = RefuseGold(*problem);
  for (absl::string_view label : {"domain", "subject", "difficulty", "level"}) {
    LIMBECK_RETURN_IF_ERROR(AddLabel(row, label, label, problem));
  }
  return true;
}

}  // namespace limbeck
