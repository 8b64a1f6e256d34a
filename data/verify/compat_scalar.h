// Scalars as Math-Verify compares them: decimals to six places, exact forms to
// fifteen digits behind the point, formulas by simplification.
#ifndef LIMBECK_DATA_VERIFY_COMPAT_SCALAR_H_
#define LIMBECK_DATA_VERIFY_COMPAT_SCALAR_H_

#include "data/verify/math/expression.h"
#include "data/verify/math/work_budget.h"

namespace limbeck {

// `places`: decimals are rounded to so many; negative: they are not rounded.
bool CompatScalarsEqual(const ExpressionPtr& gold, const ExpressionPtr& answer,
                        int places, WorkBudget& budget);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_COMPAT_SCALAR_H_
