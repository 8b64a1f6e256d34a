// Host: how the rows of a launch are cut and what shared memory they take.
#ifndef LIMBECK_KERNELS_CUDA_ROW_PLAN_H_
#define LIMBECK_KERNELS_CUDA_ROW_PLAN_H_

#include <algorithm>
#include <cstdint>

#include "kernels/cuda/row_slices.h"
#include "kernels/cuda/tile_pipe.h"
#include "kernels/row_launch.h"

namespace limbeck::kernels::cuda {

// What the device and the kernel's code allow.
struct DeviceLimits {
  int64_t shared_bytes;  // of a block
  int32_t largest_cluster;
};

// What a kernel asks for.
struct RowNeeds {
  int64_t state_bytes;  // of its own shared memory
  int32_t capacity;     // columns of a slice at most
  int32_t stages;       // wanted; fewer if memory is short
  int32_t sweeps;       // over a slice that does not stay in memory
};

inline bool IsAligned(const void* data, int64_t stride_bytes, int64_t bytes) {
  return reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(bytes) ==
             0 &&
         stride_bytes % bytes == 0;
}

inline int32_t BytesOf(LogitType type) {
  return type == LogitType::kFloat32 ? 4 : 2;
}

inline int32_t TileBytes(const LogitRows& matrix, int32_t tile_columns) {
  if (matrix.data == nullptr) return 0;
  return RoundUp(tile_columns * BytesOf(matrix.type), 128);
}

inline bool IsBulkAligned(const LogitRows& matrix) {
  return matrix.data != nullptr &&
         IsAligned(matrix.data, matrix.stride * BytesOf(matrix.type), 16);
}

inline PipeShape PlanRows(const RowLaunch& rows, const RowNeeds& needs,
                          const DeviceLimits& limits) {
  PipeShape shape;
  const int64_t bytes_per_column =
      TileBytes(rows.logits, 128) / 128 + TileBytes(rows.teacher, 128) / 128;
  // Of four tiles each is rounded up to 128 bytes.
  const int64_t available =
      limits.shared_bytes - needs.state_bytes - kPipeBytes - 4 * 128;
  const int64_t capacity =
      std::min<int64_t>(needs.capacity, available / bytes_per_column);
  shape.slices = CutRow(static_cast<int32_t>(rows.num_columns),
                        static_cast<int32_t>(capacity), limits.largest_cluster);
  shape.student_bytes = TileBytes(rows.logits, shape.slices.tile_columns);
  shape.teacher_bytes = TileBytes(rows.teacher, shape.slices.tile_columns);
  const int64_t stages = available / std::max(1, shape.StageBytes());
  shape.stages = static_cast<int32_t>(
      std::clamp<int64_t>(stages, 1, std::min(needs.stages, kLargestStages)));
  shape.loads_per_row =
      shape.slices.num_tiles == 1 ? 1 : shape.slices.num_tiles * needs.sweeps;
  shape.student_is_aligned = IsBulkAligned(rows.logits);
  shape.teacher_is_aligned = IsBulkAligned(rows.teacher);
  const int32_t bytes = BytesOf(rows.gradient.type);
  shape.gradient_is_aligned = IsAligned(
      rows.gradient.data, rows.gradient.stride * bytes, kVectorColumns * bytes);
  return shape;
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_ROW_PLAN_H_
