// Device code around the row kernels: which rows are kept, their gathering and
// scattering, and the sum of their losses. Everything stays on the device.
#ifndef LIMBECK_KERNELS_ROW_SELECTION_LAUNCH_H_
#define LIMBECK_KERNELS_ROW_SELECTION_LAUNCH_H_

#include <cstdint>

#include "kernels/row_launch.h"

namespace limbeck::kernels {

// N rows of the caller, M candidates. A candidate is kept unless its weight is
// 0 or its target is ignore_index.
struct SelectRowsLaunch {
  int64_t num_rows = 0;                 // N
  int64_t num_candidates = 0;           // M
  const int64_t* candidates = nullptr;  // [M] ascending; null: 0 .. N-1
  const void* target = nullptr;         // [N]; null: none
  bool target_is_int32 = false;
  int64_t ignore_index = 0;
  const float* token_weight = nullptr;  // [N]; null: 1 / kept rows
  // Out. Kept candidates in their order, then the others; a candidate that
  // does not rise or is no row becomes -1 and poisons the loss.
  int64_t* row_index = nullptr;   // [M]
  int64_t* kept_count = nullptr;  // [2]: kept, and candidates that are no row
  float* weight = nullptr;        // [N]; 0 on skipped rows
  void* stream = nullptr;
};
LaunchError LaunchSelectRows(const SelectRowsLaunch& launch);

// Entries [first_entry, first_entry + num_rows) between the caller's rows and
// a chunk, `row_bytes` bytes each. Skipped entries become 0 on either side.
struct CopyRowsLaunch {
  const void* from = nullptr;
  void* to = nullptr;
  int64_t row_bytes = 0;
  int64_t from_stride = 0;  // bytes
  int64_t to_stride = 0;    // bytes
  int64_t num_rows = 0;
  int64_t first_entry = 0;
  const int64_t* row_index = nullptr;
  const int64_t* kept_count = nullptr;  // null: all are kept
  void* stream = nullptr;
};
LaunchError LaunchGatherRows(const CopyRowsLaunch& launch);   // caller -> chunk
LaunchError LaunchScatterRows(const CopyRowsLaunch& launch);  // chunk -> caller

// loss = sum of weight * token_loss over all N rows in one fixed order.
struct SumLossLaunch {
  int64_t num_rows = 0;
  const double* token_loss = nullptr;   // [N]
  const float* weight = nullptr;        // [N]
  const int64_t* kept_count = nullptr;  // [2] of the selection, or null
  float* loss = nullptr;                // [1], out
  float* rounded_token_loss = nullptr;  // [N], out
  void* stream = nullptr;
};
LaunchError LaunchSumLoss(const SumLossLaunch& launch);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ROW_SELECTION_LAUNCH_H_
