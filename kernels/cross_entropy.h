// Cross entropy with label smoothing, z-loss and softcap on given logits.
#ifndef LIMBECK_KERNELS_CROSS_ENTROPY_H_
#define LIMBECK_KERNELS_CROSS_ENTROPY_H_

#include <ATen/core/Tensor.h>

#include "kernels/loss_options.h"

namespace limbeck::kernels {

// student_logits [N, V], target [N] integer. Differentiable in student_logits.
LossResult CrossEntropy(const at::Tensor& student_logits,
                        const at::Tensor& target,
                        const CrossEntropyOptions& options = {},
                        const LogitOptions& rows = {});

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_CROSS_ENTROPY_H_
