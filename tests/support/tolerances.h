// The one table of numeric tolerances for operators, each with its reason.
#ifndef LIMBECK_TESTS_SUPPORT_TOLERANCES_H_
#define LIMBECK_TESTS_SUPPORT_TOLERANCES_H_

#include <ATen/core/Tensor.h>

namespace limbeck::testing {

// gradient: |ours - reference| / |reference| in the L2 norm over the tensor.
// loss: |ours - reference| <= loss * (1 + |reference|).
struct Tolerance {
  double gradient;
  double loss;
};

// Rounding of a few hundred float64 operations.
inline constexpr Tolerance kFloat64Tolerance = {1e-11, 1e-12};
// The project's promise for float32: sums in blocks, logits in float32.
inline constexpr Tolerance kFloat32Tolerance = {2e-5, 4e-6};
// bfloat16 operands, float32 between: half an ulp of the stored gradient is
// 2^-8 = 0.4 % of one element at worst, below 0.2 % of a whole gradient.
inline constexpr Tolerance kBfloat16Tolerance = {3e-3, 4e-6};

// The GPU rounds the gradient of the logits to bfloat16 too: 0.23 % in the mean
// of both roundings, more where a few entries make up the norm.
inline constexpr Tolerance kBfloat16DeviceTolerance = {4e-3, 4e-6};

inline Tolerance ToleranceOf(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return kFloat64Tolerance;
    case at::kBFloat16:
      return kBfloat16Tolerance;
    default:
      return kFloat32Tolerance;
  }
}

// Central differences of step 1e-5 in float64: truncation 1e-10, rounding
// 1e-16 / 1e-5.
inline constexpr double kCentralDifference = 1e-7;

}  // namespace limbeck::testing

#endif  // LIMBECK_TESTS_SUPPORT_TOLERANCES_H_
