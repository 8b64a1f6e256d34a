// Where the rows of a launch lie: entry of the selection, caller's row, and
// row of the matrices.
#ifndef LIMBECK_KERNELS_CUDA_ROW_PLACE_H_
#define LIMBECK_KERNELS_CUDA_ROW_PLACE_H_

#include <cstdint>

#include "kernels/cuda/architecture.h"
#include "kernels/cuda/columns.h"
#include "kernels/row_launch.h"

namespace limbeck::kernels::cuda {

struct RowPlace {
  int64_t caller_row;  // -1: none
  int64_t matrix_row;  // -1: none
  bool kept;
};

// Row i of the launch.
LIMBECK_DEVICE_CODE RowPlace Place(const RowLaunch& rows, int64_t i) {
  const int64_t entry = rows.first_entry + i;
  const int64_t caller =
      rows.row_index == nullptr ? entry : rows.row_index[entry];
  const bool counted = rows.kept_count == nullptr || entry < *rows.kept_count;
  return {caller, rows.given ? caller : i, counted && caller >= 0};
}

// The first row from i on, in steps of `stride`, that is kept; num_rows or
// more: none.
LIMBECK_DEVICE_CODE int NextKept(const RowLaunch& rows, int i, int stride) {
  while (i < rows.num_rows && !Place(rows, i).kept) i += stride;
  return i;
}

LIMBECK_DEVICE_CODE const void* LogitRow(const LogitRows& matrix, int64_t row) {
  return static_cast<const char*>(matrix.data) +
         row * matrix.stride * ElementBytes(matrix.type);
}

// A matrix row of the gradient.
LIMBECK_DEVICE_CODE void* GradientRow(const RowLaunch& rows, int64_t row) {
  return static_cast<char*>(rows.gradient.data) +
         row * rows.gradient.stride * ElementBytes(rows.gradient.type);
}

LIMBECK_DEVICE_CODE int64_t TargetOf(const RowLaunch& rows,
                                     int64_t caller_row) {
  if (rows.target_is_int32) {
    return static_cast<const int32_t*>(rows.target)[caller_row];
  }
  return static_cast<const int64_t*>(rows.target)[caller_row];
}

LIMBECK_DEVICE_CODE float WeightOf(const RowLaunch& rows, int64_t caller_row) {
  return rows.weight == nullptr ? 1.0f : rows.weight[caller_row];
}

// The label of a row in shared memory.
struct LabelState {
  int column;      // -1: none, or bad
  float logit[2];  // by parity, of the block that owns the column
};

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_ROW_PLACE_H_
