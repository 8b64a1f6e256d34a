// Values of closed forms as balls: a midpoint and a proven bound of the error.
#ifndef LIMBECK_DATA_VERIFY_MATH_BALL_VALUE_H_
#define LIMBECK_DATA_VERIFY_MATH_BALL_VALUE_H_

#include <acb.h>

#include <cstdint>

#include "data/verify/math/exact_value.h"
#include "data/verify/math/expression.h"
#include "data/verify/math/work_budget.h"

namespace limbeck {

// A complex ball with an owner.
class Ball {
 public:
  Ball() { acb_init(value_); }
  ~Ball() { acb_clear(value_); }
  Ball(const Ball&) = delete;
  Ball& operator=(const Ball&) = delete;

  acb_ptr get() { return value_; }
  acb_ptr get() const { return const_cast<acb_ptr>(value_); }
  arb_ptr real() const { return acb_realref(get()); }
  arb_ptr imag() const { return acb_imagref(get()); }
  bool is_real() const { return arb_is_zero(imag()) != 0; }

 private:
  acb_t value_;
};

enum class BallOutcome {
  kValue,
  kUndefined,    // a pole, or outside the real domain where that was asked
  kUncertain,    // undecided at this precision: floor, a divisor near 0
  kUnsupported,  // no numeric meaning here
  kTooLarge,
};

struct BallContext {
  Bindings& bindings;
  int64_t precision;  // bits
  // Roots of negative numbers and the like are undefined rather than complex.
  bool real_only;
  WorkBudget& budget;
};

BallOutcome EvaluateBall(const Expression& expression, BallContext& context,
                         Ball& value);

// One function of balls; `arguments` as MathFunction states them.
BallOutcome ApplyToBalls(MathFunction function, const Ball* arguments,
                         size_t count, BallContext& context, Ball& value);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_BALL_VALUE_H_
