// The rows of the sampled-token losses in device memory.
#ifndef LIMBECK_KERNELS_POLICY_ROWS_LAUNCH_H_
#define LIMBECK_KERNELS_POLICY_ROWS_LAUNCH_H_

#include "kernels/policy_math.h"
#include "kernels/row_launch.h"

namespace limbeck::kernels {

// What every sampled row reports, by the caller's row; null: unwanted.
struct SampledDeviceOutputs {
  float* log_prob = nullptr;  // [N]
  float* entropy = nullptr;   // [N]
};

// As LogprobRows: slopes include the row's weight; null: outputs only. Writes
// token_loss only to say NaN on a bad id.
struct LogprobLaunch {
  RowLaunch rows;  // target is needed, weight is not read
  double temperature = 1.0;
  const float* log_prob_slope = nullptr;  // [N]
  const float* entropy_slope = nullptr;   // [N]
  SampledDeviceOutputs outputs;
};
LaunchError LaunchLogprob(const LogprobLaunch& launch);

// As PolicyRows: every kind but gspo.
struct PolicyLaunch {
  RowLaunch rows;  // target is needed
  double temperature = 1.0;
  PolicyRule rule;
  const float* sampler_logprob = nullptr;    // [N]
  const float* advantage = nullptr;          // [N]
  const float* reference_logprob = nullptr;  // [N]; null: no KL penalty
  SampledDeviceOutputs outputs;
};
LaunchError LaunchPolicy(const PolicyLaunch& launch);

// As CachedDistillationRows.
struct CachedDistillationLaunch {
  RowLaunch rows;
  double temperature = 1.0;
  const float* teacher_logit = nullptr;    // [N]
  const float* teacher_entropy = nullptr;  // [N]
};
LaunchError LaunchCachedDistillation(const CachedDistillationLaunch& launch);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_POLICY_ROWS_LAUNCH_H_
