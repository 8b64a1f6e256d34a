// Logits of a float32 head whose error does not grow with the hidden width: for
// losses whose gradient is a difference of nearly equal softmaxes.
//
// A plain product adds `width` terms in float32, which at width 896 costs 10
// ulp of a large logit. Here 64 products are added at a time, and those sums
// with compensation (Kahan 1965).
#ifndef LIMBECK_KERNELS_EXACT_LOGITS_H_
#define LIMBECK_KERNELS_EXACT_LOGITS_H_

#include <cstdint>

namespace limbeck::kernels {

// Rows of hidden in a panel, products in a plain sum.
inline constexpr int64_t kExactPanel = 32;
inline constexpr int64_t kExactSum = 64;

struct ExactLogits {
  const float* panels;  // hidden: [panel][width][kExactPanel], zeros at the end
  int64_t rows;
  int64_t width;
  const float* weight;  // [columns, width]
  int64_t weight_stride;
  float* logits;  // [rows, columns]
  int64_t logits_stride;
  bool accumulate;  // add to what logits hold
};

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_EXACT_LOGITS_H_
