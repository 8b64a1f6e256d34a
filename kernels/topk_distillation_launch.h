// Distillation from a top-k teacher, rows in device memory.
#ifndef LIMBECK_KERNELS_TOPK_DISTILLATION_LAUNCH_H_
#define LIMBECK_KERNELS_TOPK_DISTILLATION_LAUNCH_H_

#include <cstdint>

#include "kernels/row_kernels.h"
#include "kernels/row_launch.h"

namespace limbeck::kernels {

// Longer lists do not fit beside a row in shared memory.
inline constexpr int64_t kLargestDeviceList = 1024;

// The teacher's lists in device memory, [N, num_entries] and [N].
struct TopKDeviceLists {
  int64_t num_entries = 0;  // at most kLargestDeviceList
  const void* ids = nullptr;
  bool ids_are_int32 = false;
  const float* logprobs = nullptr;
  const float* tail_logprob = nullptr;  // null: log(1 - sum p)
  double smallest_tail = 0.0;           // as in TopKLists
};

struct TopKDistillationLaunch {
  RowLaunch rows;  // target is needed if there is a cross entropy
  DistillationRule rule;
  TopKDeviceLists lists;
};

LaunchError LaunchTopKDistillation(const TopKDistillationLaunch& launch);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_TOPK_DISTILLATION_LAUNCH_H_
