// Connects a loss whose gradients are known from the forward pass to autograd.
#ifndef LIMBECK_KERNELS_LOSS_AUTOGRAD_H_
#define LIMBECK_KERNELS_LOSS_AUTOGRAD_H_

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <string_view>

#include "kernels/chunk_driver.h"
#include "kernels/loss_options.h"
#include "kernels/shape_check.h"

namespace limbeck::kernels {

// What autograd must know of a call.
struct DifferentiableCall {
  std::string op;
  at::Tensor input;   // hidden, or the given logits
  at::Tensor weight;  // undefined: none, as bias
  at::Tensor bias;
  bool accumulates = false;  // weight_grad was given
  // Loss and the gradients asked for.
  std::function<LossGradients(const WantedGradients&)> run;
};

// The result is differentiable in input, weight and bias, once: a second
// derivative is refused.
LossResult Differentiate(const DifferentiableCall& call);

// The same for a job.
LossResult RunDifferentiable(std::string_view op, const LossJob& job);

// Reads weight_grad and grad_scale; weight is the head.
WeightAccumulator CheckedAccumulator(ShapeCheck& check,
                                     const at::Tensor& weight,
                                     const LinearOptions& linear);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LOSS_AUTOGRAD_H_
