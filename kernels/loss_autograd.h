// Connects a loss whose gradients are known from the forward pass to autograd.
#ifndef LIMBECK_KERNELS_LOSS_AUTOGRAD_H_
#define LIMBECK_KERNELS_LOSS_AUTOGRAD_H_

#include <string_view>

#include "kernels/chunk_driver.h"
#include "kernels/loss_options.h"
#include "kernels/shape_check.h"

namespace limbeck::kernels {

// Runs the job; the result is differentiable in the student's hidden, weight
// and bias, or in its logits, once (no second derivative).
LossResult RunDifferentiable(std::string_view op, const LossJob& job);

// Reads weight_grad and grad_scale. While gradients are disabled nothing is
// accumulated: the accumulator comes back empty.
WeightAccumulator CheckedAccumulator(ShapeCheck& check,
                                     const LinearOptions& linear);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LOSS_AUTOGRAD_H_
