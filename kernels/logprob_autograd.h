// Connects outputs whose gradients need a second pass over the logits to
// autograd.
#ifndef LIMBECK_KERNELS_LOGPROB_AUTOGRAD_H_
#define LIMBECK_KERNELS_LOGPROB_AUTOGRAD_H_

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "kernels/chunk_driver.h"
#include "kernels/linear_logprob.h"

namespace limbeck::kernels {

// What autograd must know of a call.
struct RecomputedCall {
  std::string op;
  at::Tensor hidden;
  at::Tensor weight;
  at::Tensor bias;           // undefined: none
  bool accumulates = false;  // weight_grad was given
  std::function<LogprobResult()> forward;
  // For upstream gradients [N] of both outputs; loss and token_loss of the
  // result are not used.
  std::function<LossGradients(const LogprobResult& upstream,
                              const WantedGradients&)>
      backward;
};

// Whether autograd will ask for gradients.
bool NeedsBackward(const RecomputedCall& call);

// Differentiable in hidden, weight and bias, once.
LogprobResult DifferentiateByRecomputing(const RecomputedCall& call);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LOGPROB_AUTOGRAD_H_
