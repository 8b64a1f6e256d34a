// Cross entropy of rows in device memory.
#ifndef LIMBECK_KERNELS_CROSS_ENTROPY_LAUNCH_H_
#define LIMBECK_KERNELS_CROSS_ENTROPY_LAUNCH_H_

#include "kernels/row_kernels.h"
#include "kernels/row_launch.h"

namespace limbeck::kernels {

struct CrossEntropyLaunch {
  RowLaunch rows;  // target is needed
  CrossEntropyRule rule;
};

LaunchError LaunchCrossEntropy(const CrossEntropyLaunch& launch);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_CROSS_ENTROPY_LAUNCH_H_
