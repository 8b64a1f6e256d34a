// Proof that two scalars are equal: their difference as a fraction of
// polynomials is zero.
#ifndef LIMBECK_DATA_VERIFY_MATH_NORMAL_FORM_H_
#define LIMBECK_DATA_VERIFY_MATH_NORMAL_FORM_H_

#include "data/verify/math/expression.h"
#include "data/verify/math/work_budget.h"

namespace limbeck {

// Whether a - b is identically zero as a rational function of its variables,
// of pi, e and i, of square roots of primes (with r^2 = p) and of every other
// function value as an unknown of its own. True is a proof wherever both are
// defined; false says nothing.
bool HaveEqualNormalForms(const Expression& a, const Expression& b,
                          WorkBudget& budget);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_NORMAL_FORM_H_
