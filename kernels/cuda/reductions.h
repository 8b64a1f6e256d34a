// Sums and softmax sums over warps, blocks and clusters, as trees of one fixed
// shape: the same bits every time.
#ifndef LIMBECK_KERNELS_CUDA_REDUCTIONS_H_
#define LIMBECK_KERNELS_CUDA_REDUCTIONS_H_

#include <cmath>

#include "kernels/cuda/architecture.h"
#include "kernels/cuda/columns.h"
#include "kernels/row_math.h"

namespace limbeck::kernels::cuda {

inline constexpr int kWarpThreads = 32;
inline constexpr int kLargestCluster = 16;

template <class Machine, typename Number>
LIMBECK_DEVICE_CODE Number WarpSum(const Machine& machine, Number value,
                                   int width = kWarpThreads) {
  for (int mask = width / 2; mask > 0; mask /= 2) {
    value += machine.ShuffleXor(value, mask);
  }
  return value;
}

// NaN is passed over.
template <class Machine>
LIMBECK_DEVICE_CODE float WarpMax(const Machine& machine, float value,
                                  int width = kWarpThreads) {
  for (int mask = width / 2; mask > 0; mask /= 2) {
    value = fmaxf(value, machine.ShuffleXor(value, mask));
  }
  return value;
}

// An exponent to base 2, where 0 times it must stay 0: see kLogFloor.
LIMBECK_DEVICE_CODE float FloorLog2(float exponent) {
  return fmaxf(exponent, static_cast<float>(kLogFloor * 1.4426950408889634));
}

// Sum of 2^(x - max) over any part of a row. An empty part is {-inf, 0}.
struct ExpSum {
  float max = -kInfinity;
  float sum = 0.0f;
};

// An exponent to subtract: that of nothing is 0, so that -inf - max = -inf.
LIMBECK_DEVICE_CODE float Subtrahend(float max) {
  return max == -kInfinity ? 0.0f : max;
}

// What the first `width` lanes hold, merged; every lane gets it.
template <class Machine>
LIMBECK_DEVICE_CODE ExpSum WarpMerge(const Machine& machine, const ExpSum& part,
                                     int width) {
  const float max = WarpMax(machine, part.max, width);
  const float factor = Exp2Approx(part.max - Subtrahend(max));
  return {max, WarpSum(machine, part.sum * factor, width)};
}

// Shared memory for one kind of statistics. Stats need WarpMerge, found by
// their type, and to be neutral by default.
template <class Machine, typename Stats>
struct ExchangeState {
  static constexpr int kWarps = Machine::kThreads / kWarpThreads;
  Stats warp[kWarps];
  Stats block[2][kLargestCluster];  // by parity and rank
};

// Merges the stats of the block's threads and hands them to all blocks of the
// cluster. A SyncCluster must follow before Collected. `parity` alternates, so
// that a fast block does not overwrite what a slow one reads.
template <class Machine, typename Stats>
LIMBECK_DEVICE_CODE void Publish(const Machine& machine,
                                 ExchangeState<Machine, Stats>& state,
                                 const Stats& stats, int parity) {
  constexpr int kWarps = ExchangeState<Machine, Stats>::kWarps;
  const int warp = machine.Thread() / kWarpThreads;
  const int lane = machine.Thread() % kWarpThreads;
  const Stats merged = WarpMerge(machine, stats, kWarpThreads);
  if (lane == 0) state.warp[warp] = merged;
  machine.Sync();
  if (warp != 0) return;
  const Stats part = lane < kWarps ? state.warp[lane] : Stats{};
  const Stats block = WarpMerge(machine, part, kWarpThreads);
  if (lane < machine.ClusterSize()) {
    *machine.Remote(&state.block[parity][machine.Rank()], lane) = block;
  }
}

// By whole warps: the cluster's stats, the same in every thread.
template <class Machine, typename Stats>
LIMBECK_DEVICE_CODE Stats Collected(const Machine& machine,
                                    const ExchangeState<Machine, Stats>& state,
                                    int parity) {
  const int rank = machine.Thread() % kLargestCluster;
  const Stats part =
      rank < machine.ClusterSize() ? state.block[parity][rank] : Stats{};
  return WarpMerge(machine, part, kLargestCluster);
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_REDUCTIONS_H_
