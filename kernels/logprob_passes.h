// The two walks over the logits that linear_logprob consists of.
#ifndef LIMBECK_KERNELS_LOGPROB_PASSES_H_
#define LIMBECK_KERNELS_LOGPROB_PASSES_H_

#include <ATen/core/Tensor.h>

#include <string>

#include "kernels/chunk_driver.h"
#include "kernels/linear_logprob.h"
#include "kernels/loss_inputs.h"
#include "kernels/loss_options.h"

namespace limbeck::kernels {

// One call's arguments; checked by both passes.
struct LogprobArguments {
  std::string op;  // for error messages
  at::Tensor hidden;
  at::Tensor weight;
  at::Tensor target;
  double temperature = 1.0;
  LinearOptions linear;
};

// LinearLogprob under the name that `given` bears.
LogprobResult DifferentiableLogprob(const LogprobArguments& given);

// Fails as the passes would, on meta too.
void CheckLogprob(const LogprobArguments& arguments);

// kept: receives the logits of the last chunk, for LogprobBackward; null or on
// CUDA: nothing is kept.
LogprobResult LogprobForward(const LogprobArguments& arguments,
                             KeptChunk* kept = nullptr);

// Gradients for upstream gradients [N] of both outputs; rows where both are 0
// are not read. loss and token_loss of the result mean nothing. `kept` is lost.
LossGradients LogprobBackward(const LogprobArguments& arguments,
                              const LogprobResult& upstream,
                              const WantedGradients& wanted,
                              KeptChunk kept = {});

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LOGPROB_PASSES_H_
