// One function per pair of shapes.
#include "data/verify/compat_equal.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "data/verify/compat.h"
#include "data/verify/compat_form.h"
#include "data/verify/compat_scalar.h"
#include "data/verify/math/exact_value.h"
#include "data/verify/math/real_set.h"
#include "data/verify/math/scalar_equality.h"

namespace limbeck {
namespace {

using Items = std::vector<ExpressionPtr>;

bool IsSet(const Expression& e) { return e.is(ExpressionKind::kSet); }

bool IsRelation(const Expression& e) { return e.is(ExpressionKind::kRelation); }

// (a, b, c), also [a, b, c], which is no interval.
bool IsTuple(const Expression& e) {
  return e.is(ExpressionKind::kTuple) ||
         (e.is(ExpressionKind::kInterval) && e.left_open && e.right_open);
}

bool IsRealSet(const Expression& e) {
  switch (e.kind) {
    case ExpressionKind::kInterval:
    case ExpressionKind::kUnion:
    case ExpressionKind::kIntersection:
    case ExpressionKind::kDifference:
    case ExpressionKind::kNumberSet:
    case ExpressionKind::kEmptySet:
      return true;
    default:
      return e.is(ExpressionKind::kTuple) && e.children.size() == 2;
  }
}

bool HasNumber(const Expression& e) {
  return e.is(ExpressionKind::kNumber) ||
         std::any_of(
             e.children.begin(), e.children.end(),
             [](const ExpressionPtr& child) { return HasNumber(*child); });
}

class CompatComparison {
 public:
  CompatComparison(const CompatOptions& options, WorkBudget& budget)
      : options_(options), budget_(budget), places_(options.float_rounding) {}

  bool Equal(const ExpressionPtr& gold, const ExpressionPtr& answer) {
    if (!budget_.Spend(10)) return false;
    if (IsRelation(*gold) || IsRelation(*answer)) {
      return RelationsEqual(gold, answer);
    }
    if (CanonicalText(*gold) == CanonicalText(*answer)) return true;
    if (IsSet(*gold) || IsSet(*answer)) return SetsEqual(gold, answer);
    if (IsTuple(*gold) && IsTuple(*answer)) {
      return InOrder(gold->children, answer->children);
    }
    if (gold->is(ExpressionKind::kMatrix) ||
        answer->is(ExpressionKind::kMatrix)) {
      return gold->kind == answer->kind && gold->columns == answer->columns &&
             InOrder(gold->children, answer->children);
    }
    if (IsRealSet(*gold) && IsRealSet(*answer)) {
      return RealSetsEqual(gold, answer);
    }
    if (gold->is(ExpressionKind::kText) || answer->is(ExpressionKind::kText)) {
      return false;
    }
    if (!IsScalar(*gold) || !IsScalar(*answer)) return false;
    return CompatScalarsEqual(gold, answer, places_, budget_);
  }

 private:
  bool InOrder(const Items& gold, const Items& answer) {
    return std::equal(gold.begin(), gold.end(), answer.begin(), answer.end(),
                      [&](const ExpressionPtr& a, const ExpressionPtr& b) {
                        return Equal(a, b);
                      });
  }

  Items Distinct(const Items& items) {
    Items kept;
    for (const ExpressionPtr& item : items) {
      const bool seen =
          std::any_of(kept.begin(), kept.end(),
                      [&](const ExpressionPtr& k) { return Equal(k, item); });
      if (!seen) kept.push_back(item);
    }
    return kept;
  }

  // Each element of one has its own partner in the other.
  bool SameElements(const Items& gold_items, const Items& answer_items) {
    const Items gold = Distinct(gold_items);
    Items answer = Distinct(answer_items);
    if (gold.size() != answer.size()) return false;
    for (const ExpressionPtr& item : gold) {
      const auto partner = std::find_if(
          answer.begin(), answer.end(),
          [&](const ExpressionPtr& other) { return Equal(item, other); });
      if (partner == answer.end()) return false;
      answer.erase(partner);
    }
    return true;
  }

  bool SetsEqual(const ExpressionPtr& gold, const ExpressionPtr& answer) {
    if (IsSet(*gold) && IsSet(*answer)) {
      return SameElements(gold->children, answer->children);
    }
    if (IsSet(*gold)) {
      if (IsTuple(*answer)) {
        return SameElements(gold->children, answer->children);
      }
      const Items one = Distinct(gold->children);
      return one.size() == 1 && Equal(one[0], answer);
    }
    // A pair may be met by a set whose elements, sorted, are the pair.
    if (IsTuple(*gold))
      return InOrder(gold->children, Sorted(answer->children));
    const Items one = Distinct(answer->children);
    return one.size() == 1 && Equal(gold, one[0]);
  }

  // Numbers by size; what has no size stays where it is.
  Items Sorted(Items items) {
    for (size_t i = 1; i < items.size(); ++i) {
      for (size_t j = i; j > 0; --j) {
        const Order order = CompareReals(items[j], items[j - 1], budget_);
        if (order != Order::kLess) break;
        std::swap(items[j], items[j - 1]);
      }
    }
    return items;
  }

  bool RealSetsEqual(const ExpressionPtr& gold, const ExpressionPtr& answer) {
    const bool intervals = gold->children.size() == 2 &&
                           answer->children.size() == 2 &&
                           gold->is(ExpressionKind::kInterval) &&
                           answer->is(ExpressionKind::kInterval);
    if (intervals && gold->left_open == answer->left_open &&
        gold->right_open == answer->right_open &&
        InOrder(gold->children, answer->children)) {
      return true;  // ends rounded as decimals are
    }
    return CompareRealSets(gold, answer, budget_).equality == Equality::kEqual;
  }

  bool RelationsEqual(const ExpressionPtr& gold, const ExpressionPtr& answer) {
    if (IsEquation(*gold) && IsEquation(*answer)) {
      return EquationsEqual(*gold, *answer);
    }
    if (IsEquation(*gold) && IsRelation(*answer) && !IsEquation(*answer)) {
      return options_.set_relation && Equal(gold->children.back(), answer);
    }
    if (IsRelation(*gold) && IsRelation(*answer)) {
      return InequalitiesEqual(*gold, *answer) ||
             // "1 <= x" may be met by "x \\in [1, \\infty)".
             (IsEquation(*answer) && Equal(gold, answer->children.back()));
    }
    if (IsEquation(*answer)) return Equal(gold, answer->children.back());
    if (IsEquation(*gold)) {
      return !HasNumber(*gold->children[0]) &&
             Equal(gold->children.back(), answer);
    }
    const bool as_sets = IsRelation(*gold) || options_.set_relation;
    return as_sets && (IsRealSet(*gold) || IsRealSet(*answer)) &&
           CompareRealSets(gold, answer, budget_).equality == Equality::kEqual;
  }

  // Decimals count exactly here.
  bool Exactly(const ExpressionPtr& gold, const ExpressionPtr& answer) {
    const int places = std::exchange(places_, -1);
    const bool equal = Equal(gold, answer);
    places_ = places;
    return equal;
  }

  bool EquationsEqual(const Expression& gold, const Expression& answer) {
    if (Exactly(gold.children[0], answer.children[0]) &&
        Exactly(gold.children[1], answer.children[1])) {
      return true;
    }
    for (const ExpressionPtr& side : {gold.children[0], gold.children[1],
                                      answer.children[0], answer.children[1]}) {
      if (!IsScalar(*side)) return false;
    }
    const ExpressionPtr a = MakeDifference(gold.children[0], gold.children[1]);
    const ExpressionPtr b =
        MakeDifference(answer.children[0], answer.children[1]);
    if (Same(a, b) || Same(a, MakeNegate(b))) return true;
    // Equations of several variables are solved, so that factors do not count.
    return FreeSymbols(*a).size() > 1 && AreProportional(a, b);
  }

  bool Same(const ExpressionPtr& a, const ExpressionPtr& b) {
    return CompareScalars(a, b, budget_).equality == Equality::kEqual;
  }

  // The factor is found at one point and tried everywhere.
  bool AreProportional(const ExpressionPtr& a, const ExpressionPtr& b) {
    Bindings point;
    int64_t value = 7;
    for (const std::string& name : FreeSymbols(*a)) {
      point.emplace_back(name, Rational(value));
      value += 4;
    }
    Rational at_a, at_b;
    if (EvaluateExactly(*a, point, budget_, at_a) != ExactOutcome::kValue ||
        EvaluateExactly(*b, point, budget_, at_b) != ExactOutcome::kValue ||
        at_a.is_zero() || at_b.is_zero()) {
      return false;
    }
    return Same(MakeNode(ExpressionKind::kProduct, {MakeNumber(at_b), a}),
                MakeNode(ExpressionKind::kProduct, {MakeNumber(at_a), b}));
  }

  bool InequalitiesEqual(const Expression& gold, const Expression& answer) {
    if (gold.relations == answer.relations &&
        InOrder(gold.children, answer.children)) {
      return true;
    }
    const bool simple =
        gold.relations.size() == 1 && answer.relations.size() == 1;
    if (!simple) return false;
    const ExpressionPtr a = MakeDifference(gold.children[0], gold.children[1]);
    const ExpressionPtr b =
        MakeDifference(answer.children[0], answer.children[1]);
    if (!IsScalar(*a) || !IsScalar(*b)) return false;
    if (gold.relations[0] == answer.relations[0] && Same(a, b)) return true;
    return gold.relations[0] != MathRelation::kNotEqual &&
           gold.relations[0] == FlipRelation(answer.relations[0]) &&
           Same(a, MakeNegate(b));
  }

  const CompatOptions& options_;
  WorkBudget& budget_;
  int places_;
};

}  // namespace

bool CompatEqual(const ExpressionPtr& gold, const ExpressionPtr& answer,
                 const CompatOptions& options, WorkBudget& budget) {
  return CompatComparison(options, budget).Equal(gold, answer);
}

}  // namespace limbeck
