// The gated activation of the MLP.
#ifndef LIMBECK_KERNELS_LAYERS_SWIGLU_H_
#define LIMBECK_KERNELS_LAYERS_SWIGLU_H_

#include <ATen/core/Tensor.h>

namespace limbeck::kernels {

// gate_up [N, 2 I], gate first -> silu(gate) * up [N, I] (Shazeer 2020,
// arXiv:2002.05202, with silu(x) = x / (1 + exp(-x))). Differentiable.
at::Tensor SwiGlu(const at::Tensor& gate_up);

// The same through ATen's operators, for any type.
at::Tensor SwiGluComposite(const at::Tensor& gate_up);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LAYERS_SWIGLU_H_
