// Policy-gradient losses of sampled tokens under a linear head, chunk by chunk.
#ifndef LIMBECK_KERNELS_LINEAR_POLICY_LOSS_H_
#define LIMBECK_KERNELS_LINEAR_POLICY_LOSS_H_

#include <ATen/core/Tensor.h>

#include "kernels/loss_options.h"
#include "kernels/policy_kind.h"

namespace limbeck::kernels {

// r = q(target) / sampler's probability, at `temperature`.
struct PolicyOptions {
  PolicyKind kind = PolicyKind::kGrpo;
  double clip_low = 0.2;        // r is clipped below 1 - clip_low; in [0, 1]
  double clip_high = 0.28;      // and above 1 + clip_high; >= 0
  double ratio_cap = 0.0;       // r counts as min(r, ratio_cap); 0: no cap
  double kl_coefficient = 0.0;  // >= 0; above 0 needs reference_logprob
  KlEstimator kl_estimator = KlEstimator::kK2;
  double entropy_bonus = 0.0;  // token loss -= entropy_bonus * entropy
  double temperature = 1.0;    // > 0, of the student and its log-probabilities
};

// What is known of each sampled token; none of it gets a gradient.
struct PolicySamples {
  at::Tensor sampler_logprob;    // [N] float32, of the target when sampled
  at::Tensor advantage;          // [N] float32
  at::Tensor reference_logprob;  // [N] float32 or undefined
  at::Tensor sequence_id;        // [N] integer or undefined; gspo needs it
};

// logprob of the target and entropy, [N], at the temperature; neither these nor
// token_loss are differentiable; all are 0 on skipped rows.
struct PolicyResult {
  at::Tensor loss;  // [], differentiable in hidden, weight and linear.bias
  at::Tensor token_loss;
  at::Tensor logprob;
  at::Tensor entropy;
};

// hidden [N, H], weight [V, H], target [N] integer. Rows are skipped by weight
// 0 or kept_rows; there is no ignore_index. gspo walks the logits twice.
PolicyResult LinearPolicyLoss(const at::Tensor& hidden,
                              const at::Tensor& weight,
                              const at::Tensor& target,
                              const PolicySamples& samples,
                              const PolicyOptions& options,
                              const LinearOptions& linear = {});

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LINEAR_POLICY_LOSS_H_
