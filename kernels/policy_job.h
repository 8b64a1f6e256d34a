// A checked policy loss: one walk over the logits, or two for gspo.
#ifndef LIMBECK_KERNELS_POLICY_JOB_H_
#define LIMBECK_KERNELS_POLICY_JOB_H_

#include <ATen/core/Tensor.h>

#include "kernels/chunk_driver.h"
#include "kernels/linear_policy_loss.h"
#include "kernels/loss_inputs.h"
#include "kernels/loss_options.h"
#include "kernels/policy_math.h"
#include "kernels/sampled_job.h"
#include "kernels/shape_check.h"

namespace limbeck::kernels {

// Samples in the row kernel's types: contiguous float64 [N], int64 ids.
struct PolicyTensors {
  at::Tensor sampler_logprob;
  at::Tensor advantage;
  at::Tensor reference_logprob;  // undefined: none
  at::Tensor sequence_id;        // undefined: none

  PolicyTokens Pointers() const;
};

struct PolicyJob {
  LossJob job;
  PolicyRule rule;
  double temperature = 1.0;
  PolicyTensors tensors;
  SampledTensors outputs;  // filled by RunPolicy
};

// student was checked; checks the rest.
PolicyJob CheckedPolicyJob(ShapeCheck& check, const LogitSource& student,
                           const at::Tensor& target,
                           const PolicySamples& samples,
                           const PolicyOptions& options,
                           const LinearOptions& linear);

// Loss, token_loss and the gradients asked for.
LossGradients RunPolicy(const PolicyJob& policy, const WantedGradients& wanted);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_POLICY_JOB_H_
