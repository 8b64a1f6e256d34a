#include "data/verify/math/real_set.h"

#include <algorithm>
#include <utility>

namespace limbeck {
namespace {

ExpressionPtr Infinity(bool positive) {
  ExpressionPtr infinity = MakeConstant(MathConstant::kInfinity);
  return positive ? infinity : MakeNegate(std::move(infinity));
}

RealInterval Everything() {
  return {Infinity(false), Infinity(true), true, true};
}

bool IsInequality(MathRelation relation) {
  return relation == MathRelation::kLess ||
         relation == MathRelation::kLessEqual ||
         relation == MathRelation::kGreater ||
         relation == MathRelation::kGreaterEqual;
}

// Set algebra over ends that can be ordered; ok() tells whether all could.
class RealSetBuilder {
 public:
  explicit RealSetBuilder(WorkBudget& budget) : budget_(budget) {}

  bool ok() const { return ok_; }
  const std::string& variable() const { return variable_; }

  RealSet Read(const ExpressionPtr& node) {
    if (!ok_) return {};
    switch (node->kind) {
      case ExpressionKind::kEmptySet:
        return {};
      case ExpressionKind::kNumberSet:
        if (node->name == "R^+") {
          return {{MakeInteger(0), Infinity(true), true, true}};
        }
        ok_ = node->name == "R";
        return {Everything()};
      case ExpressionKind::kTuple:
      case ExpressionKind::kInterval:
        return ReadInterval(*node);
      case ExpressionKind::kSet:
        return ReadPoints(*node);
      case ExpressionKind::kList:
        return ReadList(*node);
      case ExpressionKind::kUnion:
        return Unite(Read(node->children[0]), Read(node->children[1]));
      case ExpressionKind::kIntersection:
        return Intersect(Read(node->children[0]), Read(node->children[1]));
      case ExpressionKind::kDifference:
        return Intersect(Read(node->children[0]),
                         Complement(Read(node->children[1])));
      case ExpressionKind::kRelation:
        return ReadRelation(*node);
      case ExpressionKind::kSetBuilder:
        return ReadSetBuilder(*node);
      default:
        ok_ = false;
        return {};
    }
  }

 private:
  Order Compare(const ExpressionPtr& a, const ExpressionPtr& b) {
    const Order order = CompareReals(a, b, budget_);
    if (order == Order::kUnknown) ok_ = false;
    return order;
  }

  RealSet ReadInterval(const Expression& node) {
    if (node.children.size() != 2) {
      ok_ = false;
      return {};
    }
    RealInterval interval{node.children[0], node.children[1], node.left_open,
                          node.right_open};
    // [2, \infty] is written for [2, \infty).
    interval.lower_open |= InfinitySign(*interval.lower) != 0;
    interval.upper_open |= InfinitySign(*interval.upper) != 0;
    return Normalize({std::move(interval)});
  }

  RealSet ReadPoints(const Expression& node) {
    RealSet set;
    for (const ExpressionPtr& child : node.children) {
      if (!IsScalar(*child) || !FreeSymbols(*child).empty()) ok_ = false;
      set.push_back({child, child, false, false});
    }
    return Normalize(std::move(set));
  }

  // Intervals or inequalities side by side: "x < 1 or x > 2", "x > 1, x < 2".
  RealSet ReadList(const Expression& node) {
    if (std::all_of(
            node.children.begin(), node.children.end(),
            [](const ExpressionPtr& child) { return IsScalar(*child); })) {
      return ReadPoints(node);
    }
    RealSet set;
    bool first = true;
    for (const ExpressionPtr& child : node.children) {
      if (!LooksLikeRealSet(*child)) ok_ = false;
      RealSet next = Read(child);
      if (!ok_) return {};
      const bool both =
          child->is(ExpressionKind::kRelation) && node.name == "and";
      // Without a word it is not said whether both hold or one.
      if (child->is(ExpressionKind::kRelation) && node.name.empty())
        ok_ = false;
      set = first  ? std::move(next)
            : both ? Intersect(std::move(set), std::move(next))
                   : Unite(std::move(set), std::move(next));
      first = false;
    }
    return set;
  }

  void Name(const std::string& name) {
    if (!variable_.empty() && variable_ != name) ok_ = false;
    variable_ = name;
  }

  RealSet ReadRelation(const Expression& node) {
    RealSet set = {Everything()};
    if (node.children.size() != node.relations.size() + 1) ok_ = false;
    for (size_t i = 0; ok_ && i < node.relations.size(); ++i) {
      set = Intersect(
          std::move(set),
          ReadPart(node.relations[i], node.children[i], node.children[i + 1]));
    }
    return set;
  }

  static bool IsVariable(const Expression& node) {
    return node.is(ExpressionKind::kSymbol) ||
           node.is(ExpressionKind::kApply) ||
           (node.is(MathFunction::kAbs) &&
            node.children[0]->is(ExpressionKind::kSymbol));
  }

  RealSet ReadPart(MathRelation relation, ExpressionPtr left,
                   ExpressionPtr right) {
    if (!IsVariable(*left)) {
      std::swap(left, right);
      relation = FlipRelation(relation);
      if (relation == MathRelation::kIn || relation == MathRelation::kNotIn) {
        ok_ = false;
      }
    }
    if (!IsVariable(*left)) {
      ok_ = false;
      return {};
    }
    const bool absolute = left->is(MathFunction::kAbs);
    Name(CanonicalText(absolute ? *left->children[0] : *left));
    if (relation == MathRelation::kIn || relation == MathRelation::kNotIn) {
      RealSet set = Read(right);
      if (absolute) ok_ = false;
      return relation == MathRelation::kIn ? set : Complement(std::move(set));
    }
    if (!IsScalar(*right) || !FreeSymbols(*right).empty()) {
      ok_ = false;
      return {};
    }
    RealSet set = FromInequality(relation, right);
    // |x| < a is x < a and -x < a.
    return absolute ? Mirrored(std::move(set)) : set;
  }

  RealSet FromInequality(MathRelation relation, const ExpressionPtr& bound) {
    switch (relation) {
      case MathRelation::kLess:
      case MathRelation::kLessEqual:
        return {
            {Infinity(false), bound, true, relation == MathRelation::kLess}};
      case MathRelation::kGreater:
      case MathRelation::kGreaterEqual:
        return {
            {bound, Infinity(true), relation == MathRelation::kGreater, true}};
      case MathRelation::kEqual:
        return {{bound, bound, false, false}};
      case MathRelation::kNotEqual:
        return Complement({{bound, bound, false, false}});
      default:
        ok_ = false;
        return {};
    }
  }

  // {x : |x| in set}
  RealSet Mirrored(RealSet set) {
    set = Intersect(std::move(set),
                    {{MakeInteger(0), Infinity(true), false, true}});
    RealSet mirror;
    for (const RealInterval& part : set) {
      mirror.push_back({MakeNegate(part.upper), MakeNegate(part.lower),
                        part.upper_open, part.lower_open});
    }
    return Unite(std::move(set), std::move(mirror));
  }

  RealSet ReadSetBuilder(const Expression& node) {
    RealSet set = {Everything()};
    for (size_t i = 0; ok_ && i < node.children.size(); ++i) {
      const Expression& part = *node.children[i];
      if (i == 0 && part.is(ExpressionKind::kSymbol)) {
        Name(CanonicalText(part));
        continue;
      }
      if (!part.is(ExpressionKind::kRelation)) ok_ = false;
      set = Intersect(std::move(set), Read(node.children[i]));
    }
    return set;
  }

  RealSet Unite(RealSet a, RealSet b) {
    a.insert(a.end(), b.begin(), b.end());
    return Normalize(std::move(a));
  }

  bool IsEmpty(const RealInterval& part) {
    const Order order = Compare(part.lower, part.upper);
    return order == Order::kGreater ||
           (order == Order::kEqual && (part.lower_open || part.upper_open));
  }

  // Insertion sort by the lower end, then neighbours that touch are joined.
  RealSet Normalize(RealSet set) {
    RealSet sorted;
    for (RealInterval& part : set) {
      if (!ok_) return {};
      if (IsEmpty(part)) continue;
      size_t place = sorted.size();
      while (place > 0 && Before(part, sorted[place - 1])) --place;
      sorted.insert(sorted.begin() + static_cast<std::ptrdiff_t>(place),
                    std::move(part));
    }
    RealSet joined;
    for (RealInterval& part : sorted) {
      if (joined.empty() || !Join(joined.back(), part)) {
        joined.push_back(std::move(part));
      }
    }
    return joined;
  }

  bool Before(const RealInterval& a, const RealInterval& b) {
    const Order order = Compare(a.lower, b.lower);
    return order == Order::kLess ||
           (order == Order::kEqual && !a.lower_open && b.lower_open);
  }

  // Extends `left` by `right`, which begins not before it; false: a gap.
  bool Join(RealInterval& left, const RealInterval& right) {
    const Order gap = Compare(left.upper, right.lower);
    if (gap == Order::kLess ||
        (gap == Order::kEqual && left.upper_open && right.lower_open)) {
      return false;
    }
    const Order ends = Compare(left.upper, right.upper);
    if (ends == Order::kLess) {
      left.upper = right.upper;
      left.upper_open = right.upper_open;
    } else if (ends == Order::kEqual) {
      left.upper_open &= right.upper_open;
    }
    return true;
  }

  RealSet Intersect(const RealSet& a, const RealSet& b) {
    RealSet result;
    for (const RealInterval& x : a) {
      for (const RealInterval& y : b) {
        if (!ok_) return {};
        RealInterval part = x;
        const Order lower = Compare(x.lower, y.lower);
        if (lower == Order::kLess) {
          part.lower = y.lower;
          part.lower_open = y.lower_open;
        } else if (lower == Order::kEqual) {
          part.lower_open |= y.lower_open;
        }
        const Order upper = Compare(x.upper, y.upper);
        if (upper == Order::kGreater) {
          part.upper = y.upper;
          part.upper_open = y.upper_open;
        } else if (upper == Order::kEqual) {
          part.upper_open |= y.upper_open;
        }
        result.push_back(std::move(part));
      }
    }
    return Normalize(std::move(result));
  }

  RealSet Complement(const RealSet& set) {
    RealSet result;
    RealInterval gap = Everything();
    for (const RealInterval& part : set) {
      gap.upper = part.lower;
      gap.upper_open = !part.lower_open || InfinitySign(*part.lower) != 0;
      result.push_back(gap);
      gap = {part.upper, Infinity(true),
             !part.upper_open || InfinitySign(*part.upper) != 0, true};
    }
    result.push_back(gap);
    return Normalize(std::move(result));
  }

  WorkBudget& budget_;
  bool ok_ = true;
  std::string variable_;
};

EqualityFinding CompareEnds(const RealInterval& a, const RealInterval& b,
                            WorkBudget& budget) {
  if (a.lower_open != b.lower_open || a.upper_open != b.upper_open) {
    return FoundDifferent("an end is open on one side only");
  }
  EqualityFinding lower = CompareScalars(a.lower, b.lower, budget);
  if (lower.equality == Equality::kDifferent) return lower;
  EqualityFinding upper = CompareScalars(a.upper, b.upper, budget);
  if (upper.equality == Equality::kDifferent) return upper;
  if (lower.equality == Equality::kUnknown) return lower;
  if (upper.equality == Equality::kUnknown) return upper;
  return FoundEqual("the ends of the intervals are equal");
}

// An interval whose ends hold variables, as it stands.
bool SingleInterval(const Expression& node, RealInterval& interval) {
  if ((!node.is(ExpressionKind::kInterval) &&
       !node.is(ExpressionKind::kTuple)) ||
      node.children.size() != 2) {
    return false;
  }
  interval = {node.children[0], node.children[1], node.left_open,
              node.right_open};
  return IsScalar(*interval.lower) && IsScalar(*interval.upper);
}

// Whether a variable of this name usually counts.
bool CountsByName(const std::string& canonical) {
  return canonical == "'n'" || canonical == "'k'" || canonical == "'m'";
}

}  // namespace

bool LooksLikeRealSet(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::kInterval:
    case ExpressionKind::kUnion:
    case ExpressionKind::kIntersection:
    case ExpressionKind::kDifference:
    case ExpressionKind::kNumberSet:
    case ExpressionKind::kSetBuilder:
    case ExpressionKind::kEmptySet:
      return true;
    case ExpressionKind::kTuple:
      return expression.children.size() == 2;
    case ExpressionKind::kRelation:
      return std::all_of(expression.relations.begin(),
                         expression.relations.end(), [](MathRelation relation) {
                           return IsInequality(relation) ||
                                  relation == MathRelation::kIn ||
                                  relation == MathRelation::kNotIn ||
                                  relation == MathRelation::kNotEqual;
                         });
    default:
      return false;
  }
}

bool ToRealSet(const ExpressionPtr& expression, WorkBudget& budget,
               RealSet& set, std::string& variable) {
  RealSetBuilder builder(budget);
  set = builder.Read(expression);
  variable = builder.variable();
  return builder.ok();
}

EqualityFinding CompareRealSets(const ExpressionPtr& a, const ExpressionPtr& b,
                                WorkBudget& budget) {
  RealSet left, right;
  std::string left_name, right_name;
  if (!ToRealSet(a, budget, left, left_name) ||
      !ToRealSet(b, budget, right, right_name)) {
    RealInterval x, y;
    if (SingleInterval(*a, x) && SingleInterval(*b, y)) {
      return CompareEnds(x, y, budget);
    }
    return FoundUnknown("sets that cannot be ordered");
  }
  if (left.size() != right.size()) {
    return FoundDifferent("different sets of real numbers");
  }
  for (size_t i = 0; i < left.size(); ++i) {
    EqualityFinding ends = CompareEnds(left[i], right[i], budget);
    // n > 1 and n >= 2 are one for whole n.
    if (ends.equality == Equality::kDifferent && CountsByName(left_name) &&
        left[i].lower_open != right[i].lower_open) {
      return FoundUnknown("perhaps equal for integers");
    }
    if (ends.equality != Equality::kEqual) return ends;
  }
  if (!left_name.empty() && !right_name.empty() && left_name != right_name) {
    return FoundUnknown("conditions on different variables");
  }
  return FoundEqual("equal sets of real numbers");
}

}  // namespace limbeck
