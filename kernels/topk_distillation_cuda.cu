// Rows of distillation from a top-k teacher on the GPU.
#include "kernels/cuda/launch_rows.cuh"
#include "kernels/cuda/softmax_plan.h"
#include "kernels/cuda/topk_loss.h"
#include "kernels/topk_distillation_launch.h"

namespace limbeck::kernels {
namespace {

template <bool has_plain>
LaunchError Launch(const TopKDistillationLaunch& launch) {
  using Rows = cuda::SoftmaxRows<cuda::DeviceMachine,
                                 cuda::TopKOf<has_plain>::template Loss>;
  const int64_t entries = launch.lists.num_entries;
  const int64_t entry_bytes = cuda::TopKEntryBytes(entries);
  const cuda::TopKArguments loss = {launch.rule, launch.lists,
                                    cuda::TableSlots(entries)};
  return cuda::LaunchRows<Rows>(
      launch.rows, entry_bytes, [&](const cuda::DeviceLimits& limits) {
        return cuda::PlanSoftmax<cuda::DeviceMachine, Rows>(
            launch.rows, launch.rule.temperature, 0.0, loss, entry_bytes,
            limits);
      });
}

}  // namespace

LaunchError LaunchTopKDistillation(const TopKDistillationLaunch& launch) {
  if (launch.lists.num_entries > kLargestDeviceList) {
    return cudaErrorInvalidValue;
  }
  const bool has_plain =
      launch.rule.cross_entropy_share > 0.0 && launch.rule.temperature != 1.0;
  return has_plain ? Launch<true>(launch) : Launch<false>(launch);
}

}  // namespace limbeck::kernels
