#include "data/verify/math/math_answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "data/verify/math/answer_comparer.h"
#include "data/verify/math/exact_value.h"
#include "data/verify/math/math_limits.h"
#include "data/verify/math/math_parser.h"
#include "data/verify/math/math_tokens.h"

namespace limbeck {
namespace {

// Without blanks around it and the punctuation of the sentence it ended.
absl::string_view TrimAnswer(absl::string_view text) {
  for (;;) {
    const size_t before = text.size();
    text = absl::StripAsciiWhitespace(text);
    while (!text.empty() &&
           absl::StrContains(".,;:", text.substr(text.size() - 1)) &&
           !absl::EndsWith(text, "..") && !absl::EndsWith(text, "\\,") &&
           !absl::EndsWith(text, "\\;") && !absl::EndsWith(text, "\\:")) {
      text.remove_suffix(1);
    }
    if (text.size() == before) return text;
  }
}

// Words and nothing that only mathematics has.
bool HasProse(absl::string_view text) {
  bool prose = false;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const bool letter =
        i < text.size() && (absl::ascii_isalpha(text[i]) ||
                            static_cast<unsigned char>(text[i]) >= 0x80);
    if (letter) continue;
    const absl::string_view run = text.substr(begin, i - begin);
    if (begin > 0 && text[begin - 1] == '\\' && !run.empty()) {
      if (!IsTextCommand(run) && !IsIgnoredCommand(run) &&
          !IsTransparentCommand(run) && run != "quad") {
        return false;
      }
    } else if (IsProse(run) &&
               LookUpMathWord(run, false).kind == TokenKind::kEnd) {
      prose = true;
    }
    begin = i + 1;
  }
  return prose;
}

bool HasImaginaryUnit(const Expression& node) {
  return node.is(MathConstant::kImaginary) ||
         std::any_of(node.children.begin(), node.children.end(),
                     [](const ExpressionPtr& child) {
                       return HasImaginaryUnit(*child);
                     });
}

MathType TypeOfScalar(const Expression& root) {
  if (root.is(ExpressionKind::kSymbol)) return MathType::kLetter;
  if (!FreeSymbols(root).empty()) return MathType::kFormula;
  if (HasImaginaryUnit(root)) return MathType::kComplex;
  Bindings none;
  WorkBudget budget(10'000);
  Rational value;
  if (EvaluateExactly(root, none, budget, value) == ExactOutcome::kValue) {
    return value.is_integer() ? MathType::kInteger : MathType::kRational;
  }
  return MathType::kClosedForm;
}

MathType TypeOf(const Expression& root) {
  switch (root.kind) {
    case ExpressionKind::kPercent:
      return MathType::kPercent;
    case ExpressionKind::kDegree:
    case ExpressionKind::kUnit:
      return MathType::kUnit;
    case ExpressionKind::kBased:
      return MathType::kBased;
    case ExpressionKind::kTuple:
      return MathType::kTuple;
    case ExpressionKind::kList:
      return MathType::kList;
    case ExpressionKind::kSet:
    case ExpressionKind::kSetBuilder:
    case ExpressionKind::kNumberSet:
    case ExpressionKind::kEmptySet:
      return MathType::kSet;
    case ExpressionKind::kInterval:
    case ExpressionKind::kUnion:
    case ExpressionKind::kIntersection:
    case ExpressionKind::kDifference:
      return MathType::kInterval;
    case ExpressionKind::kMatrix:
      return MathType::kMatrix;
    case ExpressionKind::kRelation:
      return MathType::kRelation;
    case ExpressionKind::kRatio:
      return MathType::kRatio;
    case ExpressionKind::kText:
    case ExpressionKind::kDots:
      return root.name.size() == 1 ? MathType::kLetter : MathType::kText;
    default:
      return TypeOfScalar(root);
  }
}

}  // namespace

absl::string_view MathTypeName(MathType type) {
  switch (type) {
    case MathType::kInteger:
      return "integer";
    case MathType::kRational:
      return "rational";
    case MathType::kClosedForm:
      return "closed form";
    case MathType::kComplex:
      return "complex";
    case MathType::kFormula:
      return "formula";
    case MathType::kTuple:
      return "tuple";
    case MathType::kList:
      return "list";
    case MathType::kSet:
      return "set";
    case MathType::kInterval:
      return "interval";
    case MathType::kMatrix:
      return "matrix";
    case MathType::kRelation:
      return "relation";
    case MathType::kPercent:
      return "percent";
    case MathType::kUnit:
      return "unit";
    case MathType::kBased:
      return "number in a base";
    case MathType::kRatio:
      return "ratio";
    case MathType::kLetter:
      return "letter";
    case MathType::kText:
      return "text";
  }
  return "";
}

absl::StatusOr<MathAnswer> ParseMathAnswer(absl::string_view text,
                                           const MathOptions& options) {
  MathAnswer answer;
  answer.source_ = std::string(TrimAnswer(text));
  answer.words_ =
      PlainWords(absl::string_view(answer.source_).substr(0, kMaxMathBytes));
  // Letter by letter "six" is a product.
  if (IsNumberWord(absl::AsciiStrToLower(answer.source_))) {
    answer.readings_[0] = MakeText(answer.words_);
    answer.canonical_ = CanonicalText(*answer.root());
    return answer;
  }
  const unsigned usual =
      options.comma == CommaPolicy::kDecimalFirst ? kDecimalComma : 0u;
  absl::StatusOr<ParsedMath> parsed = ParseMath(answer.source_, options, usual);
  if (parsed.ok()) {
    const unsigned met = parsed->ambiguities;
    answer.readings_[0] = parsed->root;
    // Every nonempty subset of the bits that were met.
    for (unsigned bits = met; bits != 0; bits = (bits - 1) & met) {
      absl::StatusOr<ParsedMath> other =
          ParseMath(answer.source_, options, usual ^ bits);
      if (other.ok()) answer.readings_[bits] = other->root;
    }
  } else if (absl::IsInvalidArgument(parsed.status()) &&
             HasProse(answer.source_)) {
    answer.readings_[0] = MakeText(answer.words_);
  } else {
    return parsed.status();
  }
  answer.canonical_ = CanonicalText(*answer.root());
  answer.type_ = TypeOf(*answer.root());
  return answer;
}

}  // namespace limbeck
