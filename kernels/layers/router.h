// Which experts the tokens of a batch go to, and with what weights.
#ifndef LIMBECK_KERNELS_LAYERS_ROUTER_H_
#define LIMBECK_KERNELS_LAYERS_ROUTER_H_

#include <ATen/core/Tensor.h>

#include "kernels/layers/expert_choice.h"

namespace limbeck::kernels {

struct Routing {
  at::Tensor experts;  // [T, num_chosen] int64 on the CPU, rising in a row
  at::Tensor weights;  // [T, num_chosen] in the type of the logits
};

// logits [T, num_experts], float32 or float64; bias [num_experts] float32.
// Scores are the sigmoids of the logits. Weights are differentiable in the
// logits; the choice, and so the bias, has no gradient.
Routing RouteTokens(const at::Tensor& logits, const at::Tensor& bias,
                    const ExpertChoice& choice);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LAYERS_ROUTER_H_
