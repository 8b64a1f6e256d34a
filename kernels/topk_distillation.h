// A divergence from a teacher known by its top-k log-probabilities, on given
// student logits.
#ifndef LIMBECK_KERNELS_TOPK_DISTILLATION_H_
#define LIMBECK_KERNELS_TOPK_DISTILLATION_H_

#include <ATen/core/Tensor.h>

#include "kernels/loss_options.h"

namespace limbeck::kernels {

// student_logits [N, V], target [N] or undefined. Differentiable in
// student_logits.
LossResult TopKDistillation(const at::Tensor& student_logits,
                            const TopKTeacher& teacher,
                            const at::Tensor& target,
                            const DistillationOptions& options,
                            const LogitOptions& rows = {});

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_TOPK_DISTILLATION_H_
