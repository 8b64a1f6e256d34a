// Sums of double over a block, the same in every thread.
#ifndef LIMBECK_KERNELS_CUDA_BLOCK_SUMS_H_
#define LIMBECK_KERNELS_CUDA_BLOCK_SUMS_H_

#include "kernels/cuda/architecture.h"
#include "kernels/cuda/reductions.h"

namespace limbeck::kernels::cuda {

// Four sums at a time.
struct Sums {
  double sum[4] = {};
};

template <class Machine>
struct BlockSumState {
  Sums warp[Machine::kThreads / kWarpThreads];
};

// All threads; contains Syncs before and after.
template <class Machine>
LIMBECK_DEVICE_CODE Sums BlockSum(const Machine& machine,
                                  BlockSumState<Machine>& state, Sums own) {
  LIMBECK_UNROLL
  for (int k = 0; k < 4; ++k) own.sum[k] = WarpSum(machine, own.sum[k]);
  machine.Sync();
  if (machine.Thread() % kWarpThreads == 0) {
    state.warp[machine.Thread() / kWarpThreads] = own;
  }
  machine.Sync();
  Sums all;
  for (const Sums& warp : state.warp) {
    LIMBECK_UNROLL
    for (int k = 0; k < 4; ++k) all.sum[k] += warp.sum[k];
  }
  return all;
}

// The largest value. All threads; contains Syncs before and after.
template <class Machine>
LIMBECK_DEVICE_CODE double BlockMax(const Machine& machine,
                                    BlockSumState<Machine>& state, float own) {
  const float warp_max = WarpMax(machine, own);
  machine.Sync();
  if (machine.Thread() % kWarpThreads == 0) {
    state.warp[machine.Thread() / kWarpThreads].sum[0] = warp_max;
  }
  machine.Sync();
  double max = -INFINITY;
  for (const Sums& warp : state.warp) {
    max = warp.sum[0] > max ? warp.sum[0] : max;
  }
  return max;
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_BLOCK_SUMS_H_
