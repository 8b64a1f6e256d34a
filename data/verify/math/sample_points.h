// Random rational points at which expressions with free variables are compared:
// the same ones on every machine and in every run.
#ifndef LIMBECK_DATA_VERIFY_MATH_SAMPLE_POINTS_H_
#define LIMBECK_DATA_VERIFY_MATH_SAMPLE_POINTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "data/verify/math/exact_value.h"
#include "data/verify/math/expression.h"

namespace limbeck {

enum class SampleKind {
  kRationals,         // of both signs, small and large
  kPositiveIntegers,  // for n!, (-1)^n, sums to n
};

// How far rational points reach. Thresholds, as in |x - 100|, lie inside.
struct SampleReach {
  int64_t near = 8;
  int64_t far = 8;
};

// The reach that the numbers in both expressions ask for.
SampleReach ReachOf(const Expression& a, const Expression& b);

// Values for all variables at point number `index`.
Bindings SamplePoint(const std::vector<std::string>& variables, SampleKind kind,
                     int index, const SampleReach& reach = {});

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_SAMPLE_POINTS_H_
