// Raw-pointer arguments of the RMSNorm loops.
#ifndef LIMBECK_KERNELS_LAYERS_RMS_NORM_LAUNCH_H_
#define LIMBECK_KERNELS_LAYERS_RMS_NORM_LAUNCH_H_

#include <cstdint>

namespace limbeck::kernels {

struct RmsNormForward {
  const float* x;       // [N, width]
  const float* weight;  // [width]
  float* y;             // [N, width]
  float* inverse;       // [N]: 1 / sqrt(mean(x^2) + epsilon)
  int64_t width;
  float epsilon;
};

// The gradient of the weight goes to a buffer of the caller's, one for each
// range of rows, so that ranges can run in parallel and be added in order.
struct RmsNormBackward {
  const float* x;
  const float* weight;
  const float* inverse;
  const float* y_grad;  // [N, width]
  float* x_grad;        // [N, width]
  int64_t width;
};

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LAYERS_RMS_NORM_LAUNCH_H_
