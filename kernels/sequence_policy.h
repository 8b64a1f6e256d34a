// Losses whose ratio belongs to a whole sequence (gspo): what each token's
// slopes are once every log-probability is known.
#ifndef LIMBECK_KERNELS_SEQUENCE_POLICY_H_
#define LIMBECK_KERNELS_SEQUENCE_POLICY_H_

#include <ATen/core/Tensor.h>

#include "kernels/loss_inputs.h"
#include "kernels/policy_job.h"
#include "kernels/policy_math.h"
#include "kernels/sampled_job.h"

namespace limbeck::kernels {

// All float64, 0 on skipped rows.
struct SequencePolicy {
  at::Tensor loss;        // []
  at::Tensor token_loss;  // [N]
  SampledTensors slopes;  // of loss in log-probability and entropy, [N]
};

// The kept tokens of one sequence_id are a sequence, in any order: their ratio
// is s = exp(mean of log-ratios), and each token's loss -min(s A, clip(s) A)
// with its own A (Zheng et al. 2025, GSPO), plus penalty and bonus.
SequencePolicy MeasureSequences(const PolicyRule& rule,
                                const PolicyTensors& tensors,
                                const SampledTensors& log_probs,
                                const RowSelection& selection);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_SEQUENCE_POLICY_H_
