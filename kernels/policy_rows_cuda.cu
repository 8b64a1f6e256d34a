// Rows of the sampled-token losses on the GPU.
#include "kernels/cuda/launch_rows.cuh"
#include "kernels/cuda/sampled_loss.h"
#include "kernels/cuda/softmax_plan.h"
#include "kernels/policy_rows_launch.h"

namespace limbeck::kernels {
namespace {

template <template <class> class Loss, class LossArguments>
LaunchError Launch(const RowLaunch& rows, double temperature,
                   const LossArguments& loss) {
  using Rows = cuda::SoftmaxRows<cuda::DeviceMachine, Loss>;
  return cuda::LaunchRows<Rows>(rows, 0, [&](const cuda::DeviceLimits& limits) {
    return cuda::PlanSoftmax<cuda::DeviceMachine, Rows>(rows, temperature, 0.0,
                                                        loss, 0, limits);
  });
}

}  // namespace

LaunchError LaunchLogprob(const LogprobLaunch& launch) {
  const cuda::GivenSlopeArguments loss = {launch.outputs, launch.log_prob_slope,
                                          launch.entropy_slope};
  return Launch<cuda::SampledOf<cuda::GivenSlopeArguments>::Loss>(
      launch.rows, launch.temperature, loss);
}

LaunchError LaunchPolicy(const PolicyLaunch& launch) {
  const cuda::PolicyArguments loss = {launch.outputs, launch.rule,
                                      launch.sampler_logprob, launch.advantage,
                                      launch.reference_logprob};
  return Launch<cuda::SampledOf<cuda::PolicyArguments>::Loss>(
      launch.rows, launch.temperature, loss);
}

LaunchError LaunchCachedDistillation(const CachedDistillationLaunch& launch) {
  const cuda::CachedArguments loss = {
      1.0 / launch.temperature, launch.teacher_logit, launch.teacher_entropy};
  return Launch<cuda::CachedLoss>(launch.rows, launch.temperature, loss);
}

}  // namespace limbeck::kernels
