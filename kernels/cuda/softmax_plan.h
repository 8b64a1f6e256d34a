// Host: the arguments of a launch of the softmax rows.
#ifndef LIMBECK_KERNELS_CUDA_SOFTMAX_PLAN_H_
#define LIMBECK_KERNELS_CUDA_SOFTMAX_PLAN_H_

#include "kernels/cuda/row_plan.h"
#include "kernels/cuda/softmax_rows.h"

namespace limbeck::kernels::cuda {

// Columns of a slice that one thread's sweep should not exceed.
inline constexpr int32_t kSoftmaxColumns = 40;

// more_bytes: of shared memory beyond Rows::State.
template <class Machine, class Rows>
typename Rows::Arguments PlanSoftmax(
    const RowLaunch& rows, double temperature, double softcap,
    const decltype(Rows::Arguments::loss)& loss, int64_t more_bytes,
    const DeviceLimits& limits) {
  typename Rows::Arguments arguments;
  arguments.rows = rows;
  arguments.scales = {static_cast<float>(1.4426950408889634 / temperature),
                      static_cast<float>(softcap)};
  arguments.loss = loss;
  const int64_t state_bytes =
      static_cast<int64_t>(sizeof(typename Rows::State)) + more_bytes;
  arguments.pipe =
      PlanRows(rows,
               {state_bytes, Machine::kThreads * kSoftmaxColumns,
                kLargestStages, rows.gradient.data == nullptr ? 1 : 2},
               limits);
  return arguments;
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_SOFTMAX_PLAN_H_
