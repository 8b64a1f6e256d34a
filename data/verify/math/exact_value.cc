#include "data/verify/math/exact_value.h"

#include <algorithm>
#include <cmath>

#include "data/verify/math/math_limits.h"

namespace limbeck {
namespace {

constexpr int64_t kMaxFactorial = 8000;   // 91,000 bits
constexpr int64_t kMaxBinomial = 20'000;  // 20,000 bits
constexpr int64_t kMaxRootIndex = 64;

class ExactEvaluator {
 public:
  ExactEvaluator(Bindings& bindings, WorkBudget& budget)
      : bindings_(bindings), budget_(budget) {}

  ExactOutcome Evaluate(const Expression& node, Rational& value) {
    if (!budget_.Spend(2)) return ExactOutcome::kTooLarge;
    switch (node.kind) {
      case ExpressionKind::kNumber:
      case ExpressionKind::kBased:
        value = node.number;
        return ExactOutcome::kValue;
      case ExpressionKind::kSymbol: {
        const Rational* bound = FindBinding(bindings_, node.name);
        if (bound == nullptr) return ExactOutcome::kNotRational;
        value = *bound;
        return ExactOutcome::kValue;
      }
      case ExpressionKind::kSum:
      case ExpressionKind::kProduct:
        return Fold(node, value);
      case ExpressionKind::kNegate: {
        const ExactOutcome outcome = Evaluate(*node.children[0], value);
        if (outcome == ExactOutcome::kValue) fmpq_neg(value.get(), value.get());
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
        const ExactOutcome outcome = Evaluate(*node.children[0], value);
        if (outcome == ExactOutcome::kValue) ScaleByPowerOfTen(-2, value);
        return outcome;
      }
      case ExpressionKind::kUnit:
        return Evaluate(*node.children[0], value);
      default:
        return ExactOutcome::kNotRational;
    }
  }

 private:
  // Also refuses what has grown over the cap.
  ExactOutcome Checked(const Rational& value) {
    const auto bits = static_cast<int64_t>(fmpz_bits(value.numerator()));
    const auto below = static_cast<int64_t>(fmpz_bits(value.denominator()));
    const int64_t work = 1 + bits / 32 + (below > 64 ? (bits + below) / 4 : 0);
    return bits + below <= kMaxExactBits && budget_.Spend(work)
               ? ExactOutcome::kValue
               : ExactOutcome::kTooLarge;
  }

  ExactOutcome Combine(bool sum, const Rational& operand, Rational& value) {
    if (value.bits() + operand.bits() > 2 * kMaxExactBits) {
      return ExactOutcome::kTooLarge;
    }
    if (sum) {
      fmpq_add(value.get(), value.get(), operand.get());
    } else {
      fmpq_mul(value.get(), value.get(), operand.get());
    }
    return Checked(value);
  }

  ExactOutcome Fold(const Expression& node, Rational& value) {
    const bool sum = node.is(ExpressionKind::kSum);
    Rational total(sum ? 0 : 1), operand;
    for (const ExpressionPtr& child : node.children) {
      ExactOutcome outcome = Evaluate(*child, operand);
      if (outcome == ExactOutcome::kValue) {
        outcome = Combine(sum, operand, total);
      }
      if (outcome != ExactOutcome::kValue) return outcome;
    }
    value = std::move(total);
    return ExactOutcome::kValue;
  }

  ExactOutcome Two(const Expression& node, Rational& a, Rational& b) {
    if (node.children.size() != 2) return ExactOutcome::kNotRational;
    const ExactOutcome outcome = Evaluate(*node.children[0], a);
    if (outcome != ExactOutcome::kValue) return outcome;
    return Evaluate(*node.children[1], b);
  }

  ExactOutcome Quotient(const Expression& node, Rational& value) {
    Rational a, b;
    const ExactOutcome outcome = Two(node, a, b);
    if (outcome != ExactOutcome::kValue) return outcome;
    if (b.is_zero()) return ExactOutcome::kUndefined;
    if (a.bits() + b.bits() > 2 * kMaxExactBits) return ExactOutcome::kTooLarge;
    fmpq_div(value.get(), a.get(), b.get());
    return Checked(value);
  }

  ExactOutcome Power(const Expression& node, Rational& value) {
    Rational base, exponent;
    const ExactOutcome outcome = Two(node, base, exponent);
    if (outcome != ExactOutcome::kValue) return outcome;
    return RaiseTo(base, exponent, value);
  }

  ExactOutcome RaiseTo(Rational& base, const Rational& exponent,
                       Rational& value) {
    if (base.is_zero()) {
      if (exponent.sign() <= 0) return ExactOutcome::kUndefined;
      value = Rational(0);
      return ExactOutcome::kValue;
    }
    if (!exponent.is_integer()) {
      // (p/q)^(a/b): exact where the b-th root is; of a negative number it is
      // a matter of taste.
      if (base.sign() < 0) return ExactOutcome::kNotRational;
      Rational index;
      fmpz_set(index.numerator(), exponent.denominator());
      const ExactOutcome outcome = Root(base, index, base);
      if (outcome != ExactOutcome::kValue) return outcome;
    }
    Rational power;
    fmpz_set(power.numerator(), exponent.numerator());
    const bool unit = fmpz_is_pm1(base.numerator()) && base.is_integer();
    if (unit) {
      const bool odd = fmpz_is_odd(power.numerator()) != 0;
      value = Rational(odd ? base.sign() : 1);
      return ExactOutcome::kValue;
    }
    if (!power.IsSmallInteger(kMaxExactBits) ||
        std::llabs(power.ToInt64()) * base.bits() > 2 * kMaxExactBits) {
      return ExactOutcome::kTooLarge;
    }
    if (!budget_.Spend(std::llabs(power.ToInt64()) * base.bits() / 4)) {
      return ExactOutcome::kTooLarge;
    }
    fmpq_pow_si(value.get(), base.get(), power.ToInt64());
    return Checked(value);
  }

  // The real root of an exact power.
  static ExactOutcome Root(const Rational& radicand, const Rational& index,
                           Rational& value) {
    if (!index.IsSmallInteger(kMaxRootIndex) || index.sign() <= 0) {
      return ExactOutcome::kNotRational;
    }
    const auto n = static_cast<slong>(index.ToInt64());
    if (radicand.sign() < 0 && n % 2 == 0) return ExactOutcome::kNotRational;
    Rational root;
    if (!fmpz_root(root.numerator(), radicand.numerator(), n) ||
        !fmpz_root(root.denominator(), radicand.denominator(), n)) {
      return ExactOutcome::kNotRational;
    }
    value = std::move(root);
    return ExactOutcome::kValue;
  }

  ExactOutcome Function(const Expression& node, Rational& value) {
    std::vector<Rational> arguments(node.children.size());
    for (size_t i = 0; i < arguments.size(); ++i) {
      const ExactOutcome outcome = Evaluate(*node.children[i], arguments[i]);
      if (outcome != ExactOutcome::kValue) return outcome;
    }
    if (arguments.empty()) return ExactOutcome::kNotRational;
    Rational& x = arguments[0];
    switch (node.function) {
      case MathFunction::kSqrt:
        if (x.bits() > kMaxExactBits) return ExactOutcome::kTooLarge;
        return Root(x, arguments.size() > 1 ? arguments[1] : Rational(2),
                    value);
      case MathFunction::kAbs:
        fmpq_abs(value.get(), x.get());
        return ExactOutcome::kValue;
      case MathFunction::kFloor:
      case MathFunction::kCeil:
        Round(node.function == MathFunction::kFloor, x, value);
        return ExactOutcome::kValue;
      case MathFunction::kSign:
        value = Rational(x.sign());
        return ExactOutcome::kValue;
      case MathFunction::kReal:
      case MathFunction::kConjugate:
        value = x;
        return ExactOutcome::kValue;
      case MathFunction::kImag:
        value = Rational(0);
        return ExactOutcome::kValue;
      case MathFunction::kMin:
        value = *std::min_element(arguments.begin(), arguments.end());
        return ExactOutcome::kValue;
      case MathFunction::kMax:
        value = *std::max_element(arguments.begin(), arguments.end());
        return ExactOutcome::kValue;
      case MathFunction::kGcd:
      case MathFunction::kLcm:
        return Divisor(node.function == MathFunction::kGcd, arguments, value);
      case MathFunction::kMod:
        return Modulo(x, arguments[1], value);
      case MathFunction::kFactorial:
      case MathFunction::kDoubleFactorial:
        return Factorial(node.function == MathFunction::kFactorial, x, value);
      case MathFunction::kBinomial:
        return Binomial(x, arguments[1], value);
      default:
        return AtZero(node.function, x, value);
    }
  }

  // sin 0 and the like.
  static ExactOutcome AtZero(MathFunction function, const Rational& x,
                             Rational& value) {
    switch (function) {
      case MathFunction::kSin:
      case MathFunction::kTan:
      case MathFunction::kArcsin:
      case MathFunction::kArctan:
      case MathFunction::kSinh:
      case MathFunction::kTanh:
      case MathFunction::kArsinh:
      case MathFunction::kArtanh:
        if (!x.is_zero()) return ExactOutcome::kNotRational;
        value = Rational(0);
        return ExactOutcome::kValue;
      case MathFunction::kCos:
      case MathFunction::kCosh:
      case MathFunction::kExp:
      case MathFunction::kSec:
        if (!x.is_zero()) return ExactOutcome::kNotRational;
        value = Rational(1);
        return ExactOutcome::kValue;
      case MathFunction::kLn:
        if (x.is_zero()) return ExactOutcome::kUndefined;
        if (!(x == Rational(1))) return ExactOutcome::kNotRational;
        value = Rational(0);
        return ExactOutcome::kValue;
      default:
        return ExactOutcome::kNotRational;
    }
  }

  static void Round(bool down, const Rational& x, Rational& value) {
    Rational rounded;
    if (down) {
      fmpz_fdiv_q(rounded.numerator(), x.numerator(), x.denominator());
    } else {
      fmpz_cdiv_q(rounded.numerator(), x.numerator(), x.denominator());
    }
    value = std::move(rounded);
  }

  // gcd(a/b, c/d) = gcd(a, c) / lcm(b, d), and lcm the other way round.
  ExactOutcome Divisor(bool greatest, const std::vector<Rational>& arguments,
                       Rational& value) {
    Rational result;
    fmpq_abs(result.get(), arguments[0].get());
    for (size_t i = 1; i < arguments.size(); ++i) {
      const Rational& next = arguments[i];
      if (greatest && (result.is_zero() || next.is_zero())) {
        // gcd(0, x) = |x|
        fmpq_abs(result.get(), result.is_zero() ? next.get() : result.get());
        continue;
      }
      if (greatest) {
        fmpz_gcd(result.numerator(), result.numerator(), next.numerator());
        fmpz_lcm(result.denominator(), result.denominator(),
                 next.denominator());
      } else {
        fmpz_lcm(result.numerator(), result.numerator(), next.numerator());
        fmpz_gcd(result.denominator(), result.denominator(),
                 next.denominator());
      }
      const ExactOutcome outcome = Checked(result);
      if (outcome != ExactOutcome::kValue) return outcome;
    }
    fmpq_canonicalise(result.get());
    value = std::move(result);
    return ExactOutcome::kValue;
  }

  // a mod b = a - b floor(a / b), with the sign of b.
  ExactOutcome Modulo(const Rational& a, const Rational& b, Rational& value) {
    if (b.is_zero()) return ExactOutcome::kUndefined;
    if (a.bits() + b.bits() > 2 * kMaxExactBits) return ExactOutcome::kTooLarge;
    Rational quotient;
    fmpq_div(quotient.get(), a.get(), b.get());
    Round(true, quotient, quotient);
    fmpq_mul(quotient.get(), quotient.get(), b.get());
    fmpq_sub(value.get(), a.get(), quotient.get());
    return Checked(value);
  }

  ExactOutcome Factorial(bool single, const Rational& x, Rational& value) {
    if (!x.is_integer()) return ExactOutcome::kNotRational;
    if (x.sign() < 0) return ExactOutcome::kUndefined;
    if (!x.IsSmallInteger(kMaxFactorial)) return ExactOutcome::kTooLarge;
    const auto n = static_cast<ulong>(x.ToInt64());
    if (!budget_.Spend(static_cast<int64_t>(n) * 2)) {
      return ExactOutcome::kTooLarge;
    }
    Rational result(1);
    if (single) {
      fmpz_fac_ui(result.numerator(), n);
    } else {
      for (ulong k = n; k > 1; k -= 2) {
        fmpz_mul_ui(result.numerator(), result.numerator(), k);
      }
    }
    value = std::move(result);
    return Checked(value);
  }

  ExactOutcome Binomial(const Rational& n, const Rational& k, Rational& value) {
    if (!n.is_integer() || !k.is_integer() || n.sign() < 0) {
      return ExactOutcome::kNotRational;
    }
    if (!n.IsSmallInteger(kMaxBinomial) || !k.IsSmallInteger(kMaxBinomial)) {
      return ExactOutcome::kTooLarge;
    }
    Rational result(0);
    if (k.sign() >= 0 && !(n < k)) {
      if (!budget_.Spend(n.ToInt64() * 2)) return ExactOutcome::kTooLarge;
      fmpz_bin_uiui(result.numerator(), static_cast<ulong>(n.ToInt64()),
                    static_cast<ulong>(k.ToInt64()));
    }
    value = std::move(result);
    return Checked(value);
  }

  ExactOutcome OverRange(const Expression& node, Rational& value) {
    Rational first, last;
    ExactOutcome outcome = Evaluate(*node.children[1], first);
    if (outcome != ExactOutcome::kValue) return outcome;
    outcome = Evaluate(*node.children[2], last);
    if (outcome != ExactOutcome::kValue) return outcome;
    constexpr int64_t kFarthest = int64_t{1} << 40;
    if (!first.IsSmallInteger(kFarthest) || !last.IsSmallInteger(kFarthest)) {
      return ExactOutcome::kNotRational;
    }
    const int64_t begin = first.ToInt64(), end = last.ToInt64();
    if (end - begin >= kMaxSummationTerms) return ExactOutcome::kTooLarge;
    const bool sum = node.is(ExpressionKind::kSummation);
    Rational total(sum ? 0 : 1), term;
    for (int64_t k = begin; k <= end; ++k) {
      bindings_.emplace_back(node.name, Rational(k));
      outcome = Evaluate(*node.children[0], term);
      bindings_.pop_back();
      if (outcome == ExactOutcome::kValue) outcome = Combine(sum, term, total);
      if (outcome != ExactOutcome::kValue) return outcome;
    }
    value = std::move(total);
    return ExactOutcome::kValue;
  }

  Bindings& bindings_;
  WorkBudget& budget_;
};

}  // namespace

const Rational* FindBinding(const Bindings& bindings, const std::string& name) {
  for (auto it = bindings.rbegin(); it != bindings.rend(); ++it) {
    if (it->first == name) return &it->second;
  }
  return nullptr;
}

ExactOutcome EvaluateExactly(const Expression& expression, Bindings& bindings,
                             WorkBudget& budget, Rational& value) {
  return ExactEvaluator(bindings, budget).Evaluate(expression, value);
}

}  // namespace limbeck
