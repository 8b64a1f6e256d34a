// Whether Math-Verify calls two answers equal; trees in compat form.
#ifndef LIMBECK_DATA_VERIFY_COMPAT_EQUAL_H_
#define LIMBECK_DATA_VERIFY_COMPAT_EQUAL_H_

#include "data/verify/math/expression.h"
#include "data/verify/math/work_budget.h"

namespace limbeck {

struct CompatOptions;

// Not symmetric: an equation as gold answer asks more of the answer than the
// other way round. False where the budget ends, as the rival's time-out is.
bool CompatEqual(const ExpressionPtr& gold, const ExpressionPtr& answer,
                 const CompatOptions& options, WorkBudget& budget);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_COMPAT_EQUAL_H_
