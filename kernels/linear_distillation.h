// A divergence between two linear heads, chunk by chunk.
#ifndef LIMBECK_KERNELS_LINEAR_DISTILLATION_H_
#define LIMBECK_KERNELS_LINEAR_DISTILLATION_H_

#include <ATen/core/Tensor.h>

#include "kernels/loss_options.h"

namespace limbeck::kernels {

// hidden [N, H], weight [V, H], teacher_hidden [N, Ht], teacher_weight
// [Vt, Ht], target [N] or undefined, teacher_bias [Vt] or undefined.
// Differentiable in hidden, weight and linear.bias; never in the teacher.
LossResult LinearDistillation(
    const at::Tensor& hidden, const at::Tensor& weight,
    const at::Tensor& teacher_hidden, const at::Tensor& teacher_weight,
    const at::Tensor& target, const at::Tensor& teacher_bias,
    const DistillationOptions& options, const LinearOptions& linear = {});

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LINEAR_DISTILLATION_H_
