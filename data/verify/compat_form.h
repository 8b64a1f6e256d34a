// Expression trees as Math-Verify reads them: units, degree signs and bases
// dropped, letters in lower case, lists as sets, ratios as quotients.
#ifndef LIMBECK_DATA_VERIFY_COMPAT_FORM_H_
#define LIMBECK_DATA_VERIFY_COMPAT_FORM_H_

#include "data/verify/math/expression.h"

namespace limbeck {

// The tree with these replacements: 5 cm -> 5; 30^\circ -> 30; 204_5 -> 204;
// 5\% -> 5/100; i -> the variable i; X -> x; a:b:c -> a/b/c; a list and a +-b
// -> a set; x \in S -> x = S; a = b = c -> a = c; what follows a sign of
// approximation -> nothing.
ExpressionPtr CompatForm(const ExpressionPtr& expression);

// All links are equals signs.
bool IsEquation(const Expression& expression);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_COMPAT_FORM_H_
