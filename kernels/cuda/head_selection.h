// Which columns are the head of adaptive KL: the largest, ties by column,
// while their mass stays within a limit. Found by histograms of mass over the
// bits of the key, in whole numbers, so that the order of addition is free.
#ifndef LIMBECK_KERNELS_CUDA_HEAD_SELECTION_H_
#define LIMBECK_KERNELS_CUDA_HEAD_SELECTION_H_

#include <cstdint>

#include "kernels/cuda/architecture.h"
#include "kernels/cuda/reductions.h"

namespace limbeck::kernels::cuda {

inline constexpr int kKeyBins = 2048;
inline constexpr int kBinsPerLane = kKeyBins / kWarpThreads;
// Bits of the key below those of each level: 11, 11 and 10 bits.
inline constexpr int kKeyLevels = 3;
LIMBECK_DEVICE_CODE int LevelShift(int level) {
  return level == 0 ? 21 : level == 1 ? 10 : 0;
}
LIMBECK_DEVICE_CODE int LevelBits(int level) { return level == 2 ? 10 : 11; }

// Larger floats have larger keys.
LIMBECK_DEVICE_CODE uint32_t KeyOf(float value) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, value);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

// A probability in units of 2^-40; NaN counts as 0.
LIMBECK_DEVICE_CODE uint64_t MassOf(float p) {
  return p > 0.0f ? static_cast<uint64_t>(p * 0x1p40f) : 0;
}

// The largest keys whose mass stays within the limit, and the first beyond.
struct KeyThreshold {
  uint32_t key;    // the first key beyond, if there is one
  uint64_t above;  // mass of larger keys
  uint64_t at;     // mass of this key
  bool holds_all;  // no key is beyond
};

struct SelectionState {
  uint64_t own[kKeyBins];    // of this block; others read it
  uint64_t total[kKeyBins];  // of the cluster
  uint64_t lane[kWarpThreads];
  KeyThreshold threshold;
};

// Thread-level view of one level of a selection.
struct KeyLevel {
  uint32_t prefix;  // bits above this level's
  int level;

  // Whether a key belongs to the level; then its bin.
  LIMBECK_DEVICE_CODE bool Holds(uint32_t key) const {
    const int bits = LevelShift(level) + LevelBits(level);
    return bits == 32 || key >> bits == prefix;
  }
  LIMBECK_DEVICE_CODE uint32_t BinOf(uint32_t key) const {
    return key >> LevelShift(level) & ((1u << LevelBits(level)) - 1u);
  }
};

template <class Machine>
LIMBECK_DEVICE_CODE void ClearHistogram(const Machine& machine,
                                        SelectionState& state) {
  machine.SyncCluster();  // nobody reads it any more
  for (int bin = machine.Thread(); bin < kKeyBins; bin += Machine::kThreads) {
    state.own[bin] = 0;
  }
  machine.Sync();
}

// Adds the cluster's histograms up; ends with a Sync.
template <class Machine>
LIMBECK_DEVICE_CODE void AddHistograms(const Machine& machine,
                                       SelectionState& state) {
  machine.SyncCluster();
  for (int bin = machine.Thread(); bin < kKeyBins; bin += Machine::kThreads) {
    uint64_t sum = 0;
    for (int rank = 0; rank < machine.ClusterSize(); ++rank) {
      sum += *machine.Remote(&state.own[bin], rank);
    }
    state.total[bin] = sum;
  }
  machine.Sync();
}

// The bin of the lane where the mass from the largest key down, `before` when
// the lane begins, passes the limit.
LIMBECK_DEVICE_CODE KeyThreshold MeetLimit(const KeyThreshold& last, int level,
                                           int lane, uint64_t limit,
                                           uint64_t before,
                                           const SelectionState& state) {
  int bin = (1 << LevelBits(level)) - 1 - lane * kBinsPerLane;
  while (before + state.total[bin] <= limit) before += state.total[bin--];
  return {last.key << LevelBits(level) | static_cast<uint32_t>(bin), before,
          state.total[bin], false};
}

// Lanes walk the bins from the largest key down; the one that meets the limit
// narrows the threshold to its bin.
template <class Machine>
LIMBECK_DEVICE_CODE void NarrowThreshold(const Machine& machine, int level,
                                         uint64_t limit,
                                         SelectionState& state) {
  const int lane = machine.Thread();
  const bool takes_part = lane < kWarpThreads;
  const int last_bin = (1 << LevelBits(level)) - 1;
  uint64_t sum = 0;
  if (takes_part) {
    for (int k = 0; k < kBinsPerLane; ++k) {
      const int bin = last_bin - (lane * kBinsPerLane + k);
      if (bin >= 0) sum += state.total[bin];
    }
    state.lane[lane] = sum;
  }
  machine.Sync();
  KeyThreshold found = state.threshold;
  bool is_mine = false;
  if (takes_part && !found.holds_all) {
    uint64_t before = found.above;
    for (int j = 0; j < lane; ++j) before += state.lane[j];
    const bool is_beyond_all =
        lane == kWarpThreads - 1 && before + sum <= limit;
    is_mine = is_beyond_all || (before <= limit && before + sum > limit);
    if (is_beyond_all) {
      found.holds_all = true;
    } else if (is_mine) {
      found = MeetLimit(found, level, lane, limit, before, state);
    }
  }
  machine.Sync();
  if (is_mine) state.threshold = found;
  machine.Sync();
}

// sweep(add): calls add(key, mass) for every column of the block's
// slice. All threads of the cluster; the same result in all.
template <class Machine, typename Sweep>
LIMBECK_DEVICE_CODE KeyThreshold SelectKeys(const Machine& machine,
                                            uint64_t limit,
                                            SelectionState& state,
                                            Sweep sweep) {
  machine.Sync();  // nobody reads the last threshold any more
  if (machine.Thread() == 0) state.threshold = {0, 0, 0, false};
  for (int level = 0; level < kKeyLevels; ++level) {
    ClearHistogram(machine, state);
    const KeyLevel keys = {state.threshold.key, level};
    sweep([&](uint32_t key, uint64_t mass) {
      if (mass > 0 && keys.Holds(key)) {
        machine.AtomicAdd(&state.own[keys.BinOf(key)], mass);
      }
    });
    AddHistograms(machine, state);
    NarrowThreshold(machine, level, limit, state);
  }
  return state.threshold;
}

// The head: larger keys, and equal ones before a column.
struct HeadRule {
  uint32_t key;
  int32_t column;
  bool holds_all;

  LIMBECK_DEVICE_CODE bool Holds(uint32_t other, int32_t other_column) const {
    return holds_all || other > key || (other == key && other_column < column);
  }
};

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_HEAD_SELECTION_H_
