// One function per kind of answer; all give the same record.
#include "data/verify/verify.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/verify/choice.h"
#include "data/verify/compat.h"
#include "data/verify/json_schema.h"
#include "data/verify/math_verdict.h"
#include "data/verify/numeric.h"
#include "data/verify/pattern.h"

namespace limbeck {
namespace {

constexpr absl::string_view kNoAnswer = "no answer found";
constexpr uint64_t kMaxJsonAnswerBytes = uint64_t{1} << 20;

struct KindName {
  AnswerKind kind;
  absl::string_view name;
};
constexpr std::array<KindName, 7> kKinds = {
    {{ANSWER_KIND_INTEGER, "integer"},
     {ANSWER_KIND_MATH, "math"},
     {ANSWER_KIND_CHOICE, "choice"},
     {ANSWER_KIND_STRING, "string"},
     {ANSWER_KIND_NUMERIC, "numeric"},
     {ANSWER_KIND_REGEX, "regex"},
     {ANSWER_KIND_JSON_SCHEMA, "json_schema"}}};

absl::string_view LettersOf(const AnswerOptions& options) {
  return options.has_letters() ? absl::string_view(options.letters())
                               : kDefaultLetters;
}

// What the functions below fill: verdict, extracted, detail.
struct Finding {
  Verdict verdict = VERDICT_UNKNOWN;
  std::string extracted;
  std::string detail;
};

Finding Decide(bool right, std::string extracted, absl::string_view why_not) {
  return {right ? VERDICT_CORRECT : VERDICT_WRONG, std::move(extracted),
          right ? "" : std::string(why_not)};
}

Finding Unanswered(absl::string_view reason = kNoAnswer) {
  return {VERDICT_WRONG, "", std::string(reason)};
}

bool IsBlank(absl::string_view text) {
  return absl::StripAsciiWhitespace(text).empty();
}

// One answer in several spellings: "\\boxed{3/2} or \\boxed{1.5}".
bool EachIs(absl::string_view gold, const std::vector<std::string>& boxes) {
  return !boxes.empty() &&
         std::all_of(boxes.begin(), boxes.end(), [&](absl::string_view box) {
           return JudgeMath(gold, box).verdict == VERDICT_CORRECT;
         });
}

Finding VerifyMathematics(const VerifyRequest& request) {
  FoundAnswer found = FindAnswer(request.answer, request.place);
  if (IsBlank(found.text)) return Unanswered();
  const std::string gold = GoldText(request.gold);
  MathVerdict verdict = JudgeMath(gold, found.text);
  if (verdict.verdict != VERDICT_CORRECT && EachIs(gold, found.boxes)) {
    verdict = {VERDICT_CORRECT, "every box holds the answer"};
  }
  return {verdict.verdict, std::move(found.text), std::move(verdict.reason)};
}

Finding VerifyString(const VerifyRequest& request) {
  FoundAnswer found = FindAnswer(request.answer, request.place);
  if (found.mark == AnswerMark::kNone) return Unanswered();
  const absl::string_view answer = absl::StripAsciiWhitespace(found.text);
  const absl::string_view gold = absl::StripAsciiWhitespace(request.gold);
  const bool right = request.options.ignore_case()
                         ? absl::EqualsIgnoreCase(answer, gold)
                         : answer == gold;
  return Decide(right, found.text, "another text");
}

Finding VerifyChoice(const VerifyRequest& request) {
  const absl::string_view letters = LettersOf(request.options);
  const std::optional<char> gold = GoldChoice(request.gold, letters);
  const FoundChoice found =
      request.mode == VerifyMode::kCompat
          ? FindChoiceAsSimpleEvals(request.answer, letters)
          : FindChoice(request.answer, letters, request.place);
  if (found.letter == 0) return Unanswered(found.reason);
  return Decide(found.letter == gold, std::string(1, found.letter),
                "another option");
}

// 20 % are 20 and 0.2, as in mathematics: the question may have named either.
// nullopt: not one percentage against a bare number.
std::optional<bool> ComparePercent(const Quantity& gold, const Quantity& answer,
                                   const AnswerOptions& options) {
  const bool of_gold = gold.unit == "%";
  const Quantity& bare = of_gold ? answer : gold;
  if (of_gold == (answer.unit == "%") || !bare.unit.empty()) {
    return std::nullopt;
  }
  const double scaled = of_gold ? answer.value * 100 : answer.value / 100;
  return WithinTolerance(gold.value, answer.value, options) ||
         WithinTolerance(gold.value, scaled, options);
}

Finding VerifyNumeric(const VerifyRequest& request) {
  FoundAnswer found = FindAnswer(request.answer, request.place);
  if (IsBlank(found.text)) return Unanswered();
  const auto gold = ParseQuantity(GoldText(request.gold));
  const auto answer = ParseQuantity(found.text);
  if (!answer) {
    return {VERDICT_UNKNOWN, std::move(found.text),
            "the answer is no plain number"};
  }
  if (const auto right = ComparePercent(*gold, *answer, request.options)) {
    return Decide(*right, std::move(found.text), "outside the tolerance");
  }
  const bool other_unit = !answer->unit.empty() && answer->unit != gold->unit;
  if (other_unit) {
    return {VERDICT_UNKNOWN, std::move(found.text),
            absl::StrCat("the answer is in '", answer->unit,
                         "', the gold answer in '", gold->unit, "'")};
  }
  return Decide(WithinTolerance(gold->value, answer->value, request.options),
                std::move(found.text), "outside the tolerance");
}

// Patterns may ask for several lines: without a mark the whole part counts.
Finding VerifyRegex(const VerifyRequest& request) {
  const auto part = AnswerPart(request.answer);
  if (!part || IsBlank(*part)) return Unanswered();
  FoundAnswer found = FindAnswer(request.answer, request.place);
  const bool marked = found.mark != AnswerMark::kNone;
  if (!marked && request.place == AnswerPlace::kBoxOnly) return Unanswered();
  if (!marked || request.options.anywhere()) {
    found.text = std::string(absl::StripAsciiWhitespace(*part));
  }
  PatternOptions options;
  options.ignore_case = request.options.ignore_case();
  options.anywhere = request.options.anywhere();
  const absl::StatusOr<Pattern> pattern =
      Pattern::Create(request.gold, options);
  switch (pattern->Match(found.text)) {
    case PatternMatch::kMatches:
      return Decide(true, std::move(found.text), "");
    case PatternMatch::kDiffers:
      return Decide(false, std::move(found.text), "the pattern does not match");
    default:
      return {VERDICT_UNKNOWN, std::move(found.text),
              "matching took more work than is allowed"};
  }
}

Finding VerifyJson(const VerifyRequest& request) {
  std::string text = JsonTextOf(request.answer);
  if (IsBlank(text)) return Unanswered();
  JsonLimits limits;
  limits.max_bytes = kMaxJsonAnswerBytes;
  const absl::StatusOr<Json> value = ParseJson(text, limits);
  if (!value.ok()) {
    return Decide(false, std::move(text),
                  absl::StrCat("no JSON: ", value.status().message()));
  }
  const absl::StatusOr<JsonSchema> schema = JsonSchema::Create(request.gold);
  SchemaVerdict checked = schema->Check(*value);
  if (checked.kind == SchemaVerdict::Kind::kGivenUp) {
    return {VERDICT_UNKNOWN, std::move(text), std::move(checked.reason)};
  }
  return Decide(checked.kind == SchemaVerdict::Kind::kValid, std::move(text),
                checked.reason);
}

Finding Judge(const VerifyRequest& request) {
  const bool compat = request.mode == VerifyMode::kCompat;
  switch (request.kind) {
    case ANSWER_KIND_INTEGER:
    case ANSWER_KIND_MATH: {
      if (!compat) return VerifyMathematics(request);
      CompatVerdict verdict =
          VerifyAsMathVerify(request.gold, request.answer, CompatOptions());
      return {verdict.verdict, std::move(verdict.extracted),
              std::move(verdict.reason)};
    }
    case ANSWER_KIND_CHOICE:
      return VerifyChoice(request);
    case ANSWER_KIND_STRING:
      return VerifyString(request);
    case ANSWER_KIND_NUMERIC:
      return VerifyNumeric(request);
    case ANSWER_KIND_REGEX:
      return VerifyRegex(request);
    default:
      return VerifyJson(request);
  }
}

// What of the gold answer makes every verdict impossible.
std::string WhyUnreadable(absl::string_view gold, AnswerKind kind,
                          const AnswerOptions& options) {
  switch (kind) {
    case ANSWER_KIND_INTEGER:
      return NormalizeIntegerGold(gold) ? "" : "the gold answer is no integer";
    case ANSWER_KIND_MATH:
      return WhyNoMath(GoldText(gold));
    case ANSWER_KIND_STRING:
      return IsBlank(gold) ? "the gold answer is empty" : "";
    case ANSWER_KIND_NUMERIC:
      return ParseQuantity(GoldText(gold)) ? ""
                                           : "the gold answer is no number";
    case ANSWER_KIND_CHOICE:
      return GoldChoice(gold, LettersOf(options))
                 ? ""
                 : absl::StrCat("the gold answer names no option of ",
                                LettersOf(options));
    default:
      return "";
  }
}

}  // namespace

absl::string_view AnswerKindName(AnswerKind kind) {
  for (const KindName& entry : kKinds) {
    if (entry.kind == kind) return entry.name;
  }
  return "";
}

AnswerKind AnswerKindFromName(absl::string_view name) {
  for (const KindName& entry : kKinds) {
    if (entry.name == name) return entry.kind;
  }
  return ANSWER_KIND_UNSPECIFIED;
}

absl::Status CheckRequest(const VerifyRequest& request) {
  switch (request.kind) {
    case ANSWER_KIND_CHOICE:
      return CheckLetters(LettersOf(request.options));
    case ANSWER_KIND_NUMERIC:
      return CheckTolerances(request.options);
    case ANSWER_KIND_REGEX:
      return Pattern::Create(request.gold, PatternOptions()).status();
    case ANSWER_KIND_JSON_SCHEMA:
      return JsonSchema::Create(request.gold).status();
    default:
      break;
  }
  if (!AnswerKindName(request.kind).empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("answers of kind ", AnswerKind_Name(request.kind),
                   " are not compared with a gold answer here"));
}

std::string WhyUndecidable(absl::string_view gold, AnswerKind kind,
                           const AnswerOptions& options) {
  VerifyRequest request;
  request.gold = gold;
  request.kind = kind;
  request.options = options;
  const absl::Status status = CheckRequest(request);
  if (!status.ok()) return std::string(status.message());
  return WhyUnreadable(gold, kind, options);
}

Verification VerifyAnswer(const VerifyRequest& request) {
  Verification verification;
  verification.set_version(kVerifierVersion);
  const absl::string_view name = AnswerKindName(request.kind);
  const bool compat = request.mode == VerifyMode::kCompat;
  verification.set_method(
      absl::StrCat(name.empty() ? "none" : name, compat ? "/compat" : ""));
  const absl::Status status = CheckRequest(request);
  Finding finding;
  if (!status.ok()) {
    finding.detail = std::string(status.message());
  } else if (std::string reason =
                 compat ? ""
                        : WhyUnreadable(request.gold, request.kind,
                                        request.options);
             !reason.empty()) {
    finding.detail = std::move(reason);
    finding.extracted = FindAnswer(request.answer, request.place).text;
  } else {
    finding = Judge(request);
  }
  verification.set_verdict(finding.verdict);
  verification.set_extracted(std::move(finding.extracted));
  verification.set_detail(std::move(finding.detail));
  return verification;
}

Verification VerifyAnswer(absl::string_view gold, absl::string_view answer,
                          AnswerKind kind) {
  VerifyRequest request;
  request.gold = gold;
  request.answer = answer;
  request.kind = kind;
  return VerifyAnswer(request);
}

}  // namespace limbeck
