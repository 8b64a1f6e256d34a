// Plain numbers are settled by their digits; all else goes to the parser.
#include "data/verify/math_verdict.h"

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/verify/extract.h"
#include "data/verify/math/math_answer.h"
#include "data/verify/plain_number.h"

namespace limbeck {
namespace {

bool HasDegrees(absl::string_view text) {
  return absl::StrContains(text, "circ") || absl::StrContains(text, "\xC2\xB0");
}

// Digits settle an integer against a plain number; of degrees against none the
// parser knows whether the other are dollars.
std::optional<MathVerdict> JudgeDigits(absl::string_view gold,
                                       absl::string_view answer) {
  const std::optional<std::string> wanted = NormalizeInteger(gold);
  if (!wanted) return std::nullopt;
  const std::optional<PlainNumber> found = ParsePlainNumber(answer);
  if (!found) return std::nullopt;
  if (!found->is_whole) {
    return MathVerdict{VERDICT_WRONG, "the answer is no integer"};
  }
  if (*wanted == found->integer && HasDegrees(gold) != HasDegrees(answer)) {
    return std::nullopt;
  }
  if (*wanted == found->integer) return MathVerdict{VERDICT_CORRECT, ""};
  return MathVerdict{VERDICT_WRONG, "another integer"};
}

bool IsInequality(const Expression& answer) {
  if (!answer.is(ExpressionKind::kRelation)) return false;
  const MathRelation link = answer.relations[0];
  return link != MathRelation::kIn && link != MathRelation::kEqual;
}

// A gold answer in interval notation: its form may be part of the question.
bool IsRealSet(const Expression& gold) {
  if (gold.is(ExpressionKind::kRelation)) {
    return gold.relations[0] == MathRelation::kIn &&
           IsRealSet(*gold.children.back());
  }
  return gold.is(ExpressionKind::kInterval) ||
         gold.is(ExpressionKind::kTuple) || gold.is(ExpressionKind::kUnion);
}

}  // namespace

std::string GoldText(absl::string_view gold) {
  const FoundAnswer found = FindAnswer(gold);
  const bool marked =
      found.mark != AnswerMark::kNone && found.mark != AnswerMark::kBare;
  if (marked) return found.text;
  return std::string(absl::StripAsciiWhitespace(gold));
}

MathVerdict JudgeMath(absl::string_view gold, absl::string_view answer) {
  if (auto decided = JudgeDigits(gold, answer)) return *decided;
  const absl::StatusOr<MathAnswer> wanted = ParseMathAnswer(gold);
  if (!wanted.ok()) {
    return {VERDICT_UNKNOWN, absl::StrCat("the gold answer cannot be read: ",
                                          wanted.status().message())};
  }
  const absl::StatusOr<MathAnswer> found = ParseMathAnswer(answer);
  if (!found.ok()) {
    return {VERDICT_UNKNOWN, absl::StrCat("the answer cannot be read: ",
                                          found.status().message())};
  }
  const MathComparison comparison = CompareMathAnswers(*wanted, *found);
  if (comparison.verdict == VERDICT_CORRECT && IsRealSet(*wanted->root()) &&
      IsInequality(*found->root())) {
    return {VERDICT_UNKNOWN, "an inequality where a set was asked for"};
  }
  return {comparison.verdict, comparison.reason};
}

std::string WhyNoMath(absl::string_view gold) {
  if (absl::StripAsciiWhitespace(gold).empty()) {
    return "the gold answer is empty";
  }
  const absl::StatusOr<MathAnswer> wanted = ParseMathAnswer(gold);
  if (wanted.ok()) return "";
  return absl::StrCat("the gold answer cannot be read: ",
                      wanted.status().message());
}

}  // namespace limbeck
