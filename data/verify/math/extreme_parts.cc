#include "data/verify/math/extreme_parts.h"

#include "data/verify/math/ball_value.h"
#include "data/verify/math/math_limits.h"

namespace limbeck {
namespace {

constexpr int kExtremeBits = 200;  // cos(2^-200) parts from 1 at bit 401
constexpr int kSaturatedBits = 7;  // tanh(128) parts from 1 at bit 368

// Whether |value| is above 2^bits, or below 2^-bits without being 0.
bool IsBeyond(const Ball& value, int bits) {
  mag_t bound;
  mag_init(bound);
  acb_get_mag(bound, value.get());
  bool beyond = mag_cmp_2exp_si(bound, bits) > 0;
  if (acb_contains_zero(value.get()) == 0) {
    acb_get_mag_lower(bound, value.get());
    beyond = beyond || mag_cmp_2exp_si(bound, -bits) < 0;
  }
  mag_clear(bound);
  return beyond;
}

bool Saturates(const Expression& node) {
  return node.is(MathFunction::kTanh) || node.is(MathFunction::kCoth);
}

// Whether an extreme child leaves no trace in the node's first digits. A
// product, a root or a logarithm keeps the relative differences of its parts.
bool MayHide(const Expression& node, size_t child) {
  switch (node.kind) {
    case ExpressionKind::kSum:
      return true;
    case ExpressionKind::kPower:
      return child == 1;
    case ExpressionKind::kFunction:
      return !node.is(MathFunction::kSqrt) && !node.is(MathFunction::kAbs) &&
             !node.is(MathFunction::kLog) && !node.is(MathFunction::kLn);
    default:
      return false;
  }
}

class PartScan {
 public:
  explicit PartScan(WorkBudget& budget) : budget_(budget) {}

  // `constant` becomes false where a variable stands.
  bool Finds(const Expression& node, bool& constant) {
    constant = !node.is(ExpressionKind::kSymbol);
    for (size_t i = 0; i < node.children.size(); ++i) {
      const Expression& child = *node.children[i];
      bool of_child = true;
      if (Finds(child, of_child)) return true;
      constant = constant && of_child;
      if (!of_child || !MayHide(node, i)) continue;
      if (IsExtreme(child, Saturates(node) ? kSaturatedBits : kExtremeBits)) {
        return true;
      }
    }
    return false;
  }

 private:
  bool IsExtreme(const Expression& node, int bits) {
    Bindings none;
    BallContext context{none, kFirstPrecision, false, budget_};
    Ball value;
    const BallOutcome outcome = EvaluateBall(node, context, value);
    if (outcome != BallOutcome::kValue) {
      return outcome == BallOutcome::kTooLarge;
    }
    return IsBeyond(value, bits);
  }

  WorkBudget& budget_;
};

}  // namespace

bool HasExtremePart(const Expression& expression, WorkBudget& budget) {
  bool constant = true;
  return PartScan(budget).Finds(expression, constant);
}

}  // namespace limbeck
