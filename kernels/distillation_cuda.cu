// Rows of distillation from a dense teacher on the GPU.
#include "kernels/cuda/launch_rows.cuh"
#include "kernels/cuda/pair_plan.h"
#include "kernels/distillation_launch.h"

namespace limbeck::kernels {
namespace {

using cuda::DeviceLimits;
using cuda::DeviceMachine;
using cuda::PairArguments;

PairArguments Plan(const DistillationLaunch& launch,
                   const cuda::RowNeeds& needs, const DeviceLimits& limits) {
  return {launch.rows, cuda::PlanRows(launch.rows, needs, limits),
          cuda::PairRuleOf(launch.rule)};
}

LaunchError LaunchSweep(const DistillationLaunch& launch) {
  using Rows = cuda::PairSweepRows<DeviceMachine>;
  return cuda::LaunchRows<Rows>(
      launch.rows, 0, [&](const DeviceLimits& limits) {
        return Plan(launch, cuda::PairSweepNeeds<DeviceMachine>(launch),
                    limits);
      });
}

template <Divergence kind, bool has_plain>
LaunchError LaunchInRegisters(const DistillationLaunch& launch) {
  using Rows = cuda::PairRows<DeviceMachine, kind, has_plain>;
  const LaunchError error =
      cuda::LaunchRows<Rows>(launch.rows, 0, [&](const DeviceLimits& limits) {
        return Plan(launch, cuda::PairRowNeeds<DeviceMachine>(), limits);
      });
  return error == cuda::kCannotWork ? LaunchSweep(launch) : error;
}

template <Divergence kind>
LaunchError LaunchKind(const DistillationLaunch& launch) {
  const bool has_plain = cuda::PairRuleOf(launch.rule).plain_softmax;
  return has_plain ? LaunchInRegisters<kind, true>(launch)
                   : LaunchInRegisters<kind, false>(launch);
}

}  // namespace

LaunchError LaunchDistillation(const DistillationLaunch& launch) {
  switch (launch.rule.kind) {
    case Divergence::kForwardKl:
      return LaunchKind<Divergence::kForwardKl>(launch);
    case Divergence::kReverseKl:
      return LaunchKind<Divergence::kReverseKl>(launch);
    case Divergence::kJsd:
      return LaunchKind<Divergence::kJsd>(launch);
    case Divergence::kSkewForwardKl:
      return LaunchKind<Divergence::kSkewForwardKl>(launch);
    case Divergence::kSkewReverseKl:
      return LaunchKind<Divergence::kSkewReverseKl>(launch);
    case Divergence::kTotalVariation:
      return LaunchKind<Divergence::kTotalVariation>(launch);
    case Divergence::kSymmetricKl:
      return LaunchKind<Divergence::kSymmetricKl>(launch);
    case Divergence::kAdaptiveKl:
      break;
  }
  return LaunchSweep(launch);
}

}  // namespace limbeck::kernels
