// A divergence from a teacher known by its top-k log-probabilities to a linear
// head, chunk by chunk.
#ifndef LIMBECK_KERNELS_LINEAR_TOPK_DISTILLATION_H_
#define LIMBECK_KERNELS_LINEAR_TOPK_DISTILLATION_H_

#include <ATen/core/Tensor.h>

#include "kernels/loss_options.h"

namespace limbeck::kernels {

// hidden [N, H], weight [V, H], target [N] or undefined. Differentiable in
// hidden, weight and linear.bias.
LossResult LinearTopKDistillation(const at::Tensor& hidden,
                                  const at::Tensor& weight,
                                  const TopKTeacher& teacher,
                                  const at::Tensor& target,
                                  const DistillationOptions& options,
                                  const LinearOptions& linear = {});

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LINEAR_TOPK_DISTILLATION_H_
