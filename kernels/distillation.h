// A divergence between a teacher's and a student's given logits.
#ifndef LIMBECK_KERNELS_DISTILLATION_H_
#define LIMBECK_KERNELS_DISTILLATION_H_

#include <ATen/core/Tensor.h>

#include "kernels/loss_options.h"

namespace limbeck::kernels {

// student_logits [N, V], teacher_logits [N, Vt], target [N] or undefined.
// Differentiable in student_logits.
LossResult Distillation(const at::Tensor& student_logits,
                        const at::Tensor& teacher_logits,
                        const at::Tensor& target,
                        const DistillationOptions& options,
                        const LogitOptions& rows = {});

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DISTILLATION_H_
