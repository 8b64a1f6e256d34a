#include "data/verify/math/scalar_equality.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "data/verify/math/ball_value.h"
#include "data/verify/math/exact_value.h"
#include "data/verify/math/extreme_parts.h"
#include "data/verify/math/math_limits.h"
#include "data/verify/math/normal_form.h"
#include "data/verify/math/sample_points.h"

namespace limbeck {
namespace {

// Most pairs part at the first; the third is narrow enough for "equal".
constexpr int64_t kPrecisions[] = {kFirstPrecision, 256, 768, kLastPrecision};

struct PointFinding {
  Equality equality = Equality::kUnknown;
  bool usable = true;  // false: outside the domain of one of them
  std::string reason;
  bool by_digits = false;  // equal to many bits, without a proof
};

PointFinding AtPoint(Equality equality, std::string reason) {
  return {equality, true, std::move(reason)};
}

// |value| > 2^512 times the width of `difference`.
bool IsNarrowAgainst(const Ball& difference, const Ball& value) {
  mag_t width, size;
  mag_init(width);
  mag_init(size);
  Ball radius;
  acb_get_mag_lower(size, value.get());
  acb_get_rad_ubound_arf(arb_midref(radius.real()), difference.get(), 30);
  arf_get_mag(width, arb_midref(radius.real()));
  mag_mul_2exp_si(width, width, kEqualRelativeBits);
  const bool narrow = mag_cmp(width, size) < 0;
  mag_clear(width);
  mag_clear(size);
  return narrow;
}

class PointComparer {
 public:
  PointComparer(const Expression& a, const Expression& b, bool real_only,
                WorkBudget& budget)
      : a_(a), b_(b), real_only_(real_only), budget_(budget) {}

  PointFinding Compare(Bindings& point) {
    Rational x, y;
    const ExactOutcome of_a = EvaluateExactly(a_, point, budget_, x);
    const ExactOutcome of_b = of_a == ExactOutcome::kUndefined
                                  ? of_a
                                  : EvaluateExactly(b_, point, budget_, y);
    if (of_a == ExactOutcome::kValue && of_b == ExactOutcome::kValue) {
      return x == y
                 ? AtPoint(Equality::kEqual, "equal rational numbers")
                 : AtPoint(Equality::kDifferent, "different rational numbers");
    }
    if (of_a == ExactOutcome::kUndefined || of_b == ExactOutcome::kUndefined) {
      return {Equality::kUnknown, false, "undefined"};
    }
    if (of_a == ExactOutcome::kTooLarge || of_b == ExactOutcome::kTooLarge) {
      return AtPoint(Equality::kUnknown, "too large to compute");
    }
    for (const int64_t precision : kPrecisions) {
      bool decided = false;
      PointFinding finding = CompareBalls(point, precision, decided);
      if (decided) return finding;
    }
    return {Equality::kUnknown, false, "undecided at the highest precision"};
  }

 private:
  PointFinding CompareBalls(Bindings& point, int64_t precision, bool& decided) {
    BallContext context{point, precision, real_only_, budget_};
    Ball x, y, difference;
    const BallOutcome of_a = EvaluateBall(a_, context, x);
    const BallOutcome of_b =
        of_a == BallOutcome::kValue ? EvaluateBall(b_, context, y) : of_a;
    decided = true;
    if (of_b == BallOutcome::kUncertain) {
      decided = false;
      return {};
    }
    if (of_b != BallOutcome::kValue) return Failure(of_b);
    acb_sub(difference.get(), x.get(), y.get(), precision);
    if (acb_contains_zero(difference.get()) == 0) {
      return AtPoint(Equality::kDifferent, "their balls are apart");
    }
    if (point.empty() && precision == kFirstPrecision &&
        HaveEqualNormalForms(a_, b_, budget_)) {
      return AtPoint(Equality::kEqual, "equal normal forms");
    }
    decided =
        acb_is_zero(difference.get()) != 0 || IsNarrowAgainst(difference, x) ||
        IsNarrowAgainst(difference, y) ||
        (acb_contains_zero(x.get()) != 0 && acb_contains_zero(y.get()) != 0 &&
         (IsNarrowAgainstTerms(a_, difference, context) ||
          IsNarrowAgainstTerms(b_, difference, context)));
    return {Equality::kEqual, true,
            absl::StrCat("equal to ", kEqualRelativeBits, " bits"), true};
  }

  // A sum that vanishes is measured against its terms.
  static bool IsNarrowAgainstTerms(const Expression& sum,
                                   const Ball& difference,
                                   BallContext& context) {
    if (!sum.is(ExpressionKind::kSum)) return false;
    for (const ExpressionPtr& term : sum.children) {
      Ball value;
      if (EvaluateBall(*term, context, value) == BallOutcome::kValue &&
          IsNarrowAgainst(difference, value)) {
        return true;
      }
    }
    return false;
  }

  static PointFinding Failure(BallOutcome outcome) {
    switch (outcome) {
      case BallOutcome::kUndefined:
        return {Equality::kUnknown, false, "undefined"};
      case BallOutcome::kTooLarge:
        return AtPoint(Equality::kUnknown, "too large to compute");
      default:
        return {Equality::kUnknown, false, "no numeric meaning"};
    }
  }

  const Expression& a_;
  const Expression& b_;
  const bool real_only_;
  WorkBudget& budget_;
};

bool HasImaginary(const Expression& node) {
  if (node.is(MathConstant::kImaginary)) return true;
  return std::any_of(
      node.children.begin(), node.children.end(),
      [](const ExpressionPtr& child) { return HasImaginary(*child); });
}

// What has no numeric meaning here but may stand on both sides: f(x), an
// integral, a sum to n. Replaced by a variable named after its text.
ExpressionPtr NameOpaque(const ExpressionPtr& node, bool& any) {
  switch (node->kind) {
    case ExpressionKind::kApply:
    case ExpressionKind::kIntegral:
    case ExpressionKind::kLimit:
    case ExpressionKind::kDerivative:
    case ExpressionKind::kText:
    case ExpressionKind::kDots:
      any = true;
      return MakeSymbol(absl::StrCat("?", CanonicalText(*node)));
    case ExpressionKind::kSummation:
    case ExpressionKind::kProductOver:
      return node;  // its bounds decide
    default:
      break;
  }
  std::vector<ExpressionPtr> children;
  children.reserve(node->children.size());
  for (const ExpressionPtr& child : node->children) {
    children.push_back(NameOpaque(child, any));
  }
  return WithChildren(node, std::move(children));
}

bool SameButCase(const std::vector<std::string>& a,
                 const std::vector<std::string>& b) {
  if (a == b || a.size() != b.size()) return false;
  std::vector<std::string> lower_a, lower_b;
  for (const std::string& name : a)
    lower_a.push_back(absl::AsciiStrToLower(name));
  for (const std::string& name : b)
    lower_b.push_back(absl::AsciiStrToLower(name));
  std::sort(lower_a.begin(), lower_a.end());
  std::sort(lower_b.begin(), lower_b.end());
  return lower_a == lower_b;
}

bool CountsThings(const Expression& node) {
  if (node.is(MathFunction::kFactorial) || node.is(MathFunction::kBinomial) ||
      node.is(MathFunction::kDoubleFactorial)) {
    return true;
  }
  return std::any_of(
      node.children.begin(), node.children.end(),
      [](const ExpressionPtr& child) { return CountsThings(*child); });
}

// Whether it may follow different formulas in different places.
bool IsPiecewise(const Expression& node) {
  if (node.is(ExpressionKind::kFunction)) {
    switch (node.function) {
      case MathFunction::kSqrt:
      case MathFunction::kAbs:
      case MathFunction::kFloor:
      case MathFunction::kCeil:
      case MathFunction::kSign:
      case MathFunction::kMin:
      case MathFunction::kMax:
      case MathFunction::kMod:
        return true;
      default:
        break;
    }
  }
  const bool power = node.is(ExpressionKind::kPower) &&
                     !node.children[1]->is(ExpressionKind::kNumber);
  return power || std::any_of(node.children.begin(), node.children.end(),
                              [](const ExpressionPtr& child) {
                                return IsPiecewise(*child);
                              });
}

// ceil(x) is floor(x) + 1 but for whole x.
bool HasJumps(const Expression& node) {
  return node.is(MathFunction::kFloor) || node.is(MathFunction::kCeil) ||
         std::any_of(
             node.children.begin(), node.children.end(),
             [](const ExpressionPtr& child) { return HasJumps(*child); });
}

// Variables that count: n, k, m.
bool AreIndices(const std::vector<std::string>& variables) {
  return std::all_of(variables.begin(), variables.end(),
                     [](const std::string& name) {
                       return name == "n" || name == "k" || name == "m" ||
                              name == "j" || name == "N" || name == "K";
                     });
}

// Equal digits prove little beside numbers beyond their reach.
EqualityFinding EqualByDigits(const Expression& a, const Expression& b,
                              std::string reason, WorkBudget& budget) {
  if (HasExtremePart(a, budget) || HasExtremePart(b, budget)) {
    return FoundUnknown("a number too large or too small to tell apart");
  }
  return FoundEqual(std::move(reason));
}

class SampledComparison {
 public:
  SampledComparison(const Expression& a, const Expression& b,
                    const std::vector<std::string>& variables,
                    WorkBudget& budget)
      : a_(a),
        b_(b),
        variables_(variables),
        budget_(budget),
        comparer_(a, b, !HasImaginary(a) && !HasImaginary(b), budget),
        reach_(ReachOf(a, b)),
        needed_(IsPiecewise(a) || IsPiecewise(b) ? kPiecewisePoints
                                                 : kSamplePoints) {}

  EqualityFinding Run() {
    // n! at integers is exact; elsewhere it would be a gamma function.
    const bool whole = CountsThings(a_) || CountsThings(b_);
    EqualityFinding finding =
        Sample(whole ? SampleKind::kPositiveIntegers : SampleKind::kRationals);
    if (finding.equality == Equality::kEqual && !whole &&
        (HasJumps(a_) || HasJumps(b_))) {
      EqualityFinding jumps = Sample(SampleKind::kPositiveIntegers);
      return jumps.equality == Equality::kDifferent ? jumps : finding;
    }
    if (finding.equality == Equality::kEqual || budget_.exhausted()) {
      return finding;
    }
    if (finding.equality == Equality::kDifferent) {
      // sin(n pi) is 0 for whole n, and n may be whole.
      const bool open = !whole && AreIndices(variables_) &&
                        Sample(SampleKind::kPositiveIntegers).equality !=
                            Equality::kDifferent;
      return open ? FoundUnknown("perhaps equal for integers") : finding;
    }
    return Sample(whole ? SampleKind::kRationals
                        : SampleKind::kPositiveIntegers);
  }

 private:
  EqualityFinding Sample(SampleKind kind) {
    int agreed = 0;
    std::string reason = "no point of a common domain was found";
    for (int index = 0; index < kMaxSampleTries; ++index) {
      Bindings point = SamplePoint(variables_, kind, index, reach_);
      const PointFinding finding = comparer_.Compare(point);
      if (finding.equality == Equality::kDifferent) {
        return FoundDifferent("different at a random point");
      }
      if (budget_.exhausted()) return FoundUnknown("over the limit of work");
      if (finding.equality == Equality::kEqual) {
        // One point where both are defined, then a proof.
        if (agreed == 0 && HaveEqualNormalForms(a_, b_, budget_)) {
          return FoundEqual("equal normal forms");
        }
        if (++agreed == needed_) {
          return EqualByDigits(
              a_, b_, absl::StrCat("equal at ", needed_, " random points"),
              budget_);
        }
      } else {
        reason = finding.reason;
      }
      // Nothing to be had from these points: (-1)^n at fractions.
      if (agreed == 0 && index >= 16) break;
    }
    return FoundUnknown(std::move(reason));
  }

  const Expression& a_;
  const Expression& b_;
  const std::vector<std::string>& variables_;
  WorkBudget& budget_;
  PointComparer comparer_;
  const SampleReach reach_;
  const int needed_;
};

// Whether a value is known to be a number; 1/0 is not.
bool IsFinite(const Expression& node, WorkBudget& budget) {
  if (!FreeSymbols(node).empty()) return true;
  Bindings none;
  BallContext context{none, kFirstPrecision, false, budget};
  Ball value;
  return EvaluateBall(node, context, value) == BallOutcome::kValue;
}

EqualityFinding CompareConstants(const Expression& a, const Expression& b,
                                 WorkBudget& budget) {
  Bindings none;
  PointFinding finding = PointComparer(a, b, false, budget).Compare(none);
  if (finding.by_digits) {
    return EqualByDigits(a, b, std::move(finding.reason), budget);
  }
  return {finding.equality, std::move(finding.reason)};
}

}  // namespace

EqualityFinding FoundEqual(std::string reason) {
  return {Equality::kEqual, std::move(reason)};
}

EqualityFinding FoundDifferent(std::string reason) {
  return {Equality::kDifferent, std::move(reason)};
}

EqualityFinding FoundUnknown(std::string reason) {
  return {Equality::kUnknown, std::move(reason)};
}

int InfinitySign(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::kConstant:
      return expression.constant == MathConstant::kInfinity ? 1 : 0;
    case ExpressionKind::kNegate:
      return -InfinitySign(*expression.children[0]);
    case ExpressionKind::kPercent:
    case ExpressionKind::kUnit:
      return InfinitySign(*expression.children[0]);
    default:
      return 0;
  }
}

bool ExactConstant(const Expression& expression, WorkBudget& budget,
                   Rational& value) {
  Bindings none;
  return EvaluateExactly(expression, none, budget, value) ==
         ExactOutcome::kValue;
}

EqualityFinding CompareScalars(const ExpressionPtr& a, const ExpressionPtr& b,
                               WorkBudget& budget) {
  const int infinite_a = InfinitySign(*a), infinite_b = InfinitySign(*b);
  if (infinite_a != 0 || infinite_b != 0) {
    if (infinite_a == infinite_b) return FoundEqual("both infinite");
    const bool finite = infinite_a != 0 && infinite_b != 0
                            ? true
                            : IsFinite(infinite_a != 0 ? *b : *a, budget);
    return finite ? FoundDifferent("one is infinite")
                  : FoundUnknown("undefined against infinity");
  }
  std::vector<std::string> of_a = FreeSymbols(*a), of_b = FreeSymbols(*b);
  bool opaque = false;
  const ExpressionPtr left = NameOpaque(a, opaque);
  const ExpressionPtr right = NameOpaque(b, opaque);
  if (opaque) {
    of_a = FreeSymbols(*left);
    of_b = FreeSymbols(*right);
  }
  std::vector<std::string> variables;
  std::set_union(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                 std::back_inserter(variables));
  if (variables.empty()) return CompareConstants(*left, *right, budget);
  if (variables.size() > size_t{kMaxFreeSymbols}) {
    return FoundUnknown("too many variables");
  }
  EqualityFinding finding =
      SampledComparison(*left, *right, variables, budget).Run();
  if (finding.equality != Equality::kDifferent) return finding;
  if (opaque) return FoundUnknown("an unknown function or integral");
  if (SameButCase(of_a, of_b)) {
    return FoundUnknown("variables differ in case only");
  }
  return finding;
}

Order CompareReals(const ExpressionPtr& a, const ExpressionPtr& b,
                   WorkBudget& budget) {
  const int infinite_a = InfinitySign(*a), infinite_b = InfinitySign(*b);
  if (infinite_a != 0 || infinite_b != 0) {
    if (infinite_a == infinite_b) return Order::kEqual;
    return infinite_a < infinite_b ? Order::kLess : Order::kGreater;
  }
  Rational x, y;
  if (ExactConstant(*a, budget, x) && ExactConstant(*b, budget, y)) {
    if (x == y) return Order::kEqual;
    return x < y ? Order::kLess : Order::kGreater;
  }
  const EqualityFinding finding = CompareConstants(*a, *b, budget);
  if (finding.equality == Equality::kEqual) return Order::kEqual;
  if (finding.equality == Equality::kUnknown) return Order::kUnknown;
  for (const int64_t precision : kPrecisions) {
    Bindings none;
    BallContext context{none, precision, false, budget};
    Ball left, right;
    if (EvaluateBall(*a, context, left) != BallOutcome::kValue ||
        EvaluateBall(*b, context, right) != BallOutcome::kValue ||
        !left.is_real() || !right.is_real()) {
      continue;
    }
    if (arb_lt(left.real(), right.real()) != 0) return Order::kLess;
    if (arb_gt(left.real(), right.real()) != 0) return Order::kGreater;
  }
  return Order::kUnknown;
}

}  // namespace limbeck
