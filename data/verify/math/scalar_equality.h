// Whether two scalars are equal: exact values, balls of rising precision, and
// random points where variables are free.
#ifndef LIMBECK_DATA_VERIFY_MATH_SCALAR_EQUALITY_H_
#define LIMBECK_DATA_VERIFY_MATH_SCALAR_EQUALITY_H_

#include <string>

#include "data/verify/math/expression.h"
#include "data/verify/math/work_budget.h"

namespace limbeck {

enum class Equality { kEqual, kDifferent, kUnknown };

struct EqualityFinding {
  Equality equality = Equality::kUnknown;
  std::string reason;
};

EqualityFinding FoundEqual(std::string reason);
EqualityFinding FoundDifferent(std::string reason);
EqualityFinding FoundUnknown(std::string reason);

// Both scalars; units, percent and degree signs count with their value.
// Different means proven different, or different at a random point of the
// common real domain.
EqualityFinding CompareScalars(const ExpressionPtr& a, const ExpressionPtr& b,
                               WorkBudget& budget);

enum class Order { kLess, kEqual, kGreater, kUnknown };

// Two real constants; infinities are allowed.
Order CompareReals(const ExpressionPtr& a, const ExpressionPtr& b,
                   WorkBudget& budget);

// 1 or -1 for plus or minus infinity, else 0.
int InfinitySign(const Expression& expression);

// The exact value of a constant; false where it has none or is too large.
bool ExactConstant(const Expression& expression, WorkBudget& budget,
                   Rational& value);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_SCALAR_EQUALITY_H_
