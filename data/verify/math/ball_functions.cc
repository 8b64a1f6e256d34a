// Functions of balls, with their domains.
#include <cstdlib>

#include "data/verify/math/ball_value.h"

namespace limbeck {
namespace {

// x >= bound (or x <= bound) for certain, for certain not, or neither.
enum class Inside { kYes, kNo, kMaybe };

Inside AtLeast(const arb_t x, int64_t bound) {
  Ball limit;
  arb_set_si(limit.real(), bound);
  if (arb_ge(x, limit.real()) != 0) return Inside::kYes;
  return arb_lt(x, limit.real()) != 0 ? Inside::kNo : Inside::kMaybe;
}

Inside AtMost(const arb_t x, int64_t bound) {
  Ball limit;
  arb_set_si(limit.real(), bound);
  if (arb_le(x, limit.real()) != 0) return Inside::kYes;
  return arb_gt(x, limit.real()) != 0 ? Inside::kNo : Inside::kMaybe;
}

// Outcome for a real argument that must lie where `inside` says; kValue means
// go on. Outside, complex values are meant unless only real ones are.
BallOutcome Domain(Inside inside, bool real_only) {
  if (inside == Inside::kMaybe) return BallOutcome::kUncertain;
  if (inside == Inside::kNo && real_only) return BallOutcome::kUndefined;
  return BallOutcome::kValue;
}

Inside Both(Inside a, Inside b) {
  if (a == Inside::kNo || b == Inside::kNo) return Inside::kNo;
  return a == Inside::kMaybe ? a : b;
}

BallOutcome NaturalLog(const Ball& x, bool real_only, slong precision,
                       Ball& value) {
  if (acb_is_zero(x.get()) != 0) return BallOutcome::kUndefined;
  if (acb_contains_zero(x.get()) != 0) return BallOutcome::kUncertain;
  if (real_only && arb_is_positive(x.real()) == 0) {
    return BallOutcome::kUndefined;
  }
  acb_log(value.get(), x.get(), precision);
  return BallOutcome::kValue;
}

BallOutcome Log(const Ball* arguments, size_t count, bool real_only,
                slong precision, Ball& value) {
  if (count != 2) return BallOutcome::kUnsupported;
  Ball base;
  BallOutcome outcome = NaturalLog(arguments[1], real_only, precision, base);
  if (outcome != BallOutcome::kValue) return outcome;
  if (acb_is_zero(base.get()) != 0) return BallOutcome::kUndefined;
  if (acb_contains_zero(base.get()) != 0) return BallOutcome::kUncertain;
  outcome = NaturalLog(arguments[0], real_only, precision, value);
  if (outcome != BallOutcome::kValue) return outcome;
  acb_div(value.get(), value.get(), base.get(), precision);
  return BallOutcome::kValue;
}

BallOutcome Root(const Ball* arguments, size_t count, bool real_only,
                 slong precision, Ball& value) {
  const Ball& x = arguments[0];
  ulong index = 2;
  if (count == 2) {
    Ball rounded;
    if (!arguments[1].is_real() || arb_is_exact(arguments[1].real()) == 0 ||
        arb_is_int(arguments[1].real()) == 0 ||
        AtLeast(arguments[1].real(), 2) != Inside::kYes ||
        AtMost(arguments[1].real(), 1000) != Inside::kYes) {
      return BallOutcome::kUnsupported;
    }
    index = static_cast<ulong>(
        arf_get_si(arb_midref(arguments[1].real()), ARF_RND_NEAR));
  }
  if (acb_is_zero(x.get()) != 0) {
    acb_zero(value.get());
    return BallOutcome::kValue;
  }
  if (acb_contains_zero(x.get()) != 0) return BallOutcome::kUncertain;
  if (x.is_real() && arb_is_positive(x.real()) != 0) {
    arb_root_ui(value.real(), x.real(), index, precision);
    arb_zero(value.imag());
    return BallOutcome::kValue;
  }
  if (x.is_real() && index % 2 == 1) {
    arb_neg(value.real(), x.real());
    arb_root_ui(value.real(), value.real(), index, precision);
    arb_neg(value.real(), value.real());
    arb_zero(value.imag());
    return BallOutcome::kValue;
  }
  if (real_only) return BallOutcome::kUndefined;
  acb_root_ui(value.get(), x.get(), index, precision);
  return BallOutcome::kValue;
}

// 1 / f(x) for cot, sec, csc and their hyperbolic kin.
BallOutcome Inverse(Ball& value, slong precision) {
  if (acb_is_zero(value.get()) != 0) return BallOutcome::kUndefined;
  if (acb_contains_zero(value.get()) != 0) return BallOutcome::kUncertain;
  acb_inv(value.get(), value.get(), precision);
  return BallOutcome::kValue;
}

BallOutcome Trigonometric(MathFunction function, const Ball& x, slong precision,
                          Ball& value) {
  switch (function) {
    case MathFunction::kSin:
      acb_sin(value.get(), x.get(), precision);
      return BallOutcome::kValue;
    case MathFunction::kCos:
      acb_cos(value.get(), x.get(), precision);
      return BallOutcome::kValue;
    case MathFunction::kTan:
      acb_tan(value.get(), x.get(), precision);
      return BallOutcome::kValue;
    case MathFunction::kCot:
      acb_cot(value.get(), x.get(), precision);
      return BallOutcome::kValue;
    case MathFunction::kSec:
      acb_cos(value.get(), x.get(), precision);
      return Inverse(value, precision);
    case MathFunction::kCsc:
      acb_sin(value.get(), x.get(), precision);
      return Inverse(value, precision);
    case MathFunction::kSinh:
      acb_sinh(value.get(), x.get(), precision);
      return BallOutcome::kValue;
    case MathFunction::kCosh:
      acb_cosh(value.get(), x.get(), precision);
      return BallOutcome::kValue;
    case MathFunction::kTanh:
      acb_tanh(value.get(), x.get(), precision);
      return BallOutcome::kValue;
    case MathFunction::kCoth:
      acb_coth(value.get(), x.get(), precision);
      return BallOutcome::kValue;
    case MathFunction::kSech:
      acb_cosh(value.get(), x.get(), precision);
      return Inverse(value, precision);
    case MathFunction::kCsch:
      acb_sinh(value.get(), x.get(), precision);
      return Inverse(value, precision);
    default:
      return BallOutcome::kUnsupported;
  }
}

BallOutcome InverseTrigonometric(MathFunction function, const Ball& x,
                                 bool real_only, slong precision, Ball& value) {
  if (function == MathFunction::kArcsec || function == MathFunction::kArccsc) {
    Ball inverse;
    acb_set(inverse.get(), x.get());
    const BallOutcome outcome = Inverse(inverse, precision);
    if (outcome != BallOutcome::kValue) return outcome;
    return InverseTrigonometric(function == MathFunction::kArcsec
                                    ? MathFunction::kArccos
                                    : MathFunction::kArcsin,
                                inverse, real_only, precision, value);
  }
  Inside inside = Inside::kYes;
  if (x.is_real()) {
    if (function == MathFunction::kArcsin ||
        function == MathFunction::kArccos ||
        function == MathFunction::kArtanh) {
      inside = Both(AtLeast(x.real(), -1), AtMost(x.real(), 1));
    } else if (function == MathFunction::kArcosh) {
      inside = AtLeast(x.real(), 1);
    }
  }
  const BallOutcome domain = Domain(inside, real_only);
  if (domain != BallOutcome::kValue) return domain;
  switch (function) {
    case MathFunction::kArcsin:
      acb_asin(value.get(), x.get(), precision);
      break;
    case MathFunction::kArccos:
      acb_acos(value.get(), x.get(), precision);
      break;
    case MathFunction::kArctan:
      acb_atan(value.get(), x.get(), precision);
      break;
    case MathFunction::kArccot: {
      // Between 0 and pi.
      if (!x.is_real()) return BallOutcome::kUnsupported;
      Ball half_pi;
      acb_const_pi(half_pi.get(), precision);
      acb_mul_2exp_si(half_pi.get(), half_pi.get(), -1);
      acb_atan(value.get(), x.get(), precision);
      acb_sub(value.get(), half_pi.get(), value.get(), precision);
      break;
    }
    case MathFunction::kArsinh:
      acb_asinh(value.get(), x.get(), precision);
      break;
    case MathFunction::kArcosh:
      acb_acosh(value.get(), x.get(), precision);
      break;
    case MathFunction::kArtanh:
      acb_atanh(value.get(), x.get(), precision);
      break;
    default:
      return BallOutcome::kUnsupported;
  }
  return BallOutcome::kValue;
}

BallOutcome RoundToInteger(bool down, const arb_t x, slong precision,
                           arb_t value) {
  if (down) {
    arb_floor(value, x, precision);
  } else {
    arb_ceil(value, x, precision);
  }
  return arb_is_exact(value) != 0 ? BallOutcome::kValue
                                  : BallOutcome::kUncertain;
}

BallOutcome Modulo(const Ball& a, const Ball& b, slong precision, Ball& value) {
  if (arb_is_zero(b.real()) != 0) return BallOutcome::kUndefined;
  if (arb_contains_zero(b.real()) != 0) return BallOutcome::kUncertain;
  Ball quotient;
  arb_div(quotient.real(), a.real(), b.real(), precision);
  const BallOutcome outcome =
      RoundToInteger(true, quotient.real(), precision, quotient.real());
  if (outcome != BallOutcome::kValue) return outcome;
  arb_mul(quotient.real(), quotient.real(), b.real(), precision);
  arb_sub(value.real(), a.real(), quotient.real(), precision);
  arb_zero(value.imag());
  return BallOutcome::kValue;
}

// value = min or max of value and x, unwidened where their order is certain.
void Extreme(bool smaller, const arb_t x, slong precision, arb_t value) {
  if (smaller ? arb_lt(x, value) != 0 : arb_gt(x, value) != 0) {
    arb_set(value, x);
  } else if (smaller ? arb_le(value, x) == 0 : arb_ge(value, x) == 0) {
    if (smaller) {
      arb_min(value, value, x, precision);
    } else {
      arb_max(value, value, x, precision);
    }
  }
}

// Functions that only real numbers have.
BallOutcome OfReals(MathFunction function, const Ball* arguments, size_t count,
                    slong precision, Ball& value) {
  for (size_t i = 0; i < count; ++i) {
    if (!arguments[i].is_real()) return BallOutcome::kUnsupported;
  }
  const arb_ptr x = arguments[0].real();
  switch (function) {
    case MathFunction::kFloor:
    case MathFunction::kCeil:
      arb_zero(value.imag());
      return RoundToInteger(function == MathFunction::kFloor, x, precision,
                            value.real());
    case MathFunction::kSign:
      if (arb_contains_zero(x) != 0) return BallOutcome::kUncertain;
      acb_set_si(value.get(), arb_is_positive(x) != 0 ? 1 : -1);
      return BallOutcome::kValue;
    case MathFunction::kMin:
    case MathFunction::kMax:
      acb_set(value.get(), arguments[0].get());
      for (size_t i = 1; i < count; ++i) {
        Extreme(function == MathFunction::kMin, arguments[i].real(), precision,
                value.real());
      }
      return BallOutcome::kValue;
    case MathFunction::kMod:
      if (count != 2) return BallOutcome::kUnsupported;
      return Modulo(arguments[0], arguments[1], precision, value);
    case MathFunction::kFactorial:
      if (AtMost(x, 1 << 18) != Inside::kYes ||
          AtLeast(x, -(1 << 10)) != Inside::kYes) {
        return BallOutcome::kTooLarge;
      }
      arb_add_ui(value.real(), x, 1, precision);
      arb_gamma(value.real(), value.real(), precision);
      arb_zero(value.imag());
      return BallOutcome::kValue;
    default:
      return BallOutcome::kUnsupported;
  }
}

int64_t Work(MathFunction function, slong precision) {
  const int64_t unit = 4 + precision / 64;
  switch (function) {
    case MathFunction::kAbs:
    case MathFunction::kFloor:
    case MathFunction::kCeil:
    case MathFunction::kSign:
    case MathFunction::kMin:
    case MathFunction::kMax:
    case MathFunction::kReal:
    case MathFunction::kImag:
    case MathFunction::kConjugate:
      return unit;
    case MathFunction::kFactorial:
      return 4000 * unit;
    default:
      return 24 * unit;
  }
}

}  // namespace

BallOutcome ApplyToBalls(MathFunction function, const Ball* arguments,
                         size_t count, BallContext& context, Ball& value) {
  const slong precision = context.precision;
  if (!context.budget.Spend(Work(function, precision))) {
    return BallOutcome::kTooLarge;
  }
  const Ball& x = arguments[0];
  // Of huge arguments nothing useful is known.
  mag_t bound;
  mag_init(bound);
  acb_get_mag(bound, x.get());
  const bool moderate = mag_cmp_2exp_si(bound, 24) < 0;
  mag_clear(bound);
  switch (function) {
    case MathFunction::kSqrt:
      return Root(arguments, count, context.real_only, precision, value);
    case MathFunction::kExp:
      if (!moderate) return BallOutcome::kTooLarge;
      acb_exp(value.get(), x.get(), precision);
      return BallOutcome::kValue;
    case MathFunction::kLn:
      return NaturalLog(x, context.real_only, precision, value);
    case MathFunction::kLog:
      return Log(arguments, count, context.real_only, precision, value);
    case MathFunction::kAbs:
      acb_abs(value.real(), x.get(), precision);
      arb_zero(value.imag());
      return BallOutcome::kValue;
    case MathFunction::kReal:
      arb_set(value.real(), x.real());
      arb_zero(value.imag());
      return BallOutcome::kValue;
    case MathFunction::kImag:
      arb_set(value.real(), x.imag());
      arb_zero(value.imag());
      return BallOutcome::kValue;
    case MathFunction::kConjugate:
      acb_conj(value.get(), x.get());
      return BallOutcome::kValue;
    case MathFunction::kArgument:
      if (acb_contains_zero(x.get()) != 0) return BallOutcome::kUncertain;
      acb_arg(value.real(), x.get(), precision);
      arb_zero(value.imag());
      return BallOutcome::kValue;
    default:
      break;
  }
  if (function >= MathFunction::kArcsin && function <= MathFunction::kArccsc) {
    return InverseTrigonometric(function, x, context.real_only, precision,
                                value);
  }
  if (function >= MathFunction::kArsinh && function <= MathFunction::kArtanh) {
    return InverseTrigonometric(function, x, context.real_only, precision,
                                value);
  }
  if (function >= MathFunction::kSin && function <= MathFunction::kCsch) {
    if (!moderate) return BallOutcome::kTooLarge;
    return Trigonometric(function, x, precision, value);
  }
  return OfReals(function, arguments, count, precision, value);
}

}  // namespace limbeck
