#include "data/verify/math/ball_value.h"

#include <memory>

#include "data/verify/math/math_limits.h"

namespace limbeck {
namespace {

// Whether |x| is certainly below 2^24, what exp and powers are given.
bool IsModerate(const arb_t x) {
  mag_t bound;
  mag_init(bound);
  arb_get_mag(bound, x);
  const bool moderate = mag_cmp_2exp_si(bound, 24) < 0;
  mag_clear(bound);
  return moderate;
}

class BallEvaluator {
 public:
  explicit BallEvaluator(BallContext& context)
      : context_(context), precision_(context.precision) {}

  BallOutcome Evaluate(const Expression& node, Ball& value) {
    if (!context_.budget.Spend(4 + precision_ / 64)) {
      return BallOutcome::kTooLarge;
    }
    const BallOutcome outcome = Dispatch(node, value);
    if (outcome != BallOutcome::kValue) return outcome;
    if (acb_is_finite(value.get()) == 0) return BallOutcome::kUncertain;
    if (context_.real_only && !value.is_real()) return BallOutcome::kUndefined;
    return outcome;
  }

 private:
  BallOutcome Dispatch(const Expression& node, Ball& value) {
    switch (node.kind) {
      case ExpressionKind::kNumber:
      case ExpressionKind::kBased:
        acb_set_fmpq(value.get(), node.number.get(), precision_);
        return BallOutcome::kValue;
      case ExpressionKind::kConstant:
        return Constant(node.constant, value);
      case ExpressionKind::kSymbol: {
        const Rational* bound = FindBinding(context_.bindings, node.name);
        if (bound == nullptr) return BallOutcome::kUnsupported;
        acb_set_fmpq(value.get(), bound->get(), precision_);
        return BallOutcome::kValue;
      }
      case ExpressionKind::kSum:
      case ExpressionKind::kProduct:
        return Fold(node, value);
      case ExpressionKind::kNegate: {
        const BallOutcome outcome = Evaluate(*node.children[0], value);
        acb_neg(value.get(), value.get());
        return outcome;
      }
      case ExpressionKind::kQuotient:
        return Quotient(node, value);
      case ExpressionKind::kPower:
        return Power(node, value);
      case ExpressionKind::kFunction:
        return Function(node, value);
      case ExpressionKind::kSummation:
      case ExpressionKind::kProductOver:
        return OverRange(node, value);
      case ExpressionKind::kPercent: {
        const BallOutcome outcome = Evaluate(*node.children[0], value);
        acb_div_ui(value.get(), value.get(), 100, precision_);
        return outcome;
      }
      case ExpressionKind::kDegree: {
        const BallOutcome outcome = Evaluate(*node.children[0], value);
        Ball pi;
        acb_const_pi(pi.get(), precision_);
        acb_mul(value.get(), value.get(), pi.get(), precision_);
        acb_div_ui(value.get(), value.get(), 180, precision_);
        return outcome;
      }
      case ExpressionKind::kUnit:
        return Evaluate(*node.children[0], value);
      default:
        return BallOutcome::kUnsupported;
    }
  }

  BallOutcome Constant(MathConstant constant, Ball& value) {
    switch (constant) {
      case MathConstant::kPi:
        acb_const_pi(value.get(), precision_);
        return BallOutcome::kValue;
      case MathConstant::kEuler:
        arb_const_e(value.real(), precision_);
        arb_zero(value.imag());
        return BallOutcome::kValue;
      case MathConstant::kImaginary:
        acb_onei(value.get());
        return BallOutcome::kValue;
      case MathConstant::kInfinity:
        break;
    }
    return BallOutcome::kUnsupported;
  }

  BallOutcome Fold(const Expression& node, Ball& value) {
    const bool sum = node.is(ExpressionKind::kSum);
    acb_set_si(value.get(), sum ? 0 : 1);
    Ball operand;
    for (const ExpressionPtr& child : node.children) {
      const BallOutcome outcome = Evaluate(*child, operand);
      if (outcome != BallOutcome::kValue) return outcome;
      Combine(sum, operand, value);
    }
    return BallOutcome::kValue;
  }

  void Combine(bool sum, const Ball& operand, Ball& value) {
    if (sum) {
      acb_add(value.get(), value.get(), operand.get(), precision_);
    } else {
      acb_mul(value.get(), value.get(), operand.get(), precision_);
    }
  }

  BallOutcome Quotient(const Expression& node, Ball& value) {
    BallOutcome outcome = Evaluate(*node.children[0], value);
    if (outcome != BallOutcome::kValue) return outcome;
    Ball divisor;
    outcome = Evaluate(*node.children[1], divisor);
    if (outcome != BallOutcome::kValue) return outcome;
    if (acb_is_zero(divisor.get()) != 0) return BallOutcome::kUndefined;
    if (acb_contains_zero(divisor.get()) != 0) return BallOutcome::kUncertain;
    acb_div(value.get(), value.get(), divisor.get(), precision_);
    return BallOutcome::kValue;
  }

  BallOutcome Power(const Expression& node, Ball& value) {
    Ball base;
    const BallOutcome outcome = Evaluate(*node.children[0], base);
    if (outcome != BallOutcome::kValue) return outcome;
    Rational exponent;
    const ExactOutcome exact = EvaluateExactly(
        *node.children[1], context_.bindings, context_.budget, exponent);
    if (exact == ExactOutcome::kTooLarge) return BallOutcome::kTooLarge;
    if (exact == ExactOutcome::kUndefined) return BallOutcome::kUndefined;
    if (exact == ExactOutcome::kValue) {
      return RationalPower(base, exponent, value);
    }
    Ball power;
    const BallOutcome evaluated = Evaluate(*node.children[1], power);
    if (evaluated != BallOutcome::kValue) return evaluated;
    if (node.children[0]->is(MathConstant::kEuler)) {
      return Exponential(power, value);
    }
    return GeneralPower(base, power, value);
  }

  BallOutcome Exponential(const Ball& power, Ball& value) {
    if (!IsModerate(power.real()) || !IsModerate(power.imag())) {
      return BallOutcome::kTooLarge;
    }
    if (!context_.budget.Spend(precision_ / 4)) return BallOutcome::kTooLarge;
    acb_exp(value.get(), power.get(), precision_);
    return BallOutcome::kValue;
  }

  BallOutcome GeneralPower(const Ball& base, const Ball& power, Ball& value) {
    if (acb_contains_zero(base.get()) != 0) return BallOutcome::kUncertain;
    if (context_.real_only && arb_is_positive(base.real()) == 0) {
      return BallOutcome::kUndefined;
    }
    Ball exponent;
    acb_log(exponent.get(), base.get(), precision_);
    acb_mul(exponent.get(), exponent.get(), power.get(), precision_);
    return Exponential(exponent, value);
  }

  BallOutcome RationalPower(const Ball& base, const Rational& exponent,
                            Ball& value) {
    if (acb_is_zero(base.get()) != 0) {
      if (exponent.sign() <= 0) return BallOutcome::kUndefined;
      acb_zero(value.get());
      return BallOutcome::kValue;
    }
    const bool has_zero = acb_contains_zero(base.get()) != 0;
    if (has_zero && exponent.sign() <= 0) return BallOutcome::kUncertain;
    if (!exponent.is_integer()) {
      if (has_zero) return BallOutcome::kUncertain;
      if (base.is_real() && arb_is_positive(base.real()) == 0) {
        // (-8)^{1/3} is -2 to some and complex to others.
        if (context_.real_only) return BallOutcome::kUndefined;
        if (fmpz_is_odd(exponent.denominator()) != 0) {
          return BallOutcome::kUnsupported;
        }
      }
      Ball power;
      acb_set_fmpq(power.get(), exponent.get(), precision_);
      return GeneralPower(base, power, value);
    }
    if (!PowerFits(base, exponent)) return BallOutcome::kTooLarge;
    if (!context_.budget.Spend(precision_ / 16 *
                               static_cast<int64_t>(exponent.bits()))) {
      return BallOutcome::kTooLarge;
    }
    acb_pow_fmpz(value.get(), base.get(), exponent.numerator(), precision_);
    return BallOutcome::kValue;
  }

  // Whether |exponent| times the binary logarithm of the base is moderate.
  static bool PowerFits(const Ball& base, const Rational& exponent) {
    if (!exponent.IsSmallInteger(kMaxBallMagnitude)) return false;
    mag_t upper, lower;
    mag_init(upper);
    mag_init(lower);
    acb_get_mag(upper, base.get());
    acb_get_mag_lower(lower, base.get());
    const int64_t n = std::abs(exponent.ToInt64()) + 1;
    const int64_t bound = kMaxBallMagnitude / n;
    const bool fits =
        mag_cmp_2exp_si(upper, bound) <= 0 &&
        (exponent.sign() > 0 || mag_cmp_2exp_si(lower, -bound) >= 0);
    mag_clear(upper);
    mag_clear(lower);
    return fits;
  }

  BallOutcome Function(const Expression& node, Ball& value) {
    // Rounding and divisibility ask for the number itself, not for a ball.
    switch (node.function) {
      case MathFunction::kFloor:
      case MathFunction::kCeil:
      case MathFunction::kGcd:
      case MathFunction::kLcm:
      case MathFunction::kMod:
      case MathFunction::kFactorial:
      case MathFunction::kDoubleFactorial:
      case MathFunction::kBinomial: {
        Rational exact;
        const ExactOutcome outcome =
            EvaluateExactly(node, context_.bindings, context_.budget, exact);
        if (outcome == ExactOutcome::kTooLarge) return BallOutcome::kTooLarge;
        if (outcome == ExactOutcome::kUndefined) return BallOutcome::kUndefined;
        if (outcome == ExactOutcome::kValue) {
          acb_set_fmpq(value.get(), exact.get(), precision_);
          return BallOutcome::kValue;
        }
        break;
      }
      default:
        break;
    }
    const size_t count = node.children.size();
    if (count == 0 || count > 16) return BallOutcome::kUnsupported;
    const auto arguments = std::make_unique<Ball[]>(count);
    for (size_t i = 0; i < count; ++i) {
      const BallOutcome outcome = Evaluate(*node.children[i], arguments[i]);
      if (outcome != BallOutcome::kValue) return outcome;
    }
    return ApplyToBalls(node.function, arguments.get(), count, context_, value);
  }

  BallOutcome OverRange(const Expression& node, Ball& value) {
    Rational first, last;
    if (EvaluateExactly(*node.children[1], context_.bindings, context_.budget,
                        first) != ExactOutcome::kValue ||
        EvaluateExactly(*node.children[2], context_.bindings, context_.budget,
                        last) != ExactOutcome::kValue) {
      return BallOutcome::kUnsupported;
    }
    constexpr int64_t kFarthest = int64_t{1} << 40;
    if (!first.IsSmallInteger(kFarthest) || !last.IsSmallInteger(kFarthest)) {
      return BallOutcome::kUnsupported;
    }
    const int64_t begin = first.ToInt64(), end = last.ToInt64();
    if (end - begin >= kMaxSummationTerms) return BallOutcome::kTooLarge;
    const bool sum = node.is(ExpressionKind::kSummation);
    Ball total, term;
    acb_set_si(total.get(), sum ? 0 : 1);
    for (int64_t k = begin; k <= end; ++k) {
      context_.bindings.emplace_back(node.name, Rational(k));
      const BallOutcome outcome = Evaluate(*node.children[0], term);
      context_.bindings.pop_back();
      if (outcome != BallOutcome::kValue) return outcome;
      Combine(sum, term, total);
    }
    acb_set(value.get(), total.get());
    return BallOutcome::kValue;
  }

  BallContext& context_;
  const slong precision_;
};

}  // namespace

BallOutcome EvaluateBall(const Expression& expression, BallContext& context,
                         Ball& value) {
  return BallEvaluator(context).Evaluate(expression, value);
}

}  // namespace limbeck
