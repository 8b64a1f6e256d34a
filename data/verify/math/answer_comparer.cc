#include "data/verify/math/answer_comparer.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/verify/math/math_limits.h"
#include "data/verify/math/real_set.h"

namespace limbeck {
namespace {

bool IsCollection(const Expression& node) {
  return node.is(ExpressionKind::kList) || node.is(ExpressionKind::kSet);
}

bool IsMatrixLike(const Expression& node) {
  return ContainsKind(node, ExpressionKind::kMatrix);
}

// \vec{a}, \hat{\imath}, bold i.
bool HasVectorSymbol(const Expression& node) {
  const std::vector<std::string> names = FreeSymbols(node);
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return absl::StrContains(name, '{');
  });
}

bool SaysUndefined(const std::string& words) {
  return words == "dne" || words == "does not exist" || words == "undefined" ||
         words == "not defined";
}

EqualityFinding CompareWords(const Expression& gold, const Expression& answer) {
  if (gold.name == answer.name ||
      (SaysUndefined(gold.name) && SaysUndefined(answer.name))) {
    return FoundEqual("the same words");
  }
  const bool single = !absl::StrContains(gold.name, ' ') &&
                      !absl::StrContains(answer.name, ' ');
  const bool contained = absl::StrContains(gold.name, answer.name) ||
                         absl::StrContains(answer.name, gold.name);
  // "east" and "eastern", "an ellipse with foci...": for a reader to judge.
  if (!single || contained) return FoundUnknown("different wording");
  return FoundDifferent("different words");
}

bool HasDigit(const std::string& words) {
  return std::any_of(words.begin(), words.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

// "twenty", "twenty-one", "one hundred"; nullopt: names no integer from 0 to
// 100.
std::optional<int64_t> NumberNamed(absl::string_view words) {
  static constexpr absl::string_view kBelowTwenty[] = {
      "zero",    "one",     "two",       "three",    "four",
      "five",    "six",     "seven",     "eight",    "nine",
      "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
      "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  static constexpr absl::string_view kTens[] = {"twenty", "thirty", "forty",
                                                "fifty",  "sixty",  "seventy",
                                                "eighty", "ninety"};
  const auto place = [](const auto& names, absl::string_view name) {
    return std::find(std::begin(names), std::end(names), name) -
           std::begin(names);
  };
  if (words == "hundred" || words == "a hundred" || words == "one hundred") {
    return 100;
  }
  const int64_t small = place(kBelowTwenty, words);
  if (small < 20) return small;
  const size_t end = words.find_first_of(" -");
  const int64_t tens = place(kTens, words.substr(0, end));
  if (tens == 8) return std::nullopt;
  if (end == absl::string_view::npos) return 10 * (tens + 2);
  const int64_t ones = place(kBelowTwenty, words.substr(end + 1));
  if (ones < 1 || ones > 9) return std::nullopt;
  return 10 * (tens + 2) + ones;
}

}  // namespace

bool IsNumberWord(absl::string_view words) {
  return NumberNamed(words).has_value();
}

ExpressionPtr MeaningOfWords(const std::string& words) {
  static constexpr absl::string_view kNothing[] = {
      "no solution", "no solutions", "no real solution", "no real solutions",
      "none",        "empty set",    "no such number"};
  for (const absl::string_view phrase : kNothing) {
    if (words == phrase) return MakeNode(ExpressionKind::kEmptySet, {});
  }
  if (const auto number = NumberNamed(words)) return MakeInteger(*number);
  if (words == "all real numbers" || words == "all reals" ||
      words == "real numbers") {
    Expression reals;
    reals.kind = ExpressionKind::kNumberSet;
    reals.name = "R";
    return std::make_shared<Expression>(std::move(reals));
  }
  return nullptr;
}

EqualityFinding AnswerComparer::Compare(const ExpressionPtr& gold,
                                        const ExpressionPtr& answer) {
  if (depth_ > kMaxMathDepth || !budget_.Spend(20)) {
    return FoundUnknown("over the limit of work");
  }
  ++depth_;
  const std::string gold_text = CanonicalText(*gold);
  const std::string answer_text = CanonicalText(*answer);
  EqualityFinding finding = FoundEqual("the same expression");
  if (gold_text != answer_text) {
    budget_.Spend(static_cast<int64_t>(gold_text.size() + answer_text.size()));
    finding = CompareKinds(SpellOut(ResolveDeterminants(gold)),
                           SpellOut(ResolveDeterminants(answer)));
  }
  --depth_;
  return finding;
}

EqualityFinding AnswerComparer::CompareKinds(const ExpressionPtr& gold,
                                             const ExpressionPtr& answer) {
  const bool gold_words = gold->is(ExpressionKind::kText);
  const bool answer_words = answer->is(ExpressionKind::kText);
  if (gold_words && answer_words) return CompareWords(*gold, *answer);
  if (gold_words || answer_words) {
    const std::string& words = gold_words ? gold->name : answer->name;
    const ExpressionPtr meaning = MeaningOfWords(words);
    if (meaning != nullptr) {
      return gold_words ? Compare(meaning, answer) : Compare(gold, meaning);
    }
    // Words inside mathematics may be a remark about it.
    return HasDigit(words) || depth_ > 1 ||
                   !IsScalar(gold_words ? *answer : *gold)
               ? FoundUnknown("words against mathematics")
               : FoundDifferent("words against a number");
  }
  if (gold->is(ExpressionKind::kRelation) ||
      answer->is(ExpressionKind::kRelation)) {
    return CompareRelations(gold, answer);
  }
  if (ContainsKind(*gold, ExpressionKind::kDots) ||
      ContainsKind(*answer, ExpressionKind::kDots)) {
    return FoundUnknown("dots stand for something");
  }
  if (IsMatrixLike(*gold) || IsMatrixLike(*answer)) {
    return CompareMatrices(gold, answer);
  }
  if (IsScalar(*gold) && IsScalar(*answer)) return CompareMarked(gold, answer);
  if (gold->is(ExpressionKind::kRatio) || answer->is(ExpressionKind::kRatio)) {
    return CompareRatios(gold, answer);
  }
  if (gold->is(ExpressionKind::kTuple) && answer->is(ExpressionKind::kTuple)) {
    return CompareOrdered(gold->children, answer->children);
  }
  if (IsCollection(*gold) || IsCollection(*answer)) {
    return CompareLists(gold, answer);
  }
  if (gold->is(ExpressionKind::kNumberSet) &&
      answer->is(ExpressionKind::kNumberSet) && gold->name.size() == 1 &&
      answer->name.size() == 1) {
    return FoundDifferent("different sets of numbers");
  }
  if (LooksLikeRealSet(*gold) && LooksLikeRealSet(*answer)) {
    return CompareRealSets(gold, answer, budget_);
  }
  if (HasVectorSymbol(*gold) || HasVectorSymbol(*answer)) {
    return FoundUnknown("a vector against something else");
  }
  return FoundDifferent("different kinds of answers");
}

}  // namespace limbeck
