// Log-probability of given tokens and entropy under a linear head, chunk by
// chunk, differentiable: the backward pass recomputes all logits but those of
// the last chunk.
#ifndef LIMBECK_KERNELS_LINEAR_LOGPROB_H_
#define LIMBECK_KERNELS_LINEAR_LOGPROB_H_

#include <ATen/core/Tensor.h>

#include "kernels/loss_options.h"

namespace limbeck::kernels {

// Both [N] in nats at the call's temperature, float32 (float64 for float64
// inputs), 0 on skipped rows.
struct LogprobResult {
  at::Tensor logprob;
  at::Tensor entropy;
};

// hidden [N, H], weight [V, H], target [N] integer. Both results are
// differentiable in hidden, weight and linear.bias, once. Rows are skipped by
// linear.kept_rows only: there is no token_weight and no ignore_index. With
// weight_grad the backward pass adds grad_scale * dW, any upstream gradient.
LogprobResult LinearLogprob(const at::Tensor& hidden, const at::Tensor& weight,
                            const at::Tensor& target, double temperature = 1.0,
                            const LinearOptions& linear = {});

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LINEAR_LOGPROB_H_
