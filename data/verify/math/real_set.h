// Sets of real numbers: intervals, points, their unions, and inequalities in
// one variable.
#ifndef LIMBECK_DATA_VERIFY_MATH_REAL_SET_H_
#define LIMBECK_DATA_VERIFY_MATH_REAL_SET_H_

#include <string>
#include <vector>

#include "data/verify/math/expression.h"
#include "data/verify/math/scalar_equality.h"
#include "data/verify/math/work_budget.h"

namespace limbeck {

// From `lower` to `upper`, which may be infinite; a point where they are equal.
struct RealInterval {
  ExpressionPtr lower, upper;
  bool lower_open = false;
  bool upper_open = false;
};

// Sorted, disjoint and apart from each other once normalized.
using RealSet = std::vector<RealInterval>;

// Whether the expression is a set or an inequality, read as one of real
// numbers. (a, b) is an open interval here.
bool LooksLikeRealSet(const Expression& expression);

// The set that an interval, union, set of numbers, x < 3, x \in S, or
// {x | x > 2} stands for. False where the ends cannot be ordered or it is none
// of these. `variable` receives the name of x, if one was named.
bool ToRealSet(const ExpressionPtr& expression, WorkBudget& budget,
               RealSet& set, std::string& variable);

EqualityFinding CompareRealSets(const ExpressionPtr& a, const ExpressionPtr& b,
                                WorkBudget& budget);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_REAL_SET_H_
