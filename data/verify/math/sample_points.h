// Random rational points at which expressions with free variables are compared:
// the same ones on every machine and in every run.
#ifndef LIMBECK_DATA_VERIFY_MATH_SAMPLE_POINTS_H_
#define LIMBECK_DATA_VERIFY_MATH_SAMPLE_POINTS_H_

#include <string>
#include <vector>

#include "data/verify/math/exact_value.h"

namespace limbeck {

enum class SampleKind {
  kRationals,         // of both signs, small and large
  kPositiveIntegers,  // for n!, (-1)^n, sums to n
};

// Values for all variables at point number `index`.
Bindings SamplePoint(const std::vector<std::string>& variables, SampleKind kind,
                     int index);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_SAMPLE_POINTS_H_
