// Equations, inequalities and the names in front of values.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "data/verify/math/answer_comparer.h"
#include "data/verify/math/real_set.h"
#include "data/verify/math/sample_points.h"

namespace limbeck {
namespace {

bool IsSingle(const Expression& node, MathRelation relation) {
  return node.is(ExpressionKind::kRelation) && node.relations.size() == 1 &&
         node.children.size() == 2 && node.relations[0] == relation;
}

// What an answer is called rather than what it is: x, f(x), AB, |AB|, A:B,
// AO/BO, (x, y), "Area".
bool IsName(const Expression& node) {
  switch (node.kind) {
    case ExpressionKind::kSymbol:
    case ExpressionKind::kApply:
    case ExpressionKind::kText:
      return true;
    case ExpressionKind::kProduct:
      // Points name a segment, letters of the lower case multiply; \angle and
      // \triangle stand in front.
      return std::all_of(
          node.children.begin(), node.children.end(),
          [](const ExpressionPtr& factor) {
            return factor->is(ExpressionKind::kSymbol) &&
                   (absl::ascii_isupper(
                        static_cast<unsigned char>(factor->name[0])) ||
                    factor->name == "angle" || factor->name == "triangle");
          });
    case ExpressionKind::kTuple:
    case ExpressionKind::kRatio:
    case ExpressionKind::kQuotient:
      return std::all_of(
          node.children.begin(), node.children.end(),
          [](const ExpressionPtr& part) { return IsName(*part); });
    case ExpressionKind::kFunction:
      return node.function == MathFunction::kAbs && IsName(*node.children[0]);
    default:
      return false;
  }
}

bool SharesSymbol(const Expression& a, const Expression& b) {
  const std::vector<std::string> x = FreeSymbols(a), y = FreeSymbols(b);
  return std::any_of(x.begin(), x.end(), [&y](const std::string& name) {
    return std::binary_search(y.begin(), y.end(), name);
  });
}

// Relations up to the first "approximately": what comes after is less exact.
ExpressionPtr WithoutApproximations(const ExpressionPtr& node) {
  if (!node->is(ExpressionKind::kRelation)) return node;
  const auto first = std::find(node->relations.begin(), node->relations.end(),
                               MathRelation::kApproximately);
  if (first == node->relations.end()) return node;
  const auto kept = static_cast<size_t>(first - node->relations.begin());
  // "x \approx 5" has nothing better.
  if (kept == 0 && IsName(*node->children[0])) {
    auto copy = std::make_shared<Expression>(*node);
    copy->relations = {MathRelation::kEqual};
    copy->children.resize(2);
    return copy;
  }
  if (kept == 0) return node->children[0];
  auto copy = std::make_shared<Expression>(*node);
  copy->relations.resize(kept);
  copy->children.resize(kept + 1);
  return copy;
}

bool IsEquationChain(const Expression& node) {
  return node.is(ExpressionKind::kRelation) &&
         node.children.size() == node.relations.size() + 1 &&
         std::all_of(node.relations.begin(), node.relations.end(),
                     [](MathRelation relation) {
                       return relation == MathRelation::kEqual;
                     });
}

bool IsCongruence(const Expression& node) {
  return node.is(ExpressionKind::kRelation) && node.relations.size() == 1 &&
         node.children.size() == 3 &&
         node.relations[0] == MathRelation::kEquivalent;
}

// The right side of f(t) = ... in the variable x of f(x) = ...; null where the
// two define different things.
ExpressionPtr WithArgumentsOf(const Expression& gold,
                              const Expression& answer) {
  const Expression& g = *gold.children[0];
  const Expression& a = *answer.children[0];
  if (!g.is(ExpressionKind::kApply) || !a.is(ExpressionKind::kApply) ||
      g.name != a.name || g.children.size() != a.children.size()) {
    return nullptr;
  }
  ExpressionPtr value = answer.children.back();
  for (size_t i = 0; i < g.children.size(); ++i) {
    const ExpressionPtr& wanted = g.children[i];
    const ExpressionPtr& written = a.children[i];
    if (!wanted->is(ExpressionKind::kSymbol) ||
        !written->is(ExpressionKind::kSymbol)) {
      return nullptr;
    }
    if (wanted->name == written->name) continue;
    // A name that means something else already cannot be taken.
    if (g.children.size() > 1 || SharesSymbol(*wanted, *value)) return nullptr;
    value = Substitute(value, written->name, wanted);
  }
  return value;
}

// x = 1, x = 2 as x = {1, 2}; null where the names differ.
ExpressionPtr GatherValues(const Expression& list) {
  std::vector<ExpressionPtr> values;
  std::string common;
  for (const ExpressionPtr& child : list.children) {
    std::string name;
    const ExpressionPtr value = NamedValue(child, name);
    if (name.empty() || (!common.empty() && name != common)) return nullptr;
    common = name;
    if (value->is(ExpressionKind::kList)) {  // x = 1 \pm 2
      values.insert(values.end(), value->children.begin(),
                    value->children.end());
    } else {
      values.push_back(value);
    }
  }
  if (values.size() < 2) return nullptr;
  return MakeNode(ExpressionKind::kList, std::move(values));
}

// Takes "k \in \mathbb{Z}" out of a list whose other entries use k.
void DropRanges(std::vector<ExpressionPtr>& entries) {
  if (entries.size() < 2) return;
  const auto is_range = [&entries](const ExpressionPtr& entry) {
    if (!IsSingle(*entry, MathRelation::kIn) ||
        !entry->children[0]->is(ExpressionKind::kSymbol) ||
        !entry->children[1]->is(ExpressionKind::kNumberSet)) {
      return false;
    }
    return std::any_of(
        entries.begin(), entries.end(), [&entry](const ExpressionPtr& other) {
          return other != entry && SharesSymbol(*entry->children[0], *other);
        });
  };
  std::vector<ExpressionPtr> kept;
  for (const ExpressionPtr& entry : entries) {
    if (!is_range(entry)) kept.push_back(entry);
  }
  if (!kept.empty()) entries = std::move(kept);
}

bool HasPlusMinus(const Expression& node) {
  return ContainsKind(node, ExpressionKind::kPlusMinus) ||
         ContainsKind(node, ExpressionKind::kMinusPlus);
}

}  // namespace

ExpressionPtr NamedValue(const ExpressionPtr& node, std::string& name) {
  if (!IsEquationChain(*node) || !IsName(*node->children[0])) return node;
  // x = x + 1 names nothing; f(x) = x^2 does.
  if (!node->children[0]->is(ExpressionKind::kApply) &&
      SharesSymbol(*node->children[0], *node->children.back())) {
    return node;
  }
  name = CanonicalText(*node->children[0]);
  return node->children.back();
}

ExpressionPtr SpellOut(const ExpressionPtr& node) {
  const ExpressionPtr exact = WithoutApproximations(node);
  if (exact->is(ExpressionKind::kList) || exact->is(ExpressionKind::kSet)) {
    std::vector<ExpressionPtr> entries;
    for (const ExpressionPtr& child : exact->children) {
      const ExpressionPtr spelt = SpellOut(child);
      if (spelt->is(ExpressionKind::kList) &&
          !child->is(ExpressionKind::kList)) {
        entries.insert(entries.end(), spelt->children.begin(),
                       spelt->children.end());
      } else {
        entries.push_back(spelt);
      }
    }
    if (exact->is(ExpressionKind::kList)) DropRanges(entries);
    if (entries.size() == 1 && exact->children.size() > 1) return entries[0];
    ExpressionPtr list = WithChildren(exact, std::move(entries));
    if (!list->is(ExpressionKind::kList)) return list;
    const ExpressionPtr values = GatherValues(*list);
    return values == nullptr ? list : values;
  }
  if (!HasPlusMinus(*exact)) return exact;
  if (IsScalar(*exact)) {
    return MakeNode(ExpressionKind::kList, {ResolvePlusMinus(exact, true),
                                            ResolvePlusMinus(exact, false)});
  }
  if (IsEquationChain(*exact)) {
    std::vector<ExpressionPtr> sides = exact->children;
    sides.back() = SpellOut(sides.back());
    return WithChildren(exact, std::move(sides));
  }
  return exact;
}

EqualityFinding AnswerComparer::CompareRelations(const ExpressionPtr& gold,
                                                 const ExpressionPtr& answer) {
  if (IsEquationChain(*gold) || IsEquationChain(*answer)) {
    return CompareEquations(gold, answer);
  }
  if (LooksLikeRealSet(*gold) && LooksLikeRealSet(*answer)) {
    EqualityFinding sets = CompareRealSets(gold, answer, budget_);
    if (sets.equality != Equality::kUnknown) return sets;
    // "x \in S" where S is more than intervals.
    const bool gold_in = IsSingle(*gold, MathRelation::kIn);
    const bool answer_in = IsSingle(*answer, MathRelation::kIn);
    if ((gold_in || answer_in) && !(gold_in && answer_in &&
                                    CanonicalText(*gold->children[0]) !=
                                        CanonicalText(*answer->children[0]))) {
      const ExpressionPtr& g = gold_in ? gold->children[1] : gold;
      const ExpressionPtr& a = answer_in ? answer->children[1] : answer;
      if (!g->is(ExpressionKind::kRelation) &&
          !a->is(ExpressionKind::kRelation)) {
        return Compare(g, a);
      }
    }
  }
  if (IsSingle(*gold, MathRelation::kIn) &&
      !answer->is(ExpressionKind::kRelation)) {
    return Compare(gold->children[1], answer);
  }
  if (IsSingle(*answer, MathRelation::kIn) &&
      !gold->is(ExpressionKind::kRelation)) {
    return Compare(gold, answer->children[1]);
  }
  if (IsCongruence(*gold) && IsCongruence(*answer)) {
    return CompareCongruences(*gold, *answer);
  }
  const bool both = gold->is(ExpressionKind::kRelation) &&
                    answer->is(ExpressionKind::kRelation) &&
                    gold->children.size() == 2 && answer->children.size() == 2;
  if (!both) {
    const bool list =
        gold->is(ExpressionKind::kList) || answer->is(ExpressionKind::kList);
    if (list && !LooksLikeRealSet(*gold) && !LooksLikeRealSet(*answer)) {
      return CompareLists(gold, answer);
    }
    if (list) return CompareRealSets(gold, answer, budget_);
    return FoundUnknown("a relation against something else");
  }
  Expression flipped = *answer;
  if (gold->relations[0] != answer->relations[0]) {
    flipped.relations[0] = FlipRelation(answer->relations[0]);
    std::swap(flipped.children[0], flipped.children[1]);
  }
  if (gold->relations[0] != flipped.relations[0]) {
    return FoundUnknown("different relations");
  }
  if (!IsScalar(*gold->children[0]) || !IsScalar(*gold->children[1]) ||
      !IsScalar(*flipped.children[0]) || !IsScalar(*flipped.children[1])) {
    return CompareOrdered(gold->children, flipped.children);
  }
  return CompareProportional(*gold, flipped,
                             gold->relations[0] != MathRelation::kNotEqual);
}

// x = a (mod m) and x = b (mod m) for the same x and m.
EqualityFinding AnswerComparer::CompareCongruences(const Expression& gold,
                                                   const Expression& answer) {
  if (CanonicalText(*gold.children[0]) != CanonicalText(*answer.children[0]) ||
      Compare(gold.children[2], answer.children[2]).equality !=
          Equality::kEqual) {
    return FoundUnknown("congruences of different kinds");
  }
  return CompareScalars(
      MakeFunction(MathFunction::kMod,
                   {MakeDifference(gold.children[1], answer.children[1]),
                    gold.children[2]}),
      MakeInteger(0), budget_);
}

EqualityFinding AnswerComparer::CompareEquations(const ExpressionPtr& gold,
                                                 const ExpressionPtr& answer) {
  std::string gold_name, answer_name;
  const ExpressionPtr g = NamedValue(gold, gold_name);
  const ExpressionPtr a = NamedValue(answer, answer_name);
  if (!gold_name.empty() && !answer_name.empty()) {
    const ExpressionPtr renamed = WithArgumentsOf(*gold, *answer);
    if (renamed != nullptr) return Compare(g, renamed);
    EqualityFinding values = Compare(g, a);
    if (gold_name == answer_name || values.equality != Equality::kEqual) {
      return values;
    }
    // Among several, each has its own name.
    return depth_ > 1 ? FoundDifferent("different names")
                      : FoundUnknown("equal values of different names");
  }
  const bool gold_equation = IsEquationChain(*g),
             answer_equation = IsEquationChain(*a);
  if (!gold_equation && !answer_equation) return Compare(g, a);
  if (gold_equation && answer_equation) {
    if (g->children.size() != 2 || a->children.size() != 2 ||
        !IsScalar(*g->children[0]) || !IsScalar(*g->children[1]) ||
        !IsScalar(*a->children[0]) || !IsScalar(*a->children[1])) {
      return FoundUnknown("equations that cannot be compared");
    }
    return CompareProportional(*g, *a, false);
  }
  // One is x = 5 or a bare value, the other a true equation, or a chain of
  // equal values such as 2 + 3 = 5.
  const ExpressionPtr& equation = gold_equation ? g : a;
  const ExpressionPtr& value = gold_equation ? a : g;
  if ((gold_equation ? answer_name : gold_name).empty() &&
      IsScalar(*equation->children[0]) && IsScalar(*value)) {
    const size_t variables = FreeSymbols(*equation).size();
    if (variables >= 2 && FreeSymbols(*value).empty()) {
      return FoundDifferent("an equation of a curve against a number");
    }
    if (variables > 0) return FoundUnknown("an equation against a value");
    for (size_t i = 0; i + 1 < equation->children.size(); ++i) {
      if (Compare(equation->children[i], equation->children.back()).equality !=
          Equality::kEqual) {
        return FoundUnknown("an equation that does not hold");
      }
    }
    return gold_equation ? Compare(equation->children.back(), value)
                         : Compare(value, equation->children.back());
  }
  const ExpressionPtr& original_gold = gold;
  if (IsEquationChain(*original_gold) && IsEquationChain(*answer) &&
      gold->children.size() == 2 && answer->children.size() == 2 &&
      IsScalar(*gold->children[1]) && IsScalar(*answer->children[1]) &&
      IsScalar(*gold->children[0]) && IsScalar(*answer->children[0])) {
    return CompareProportional(*gold, *answer, false);
  }
  return FoundUnknown("an equation against something else");
}

// Left minus right of one as a constant multiple of the other's; for
// inequalities the multiple must be positive.
EqualityFinding AnswerComparer::CompareProportional(const Expression& gold,
                                                    const Expression& answer,
                                                    bool is_signed) {
  const ExpressionPtr d = MakeDifference(gold.children[0], gold.children[1]);
  const ExpressionPtr e =
      MakeDifference(answer.children[0], answer.children[1]);
  const std::vector<std::string> variables = FreeSymbols(*d);
  if (variables.empty() || variables != FreeSymbols(*e)) {
    return FoundUnknown("equations in different variables");
  }
  // The multiple is read off at one point.
  const Bindings point = SamplePoint(variables, SampleKind::kRationals, 0);
  ExpressionPtr d_there = d, e_there = e;
  for (const auto& [name, value] : point) {
    d_there = Substitute(d_there, name, MakeNumber(value));
    e_there = Substitute(e_there, name, MakeNumber(value));
  }
  const ExpressionPtr zero = MakeInteger(0);
  if (CompareScalars(d_there, zero, budget_).equality != Equality::kDifferent ||
      CompareScalars(e_there, zero, budget_).equality != Equality::kDifferent) {
    return FoundUnknown("the equations could not be scaled");
  }
  const EqualityFinding proportional =
      CompareScalars(MakeNode(ExpressionKind::kProduct, {d, e_there}),
                     MakeNode(ExpressionKind::kProduct, {e, d_there}), budget_);
  if (proportional.equality != Equality::kEqual) {
    return FoundUnknown("the equations are no multiples of each other");
  }
  if (is_signed) {
    const Order order = CompareReals(
        MakeNode(ExpressionKind::kProduct, {d_there, e_there}), zero, budget_);
    if (order == Order::kUnknown) return FoundUnknown("the sign is open");
    if (order != Order::kGreater) return FoundDifferent("the opposite side");
  }
  return FoundEqual("multiples of each other");
}

}  // namespace limbeck
