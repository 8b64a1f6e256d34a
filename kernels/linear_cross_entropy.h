// Cross entropy of a linear head, chunk by chunk: logits never exist in full.
#ifndef LIMBECK_KERNELS_LINEAR_CROSS_ENTROPY_H_
#define LIMBECK_KERNELS_LINEAR_CROSS_ENTROPY_H_

#include <ATen/core/Tensor.h>

#include "kernels/loss_options.h"

namespace limbeck::kernels {

// hidden [N, H], weight [V, H], target [N] integer. Differentiable in hidden,
// weight and linear.bias.
LossResult LinearCrossEntropy(const at::Tensor& hidden,
                              const at::Tensor& weight,
                              const at::Tensor& target,
                              const CrossEntropyOptions& options = {},
                              const LinearOptions& linear = {});

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LINEAR_CROSS_ENTROPY_H_
