// limbeck verify: is an answer right?
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/verify/verify.h"
#include "recipes/commands.h"
#include "recipes/jsonl_filter.h"

namespace limbeck {
namespace {

struct VerifyArguments {
  std::string mode = "sound";
  std::string input = "-";
};

absl::StatusOr<AnswerKind> ParseKind(const std::string& name) {
  if (name == "math") return ANSWER_KIND_MATH;
  if (name == "integer") return ANSWER_KIND_INTEGER;
  if (name == "choice") return ANSWER_KIND_CHOICE;
  if (name == "string") return ANSWER_KIND_STRING;
  return absl::InvalidArgumentError(absl::StrCat(
      "kind is '", name, "', known are math, integer, choice and string"));
}

const char* VerdictName(Verdict verdict) {
  switch (verdict) {
    case VERDICT_CORRECT:
      return "correct";
    case VERDICT_WRONG:
      return "wrong";
    default:
      return "unknown";
  }
}

absl::StatusOr<Json> Verify(const Json& line) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string gold, line.GetString("gold"));
  LIMBECK_ASSIGN_OR_RETURN(const std::string answer, line.GetString("answer"));
  LIMBECK_ASSIGN_OR_RETURN(const std::string kind_name,
                           line.GetString("kind", "math"));
  LIMBECK_ASSIGN_OR_RETURN(const AnswerKind kind, ParseKind(kind_name));
  const Verification verdict = VerifyAnswer(gold, answer, kind);
  Json out = Json::Object();
  out.Set("verdict", VerdictName(verdict.verdict()));
  out.Set("extracted", verdict.extracted());
  return out;
}

}  // namespace

void AddVerifyCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<VerifyArguments>();
  CLI::App* verb =
      AddVerb(app, "verify",
              "Filter: {\"gold\", \"answer\", \"kind\"} -> {\"verdict\", "
              "\"extracted\"}",
              "printf '%s\\n' '{\"gold\": \"42\", \"answer\": \"so "
              "\\\\boxed{42}\", \"kind\": "
              "\"integer\"}' | limbeck verify");
  verb->add_option("--mode", arguments->mode,
                   "sound: unknown rather than a guess")
      ->check(CLI::IsMember({"sound"}));
  verb->add_option("input", arguments->input, "JSONL file, - for stdin");
  verb->callback([arguments, &result] {
    result = RunLineFilter(arguments->input, Verify);
  });
}

}  // namespace limbeck
