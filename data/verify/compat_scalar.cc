// Numbers without variables become doubles where digits are compared.
#include "data/verify/compat_scalar.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "data/verify/math/ball_value.h"
#include "data/verify/math/exact_value.h"
#include "data/verify/math/scalar_equality.h"

namespace limbeck {
namespace {

// A difference below 2^-54 has no digit among the fifteen that it looks at.
constexpr int kInvisibleBits = -54;
constexpr int64_t kPrecision = 256;

bool HasDecimal(const Expression& node) {
  return (node.is(ExpressionKind::kNumber) && node.decimal_places >= 0) ||
         std::any_of(
             node.children.begin(), node.children.end(),
             [](const ExpressionPtr& child) { return HasDecimal(*child); });
}

bool IsInteger(const Expression& node) {
  if (node.is(ExpressionKind::kNegate)) return IsInteger(*node.children[0]);
  return node.is(ExpressionKind::kNumber) && node.decimal_places < 0 &&
         node.number.is_integer();
}

std::optional<double> ValueOf(const Expression& expression,
                              WorkBudget& budget) {
  Bindings none;
  BallContext context{none, kPrecision, false, budget};
  Ball ball;
  if (EvaluateBall(expression, context, ball) != BallOutcome::kValue ||
      !ball.is_real() || !arb_is_finite(ball.real())) {
    return std::nullopt;
  }
  return arf_get_d(arb_midref(ball.real()), ARF_RND_NEAR);
}

bool RoundsAlike(double a, double b, int places) {
  const double scale = std::pow(10.0, places);
  // nearbyint: halves go to the even neighbour, as Python's round has it.
  return std::nearbyint(a * scale) == std::nearbyint(b * scale);
}

// Whether the difference is too small to be seen.
bool DiffersInvisibly(const ExpressionPtr& a, const ExpressionPtr& b,
                      WorkBudget& budget) {
  Bindings none;
  BallContext context{none, kPrecision, false, budget};
  Ball ball;
  if (EvaluateBall(*MakeDifference(a, b), context, ball) !=
          BallOutcome::kValue ||
      !acb_is_finite(ball.get())) {
    return false;
  }
  return arf_cmpabs_2exp_si(arb_midref(ball.real()), kInvisibleBits) < 0 &&
         arf_cmpabs_2exp_si(arb_midref(ball.imag()), kInvisibleBits) < 0 &&
         mag_cmp_2exp_si(arb_radref(ball.real()), kInvisibleBits) < 0;
}

bool NumbersEqual(const ExpressionPtr& gold, const ExpressionPtr& answer,
                  int places, WorkBudget& budget) {
  const int gold_infinity = InfinitySign(*gold);
  const int answer_infinity = InfinitySign(*answer);
  if (gold_infinity != 0 || answer_infinity != 0) {
    return gold_infinity == answer_infinity;
  }
  if (HasDecimal(*gold) || HasDecimal(*answer)) {
    // An integer against a decimal is compared exactly.
    if (places < 0 || IsInteger(*gold) || IsInteger(*answer)) {
      return CompareScalars(gold, answer, budget).equality == Equality::kEqual;
    }
    const auto a = ValueOf(*gold, budget);
    const auto b = ValueOf(*answer, budget);
    return a && b && RoundsAlike(*a, *b, places);
  }
  return DiffersInvisibly(gold, answer, budget) ||
         CompareScalars(gold, answer, budget).equality == Equality::kEqual;
}

}  // namespace

bool CompatScalarsEqual(const ExpressionPtr& gold, const ExpressionPtr& answer,
                        int places, WorkBudget& budget) {
  if (FreeSymbols(*gold) != FreeSymbols(*answer)) {
    // sin^2 x + cos^2 x is 1, for all that.
    return CompareScalars(gold, answer, budget).equality == Equality::kEqual;
  }
  if (FreeSymbols(*gold).empty()) {
    return NumbersEqual(gold, answer, places, budget);
  }
  return CompareScalars(gold, answer, budget).equality == Equality::kEqual;
}

}  // namespace limbeck
