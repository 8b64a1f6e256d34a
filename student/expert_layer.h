// The MLP of a block: one for all tokens, or a mixture of experts.
#ifndef LIMBECK_STUDENT_EXPERT_LAYER_H_
#define LIMBECK_STUDENT_EXPERT_LAYER_H_

#include <ATen/core/Tensor.h>

#include "kernels/layers/expert_choice.h"
#include "student/config/config.h"
#include "student/low_rank.h"
#include "student/weights.h"

namespace limbeck {

// silu(x gate^T) * x up^T: what `down` is applied to. `changes` may be null.
at::Tensor GatedInner(const LowRankChanges* changes, const MlpWeights& weights,
                      const at::Tensor& x);

// x [T, hidden] -> [T, hidden]: the chosen experts' results, weighted, and that
// of the shared expert. Every token's experts are added in rising order and in
// float32 at least, so only the matrix products (whose number of rows is the
// number of tokens at an expert) can make a token's last bits depend on others.
// Differentiable, also through the experts' weights.
at::Tensor ForwardExperts(const ExpertMixture& mixture,
                          const BlockWeights& block, const at::Tensor& x);

// The rule of the router as the kernels want it.
kernels::ExpertChoice ExpertChoiceOf(const ExpertMixture& mixture);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_EXPERT_LAYER_H_
