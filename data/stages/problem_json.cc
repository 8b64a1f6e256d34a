#include "data/stages/problem_json.h"

#include <array>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "data/base/status_macros.h"
#include "data/stages/record_id.h"
#include "data/verify/answer_options.h"
#include "data/verify/verify.h"

namespace limbeck {
namespace {

constexpr absl::string_view kGsm8kAnswerMark = "####";

struct DomainName {
  absl::string_view name;
  Domain domain;
};
constexpr std::array<DomainName, 5> kDomainNames = {
    {{"math", DOMAIN_MATH},
     {"code", DOMAIN_CODE},
     {"science", DOMAIN_SCIENCE},
     {"logic", DOMAIN_LOGIC},
     {"general", DOMAIN_GENERAL}}};

absl::StatusOr<Domain> ParseDomain(absl::string_view name, AnswerKind kind) {
  if (name.empty()) {
    const bool math = kind == ANSWER_KIND_INTEGER || kind == ANSWER_KIND_MATH;
    return math ? DOMAIN_MATH : DOMAIN_GENERAL;
  }
  for (const DomainName& entry : kDomainNames) {
    if (entry.name == name) return entry.domain;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"domain\" is \"", name,
                   "\"; allowed: math, code, science, logic, general"));
}

// The first of two keys that is there; the type must be right.
absl::StatusOr<std::string> GetOptionalText(const Json& json,
                                            absl::string_view key,
                                            absl::string_view other_key) {
  const bool has_first = json.Find(key) != nullptr;
  return json.GetString(has_first ? key : other_key, "");
}

absl::StatusOr<int32_t> GetDifficulty(const Json& json) {
  const bool has_first = json.Find("difficulty") != nullptr;
  const absl::string_view key = has_first ? "difficulty" : "level";
  LIMBECK_ASSIGN_OR_RETURN(const int64_t difficulty, json.GetInt(key, 0));
  if (difficulty < 0 || difficulty > std::numeric_limits<int32_t>::max()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", key, "\" is ", difficulty, "; allowed: 0 to ",
                     std::numeric_limits<int32_t>::max()));
  }
  return static_cast<int32_t>(difficulty);
}

absl::Status SetQuestion(std::string question, absl::string_view key,
                         Problem& problem) {
  if (absl::StripAsciiWhitespace(question).empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", key, "\" holds no text"));
  }
  Message* message = problem.add_messages();
  message->set_role(ROLE_USER);
  message->set_content(std::move(question));
  problem.set_id(ProblemId(problem));
  return absl::OkStatus();
}

// Mathematics that cannot be read comes in: its traces stay unverified.
absl::Status CheckAnswer(const Problem& problem) {
  const std::string& answer = problem.gold_answer();
  const AnswerKind kind = problem.answer_kind();
  if (kind == ANSWER_KIND_MATH || kind == ANSWER_KIND_STRING ||
      kind == ANSWER_KIND_PROGRAM) {
    return absl::OkStatus();
  }
  const std::string reason =
      WhyUndecidable(answer, kind, problem.answer_options());
  if (reason.empty()) return absl::OkStatus();
  if (kind != ANSWER_KIND_INTEGER) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"answer\" is \"", answer, "\": ", reason));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"answer\" is \"", answer, "\", answer_kind says it is an integer; ",
      "mend the answer, or give these problems the kind they have ",
      "(ANSWER_KIND_MATH, ANSWER_KIND_STRING)"));
}

}  // namespace

absl::StatusOr<Problem> ParseGenericProblem(const Json& json,
                                            AnswerKind usual_kind) {
  Problem problem;
  LIMBECK_ASSIGN_OR_RETURN(std::string question, json.GetString("problem"));
  LIMBECK_RETURN_IF_ERROR(SetQuestion(std::move(question), "problem", problem));
  LIMBECK_ASSIGN_OR_RETURN(const AnswerKind kind,
                           AnswerKindFromJson(json, usual_kind));
  LIMBECK_ASSIGN_OR_RETURN(*problem.mutable_gold_answer(),
                           GoldFromJson(json, "answer", kind));
  problem.set_answer_kind(kind);
  LIMBECK_ASSIGN_OR_RETURN(AnswerOptions options, AnswerOptionsFromJson(json));
  if (options.ByteSizeLong() > 0) {
    *problem.mutable_answer_options() = std::move(options);
  }
  LIMBECK_RETURN_IF_ERROR(CheckAnswer(problem));
  LIMBECK_ASSIGN_OR_RETURN(*problem.mutable_reference_solution(),
                           json.GetString("solution", ""));
  LIMBECK_ASSIGN_OR_RETURN(*problem.mutable_family(),
                           GetOptionalText(json, "family", "subject"));
  LIMBECK_ASSIGN_OR_RETURN(const int32_t difficulty, GetDifficulty(json));
  problem.set_difficulty(difficulty);
  LIMBECK_ASSIGN_OR_RETURN(*problem.mutable_language(),
                           json.GetString("language", ""));
  LIMBECK_ASSIGN_OR_RETURN(const std::string domain,
                           json.GetString("domain", ""));
  LIMBECK_ASSIGN_OR_RETURN(const Domain parsed, ParseDomain(domain, kind));
  problem.set_domain(parsed);
  return problem;
}

absl::StatusOr<Problem> ParseGsm8kProblem(const Json& json) {
  Problem problem;
  LIMBECK_ASSIGN_OR_RETURN(std::string question, json.GetString("question"));
  LIMBECK_RETURN_IF_ERROR(
      SetQuestion(std::move(question), "question", problem));
  LIMBECK_ASSIGN_OR_RETURN(const std::string answer, json.GetString("answer"));
  const size_t mark = absl::string_view(answer).rfind(kGsm8kAnswerMark);
  if (mark == std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"answer\" has no ", kGsm8kAnswerMark));
  }
  std::string gold(absl::StripAsciiWhitespace(
      absl::string_view(answer).substr(mark + kGsm8kAnswerMark.size())));
  gold = absl::StrReplaceAll(gold, {{",", ""}});
  if (!NormalizeInteger(gold)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"answer\" has \"", gold, "\" after ", kGsm8kAnswerMark,
                     ", an integer is expected"));
  }
  problem.set_gold_answer(std::move(gold));
  problem.set_answer_kind(ANSWER_KIND_INTEGER);
  problem.set_reference_solution(std::string(absl::StripAsciiWhitespace(
      RemoveCalculatorNotes(absl::string_view(answer).substr(0, mark)))));
  problem.set_domain(DOMAIN_MATH);
  problem.set_family("gsm8k");
  problem.set_language("en");
  return problem;
}

std::string RemoveCalculatorNotes(absl::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  while (true) {
    const size_t open = text.find("<<");
    const size_t close =
        open == text.npos ? text.npos : text.find(">>", open + 2);
    if (close == text.npos) break;
    kept.append(text.data(), open);
    text.remove_prefix(close + 2);
  }
  kept.append(text.data(), text.size());
  return kept;
}

}  // namespace limbeck
