// Numbers so large or so small that 512 equal bits prove little.
#ifndef LIMBECK_DATA_VERIFY_MATH_EXTREME_PARTS_H_
#define LIMBECK_DATA_VERIFY_MATH_EXTREME_PARTS_H_

#include "data/verify/math/expression.h"
#include "data/verify/math/work_budget.h"

namespace limbeck {

// Whether a term of a sum, an exponent or a function's argument, without
// variables, is beyond 2^200 or within 2^-200 of 0, or cannot be computed, or
// brings a tanh too close to 1: then a difference may lie below every
// precision, as between sqrt(2) and sqrt(2) + 10^-300.
bool HasExtremePart(const Expression& expression, WorkBudget& budget);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_EXTREME_PARTS_H_
