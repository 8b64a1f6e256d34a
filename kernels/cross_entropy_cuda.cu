// Rows of cross entropy on the GPU.
#include "kernels/cross_entropy_launch.h"
#include "kernels/cuda/cross_entropy_loss.h"
#include "kernels/cuda/launch_rows.cuh"
#include "kernels/cuda/softmax_plan.h"

namespace limbeck::kernels {
namespace {

template <bool has_softcap, bool has_smoothing>
LaunchError Launch(const CrossEntropyLaunch& launch) {
  using Rows = cuda::SoftmaxRows<
      cuda::DeviceMachine,
      cuda::CrossEntropyOf<has_softcap, has_smoothing>::template Loss>;
  return cuda::LaunchRows<Rows>(
      launch.rows, 0, [&](const cuda::DeviceLimits& limits) {
        return cuda::PlanSoftmax<cuda::DeviceMachine, Rows>(
            launch.rows, 1.0, launch.rule.softcap, launch.rule, 0, limits);
      });
}

}  // namespace

LaunchError LaunchCrossEntropy(const CrossEntropyLaunch& launch) {
  const bool has_smoothing = launch.rule.label_smoothing > 0.0;
  if (launch.rule.softcap > 0.0) {
    return has_smoothing ? Launch<true, true>(launch)
                         : Launch<true, false>(launch);
  }
  return has_smoothing ? Launch<false, true>(launch)
                       : Launch<false, false>(launch);
}

}  // namespace limbeck::kernels
