// The selection of rows on the device, step by step: what one thread counts and
// what it writes once it knows the counts before it.
#ifndef LIMBECK_KERNELS_CUDA_ROW_SELECTION_H_
#define LIMBECK_KERNELS_CUDA_ROW_SELECTION_H_

#include <cstdint>

#include "kernels/cuda/architecture.h"
#include "kernels/row_selection_launch.h"

namespace limbeck::kernels::cuda {

inline constexpr int kSelectionThreads = 512;

// Candidates [begin, end) of one thread.
struct CandidatePiece {
  int64_t begin;
  int64_t end;
};

LIMBECK_DEVICE_CODE CandidatePiece PieceOf(int64_t count, int thread) {
  const int64_t size = (count + kSelectionThreads - 1) / kSelectionThreads;
  const int64_t begin = thread * size;
  const int64_t end = begin + size;
  return {begin < count ? begin : count, end < count ? end : count};
}

// The caller's row of a candidate, or -1 if it does not rise or is no row.
LIMBECK_DEVICE_CODE int64_t RowOf(const SelectRowsLaunch& launch,
                                  int64_t candidate) {
  if (launch.candidates == nullptr) return candidate;
  const int64_t row = launch.candidates[candidate];
  const int64_t previous =
      candidate > 0 ? launch.candidates[candidate - 1] : -1;
  return row > previous && row < launch.num_rows ? row : -1;
}

LIMBECK_DEVICE_CODE bool Keeps(const SelectRowsLaunch& launch, int64_t row) {
  if (row < 0) return false;
  if (launch.token_weight != nullptr && launch.token_weight[row] == 0.0f) {
    return false;
  }
  if (launch.target == nullptr) return true;
  const int64_t target = launch.target_is_int32
                             ? static_cast<const int32_t*>(launch.target)[row]
                             : static_cast<const int64_t*>(launch.target)[row];
  return target != launch.ignore_index;
}

struct CandidateCounts {
  int64_t kept;
  int64_t invalid;
};

LIMBECK_DEVICE_CODE CandidateCounts CountPiece(const SelectRowsLaunch& launch,
                                               const CandidatePiece& piece) {
  CandidateCounts counts = {0, 0};
  LIMBECK_NO_UNROLL
  for (int64_t i = piece.begin; i < piece.end; ++i) {
    const int64_t row = RowOf(launch, i);
    counts.invalid += row < 0 ? 1 : 0;
    counts.kept += Keeps(launch, row) ? 1 : 0;
  }
  return counts;
}

// After every weight was set to 0. kept_before: of the pieces before this one.
LIMBECK_DEVICE_CODE void WritePiece(const SelectRowsLaunch& launch,
                                    const CandidatePiece& piece,
                                    int64_t kept_before, int64_t all_kept) {
  const double divisor = static_cast<double>(all_kept > 0 ? all_kept : 1);
  const float mean = static_cast<float>(1.0 / divisor);
  LIMBECK_NO_UNROLL
  for (int64_t i = piece.begin; i < piece.end; ++i) {
    const int64_t row = RowOf(launch, i);
    if (!Keeps(launch, row)) {
      launch.row_index[all_kept + i - kept_before] = row;
      continue;
    }
    launch.row_index[kept_before] = row;
    launch.weight[row] =
        launch.token_weight != nullptr ? launch.token_weight[row] : mean;
    ++kept_before;
  }
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_ROW_SELECTION_H_
