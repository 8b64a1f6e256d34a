// Distillation from a dense teacher, rows in device memory.
#ifndef LIMBECK_KERNELS_DISTILLATION_LAUNCH_H_
#define LIMBECK_KERNELS_DISTILLATION_LAUNCH_H_

#include "kernels/row_kernels.h"
#include "kernels/row_launch.h"

namespace limbeck::kernels {

struct DistillationLaunch {
  RowLaunch rows;  // teacher is needed; target if there is a cross entropy
  DistillationRule rule;
};

LaunchError LaunchDistillation(const DistillationLaunch& launch);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DISTILLATION_LAUNCH_H_
