// Exact rational values of expressions, where they have one.
#ifndef LIMBECK_DATA_VERIFY_MATH_EXACT_VALUE_H_
#define LIMBECK_DATA_VERIFY_MATH_EXACT_VALUE_H_

#include <string>
#include <utility>
#include <vector>

#include "data/verify/math/expression.h"
#include "data/verify/math/rational.h"
#include "data/verify/math/work_budget.h"

namespace limbeck {

// Values of variables; of two with one name the later counts.
using Bindings = std::vector<std::pair<std::string, Rational>>;
const Rational* FindBinding(const Bindings& bindings, const std::string& name);

enum class ExactOutcome {
  kValue,
  kNotRational,  // or not known to be: needs balls
  kUndefined,    // 1/0, 0^0
  kTooLarge,     // over the caps of math_limits.h or of the budget
};

// The value of a scalar under `bindings`. `value` is set for kValue only.
ExactOutcome EvaluateExactly(const Expression& expression, Bindings& bindings,
                             WorkBudget& budget, Rational& value);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_EXACT_VALUE_H_
