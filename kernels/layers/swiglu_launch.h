// Raw-pointer arguments of the SwiGLU loops.
#ifndef LIMBECK_KERNELS_LAYERS_SWIGLU_LAUNCH_H_
#define LIMBECK_KERNELS_LAYERS_SWIGLU_LAUNCH_H_

#include <cstdint>

namespace limbeck::kernels {

struct SwiGluForward {
  const float* gate_up;  // [N, 2 inner], gate first
  float* y;              // [N, inner]
  int64_t inner;
};

struct SwiGluBackward {
  const float* gate_up;  // [N, 2 inner]
  const float* y_grad;   // [N, inner]
  float* gate_up_grad;   // [N, 2 inner]
  int64_t inner;
};

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LAYERS_SWIGLU_LAUNCH_H_
