// Scalars with what is written around them: units, percent and degree signs,
// bases, ratios; and decimals against exact numbers.
#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/verify/math/answer_comparer.h"
#include "data/verify/math/exact_value.h"
#include "data/verify/math/units.h"

namespace limbeck {
namespace {

// Digits from which a decimal gold answer is taken for a rounded value that
// anything rounding to it may match.
constexpr int kTrustedDigits = 6;
constexpr int kMeantDigits = 2;

struct Marked {
  ExpressionPtr value;
  bool percent = false;
  bool degree = false;
  bool radian = false;
  std::optional<std::string> unit;
};

ExpressionPtr Scaled(const ExpressionPtr& value, const Rational& factor) {
  return MakeNode(ExpressionKind::kProduct, {value, MakeNumber(factor)});
}

// 5 feet 6 inches: the sum in the first term's unit; left alone where not all
// terms have units of one kind.
void AddUnits(const Expression& sum, Marked& marked) {
  std::vector<ExpressionPtr> terms;
  Unit first;
  for (const ExpressionPtr& child : sum.children) {
    if (!child->is(ExpressionKind::kUnit)) return;
    const Unit unit = ParseUnit(child->name);
    if (terms.empty()) first = unit;
    if (!unit.known || unit.dimension != first.dimension) return;
    Rational factor;
    fmpq_div(factor.get(), unit.factor.get(), first.factor.get());
    terms.push_back(Scaled(child->children[0], factor));
  }
  marked.unit = sum.children[0]->name;
  marked.value = MakeNode(ExpressionKind::kSum, std::move(terms));
}

// Takes signs and units off from the outside.
Marked Peel(const ExpressionPtr& node) {
  Marked marked;
  switch (node->kind) {
    case ExpressionKind::kPercent:
      marked = Peel(node->children[0]);
      marked.percent = true;
      return marked;
    case ExpressionKind::kDegree:
      marked = Peel(node->children[0]);
      marked.degree = true;
      return marked;
    case ExpressionKind::kUnit:
      marked = Peel(node->children[0]);
      if (node->name == "radian" || node->name == "radians") {
        marked.radian = true;
      } else {
        marked.unit = node->name;
      }
      return marked;
    case ExpressionKind::kSum:
      marked.value = node;
      AddUnits(*node, marked);
      return marked;
    case ExpressionKind::kNegate:
      marked = Peel(node->children[0]);
      marked.value =
          marked.value == node->children[0] ? node : MakeNegate(marked.value);
      return marked;
    default:
      marked.value = node;
      return marked;
  }
}

// The decimal as written, through a sign; null: no decimal.
const Expression* AsDecimal(const ExpressionPtr& node) {
  const Expression* number = node.get();
  while (number->is(ExpressionKind::kNegate)) {
    number = number->children[0].get();
  }
  return number->is(ExpressionKind::kNumber) && number->decimal_places > 0
             ? number
             : nullptr;
}

int SignificantDigits(const Expression& decimal) {
  int digits = 0;
  bool leading = true;
  for (const char c : decimal.name) {
    if (c == '.') continue;
    leading &= c == '0';
    if (!leading) ++digits;
  }
  return digits;
}

// Two digits below 60, as behind the colon of a time of day.
bool IsMinutes(const Expression& node) {
  return node.is(ExpressionKind::kNumber) && node.name.size() == 2 &&
         node.number < Rational(60);
}

// "3s": three seconds, or three times s.
bool EndsInUnitLetter(const Expression& product) {
  static constexpr absl::string_view kLetters = "msghlLNJVWAK";
  if (!product.is(ExpressionKind::kProduct) || product.children.size() != 2) {
    return false;
  }
  const Expression& letter = *product.children[1];
  return letter.is(ExpressionKind::kSymbol) && letter.name.size() == 1 &&
         kLetters.find(letter.name[0]) != absl::string_view::npos;
}

// "3s" against 3.
bool IsTimesUnitLetter(const Expression& product, const ExpressionPtr& number) {
  return EndsInUnitLetter(product) &&
         CanonicalText(*product.children[0]) == CanonicalText(*number);
}

// The letter of EndsInUnitLetter taken for a unit.
Marked WithUnitLetter(const Expression& product) {
  Marked marked;
  marked.value = product.children[0];
  marked.unit = product.children[1]->name;
  return marked;
}

// Whether `exact` rounds to the decimal at its last place.
bool RoundsTo(const ExpressionPtr& exact, const ExpressionPtr& written,
              const Expression& decimal, WorkBudget& budget) {
  Rational half(1, 2);
  ScaleByPowerOfTen(-decimal.decimal_places, half);
  const ExpressionPtr distance =
      MakeFunction(MathFunction::kAbs, {MakeDifference(exact, written)});
  const Order order = CompareReals(distance, MakeNumber(half), budget);
  return order == Order::kLess || order == Order::kEqual;
}

}  // namespace

EqualityFinding AnswerComparer::CompareMarked(const ExpressionPtr& gold,
                                              const ExpressionPtr& answer) {
  const Marked g = Peel(gold), a = Peel(answer);
  if (g.value->is(ExpressionKind::kBased) ||
      a.value->is(ExpressionKind::kBased)) {
    return CompareBased(*g.value, *a.value);
  }
  if (g.unit.has_value() && a.unit.has_value() &&
      options_.units != UnitPolicy::kIgnored) {
    return CompareUnits(*g.unit, *a.unit, g.value, a.value);
  }
  if (g.degree && a.radian) return ComparePlain(gold, a.value);
  if (g.radian && a.degree) return ComparePlain(g.value, answer);
  EqualityFinding bare = ComparePlain(g.value, a.value);
  if (bare.equality == Equality::kDifferent &&
      ((a.unit && EndsInUnitLetter(*g.value)) ||
       (g.unit && EndsInUnitLetter(*a.value)))) {
    // 500 cm are 5 m; 400 cm may be 5 times m.
    const Marked other = WithUnitLetter(a.unit ? *g.value : *a.value);
    EqualityFinding as_units =
        a.unit ? CompareUnits(*other.unit, *a.unit, other.value, a.value)
               : CompareUnits(*g.unit, *other.unit, g.value, other.value);
    return as_units.equality == Equality::kEqual
               ? as_units
               : FoundUnknown("a letter that may be a unit");
  }
  // Dollars are no degrees, even where the numbers agree.
  const bool of_two_kinds = (g.degree && (a.unit || a.percent)) ||
                            (a.degree && (g.unit || g.percent)) ||
                            (g.percent && a.unit) || (a.percent && g.unit);
  if (of_two_kinds && bare.equality == Equality::kEqual &&
      options_.units != UnitPolicy::kIgnored) {
    return FoundDifferent("units of different kinds");
  }
  if (g.percent != a.percent) {
    const Rational hundredth(1, 100);
    EqualityFinding by_value =
        g.percent ? ComparePlain(Scaled(g.value, hundredth), a.value)
                  : ComparePlain(g.value, Scaled(a.value, hundredth));
    if (by_value.equality == Equality::kEqual ||
        options_.percent == PercentPolicy::kValueOnly) {
      return by_value;
    }
    if (bare.equality == Equality::kDifferent &&
        by_value.equality == Equality::kUnknown) {
      return by_value;
    }
  } else if (g.degree != a.degree && bare.equality != Equality::kEqual) {
    // 30 degrees are pi/6.
    return g.degree ? ComparePlain(gold, a.value)
                    : ComparePlain(g.value, answer);
  }
  return bare;
}

EqualityFinding AnswerComparer::ComparePlain(const ExpressionPtr& gold,
                                             const ExpressionPtr& answer) {
  EqualityFinding finding = CompareScalars(gold, answer, budget_);
  if (finding.equality != Equality::kDifferent) return finding;
  if (IsTimesUnitLetter(*gold, answer) || IsTimesUnitLetter(*answer, gold)) {
    return FoundUnknown("a letter that may be a unit");
  }
  if (!FreeSymbols(*gold).empty() || !FreeSymbols(*answer).empty()) {
    return IsRenamedIndex(gold, answer)
               ? FoundUnknown("the index has another name")
               : finding;
  }
  const Expression* const gold_decimal = AsDecimal(gold);
  const Expression* const answer_decimal = AsDecimal(answer);
  // A decimal gold answer of many digits is itself rounded.
  if (gold_decimal != nullptr &&
      SignificantDigits(*gold_decimal) >= kMeantDigits &&
      (answer_decimal == nullptr ||
       answer_decimal->decimal_places > gold_decimal->decimal_places) &&
      RoundsTo(answer, gold, *gold_decimal, budget_)) {
    return SignificantDigits(*gold_decimal) >= kTrustedDigits
               ? FoundEqual("rounds to the decimal gold answer")
               : FoundUnknown("rounds to a gold answer of few digits");
  }
  if (answer_decimal != nullptr &&
      SignificantDigits(*answer_decimal) >= kMeantDigits &&
      (gold_decimal == nullptr ||
       gold_decimal->decimal_places > answer_decimal->decimal_places) &&
      RoundsTo(gold, answer, *answer_decimal, budget_)) {
    return FoundUnknown("a decimal that only rounds the gold answer");
  }
  return finding;
}

// 2n + 1 for odd numbers against 2k + 1.
bool AnswerComparer::IsRenamedIndex(const ExpressionPtr& gold,
                                    const ExpressionPtr& answer) {
  const auto is_index = [](const std::string& name) {
    return name == "n" || name == "k" || name == "m" || name == "j";
  };
  const std::vector<std::string> g = FreeSymbols(*gold);
  const std::vector<std::string> a = FreeSymbols(*answer);
  std::vector<std::string> only_g, only_a;
  std::set_difference(g.begin(), g.end(), a.begin(), a.end(),
                      std::back_inserter(only_g));
  std::set_difference(a.begin(), a.end(), g.begin(), g.end(),
                      std::back_inserter(only_a));
  return only_g.size() == 1 && only_a.size() == 1 && is_index(only_g[0]) &&
         is_index(only_a[0]) &&
         CompareScalars(gold,
                        Substitute(answer, only_a[0], MakeSymbol(only_g[0])),
                        budget_)
                 .equality == Equality::kEqual;
}

EqualityFinding AnswerComparer::CompareBased(const Expression& gold,
                                             const Expression& answer) {
  const bool both =
      gold.is(ExpressionKind::kBased) && answer.is(ExpressionKind::kBased);
  if (both && gold.base == answer.base) {
    return gold.number == answer.number
               ? FoundEqual("the same number in the same base")
               : FoundDifferent("different numbers in one base");
  }
  const auto is_number = [](const Expression& node) {
    return node.is(ExpressionKind::kNumber) || node.is(ExpressionKind::kBased);
  };
  if (!is_number(gold) || !is_number(answer)) {
    EqualityFinding finding =
        CompareScalars(std::make_shared<Expression>(gold),
                       std::make_shared<Expression>(answer), budget_);
    return finding.equality == Equality::kDifferent
               ? finding
               : FoundUnknown("a number in a base against a formula");
  }
  // Which base was asked for is not in the answer.
  if (gold.number == answer.number || gold.name == answer.name) {
    return FoundUnknown("the bases differ");
  }
  return FoundDifferent("different numbers in different bases");
}

EqualityFinding AnswerComparer::CompareUnits(const std::string& gold_unit,
                                             const std::string& answer_unit,
                                             const ExpressionPtr& gold,
                                             const ExpressionPtr& answer) {
  if (gold_unit == answer_unit) return ComparePlain(gold, answer);
  const Unit g = ParseUnit(gold_unit), a = ParseUnit(answer_unit);
  if (g.dimension == a.dimension) {
    return ComparePlain(Scaled(gold, g.factor), Scaled(answer, a.factor));
  }
  if (g.known && a.known) return FoundDifferent("units of different kinds");
  EqualityFinding bare = ComparePlain(gold, answer);
  if (bare.equality == Equality::kDifferent) return bare;
  return FoundUnknown(
      absl::StrCat("the units '", gold_unit, "' and '", answer_unit, "'"));
}

EqualityFinding AnswerComparer::CompareRatios(const ExpressionPtr& gold,
                                              const ExpressionPtr& answer) {
  const bool both =
      gold->is(ExpressionKind::kRatio) && answer->is(ExpressionKind::kRatio);
  if (!both) {
    // 7:32 and the fraction 7/32.
    const ExpressionPtr& ratio =
        gold->is(ExpressionKind::kRatio) ? gold : answer;
    const ExpressionPtr& other =
        gold->is(ExpressionKind::kRatio) ? answer : gold;
    if (ratio->children.size() != 2 || !IsScalar(*other)) {
      return FoundDifferent("a ratio against something else");
    }
    return CompareScalars(MakeNode(ExpressionKind::kQuotient, ratio->children),
                          other, budget_);
  }
  const auto& g = gold->children;
  const auto& a = answer->children;
  if (g.size() != a.size()) return FoundDifferent("ratios of different length");
  EqualityFinding parts = CompareOrdered(g, a);
  if (parts.equality == Equality::kEqual) return parts;
  EqualityFinding result = FoundEqual("equal ratios");
  for (size_t i = 0; i + 1 < g.size(); ++i) {
    // g_i : g_{i+1} = a_i : a_{i+1}, crosswise, with no term zero.
    EqualityFinding crosswise = CompareScalars(
        MakeNode(ExpressionKind::kProduct, {g[i], a[i + 1]}),
        MakeNode(ExpressionKind::kProduct, {g[i + 1], a[i]}), budget_);
    if (crosswise.equality != Equality::kEqual) return crosswise;
    const EqualityFinding zero =
        CompareScalars(a[i + 1], MakeInteger(0), budget_);
    const EqualityFinding gold_zero =
        CompareScalars(g[i + 1], MakeInteger(0), budget_);
    if (zero.equality != Equality::kDifferent ||
        gold_zero.equality != Equality::kDifferent) {
      return FoundDifferent("a term of the ratio is zero");
    }
  }
  // 4:30 may be a time of day.
  if (g.size() == 2) {
    const Expression& minutes = *g[1];
    const Expression& other = *a[1];
    if (IsMinutes(minutes) && IsMinutes(other)) {
      return FoundUnknown("equal as ratios, not as times of day");
    }
  }
  return result;
}

}  // namespace limbeck
