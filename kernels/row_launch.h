// What a row kernel on the GPU is handed: rows of logits in device memory.
//
// Raw pointers and sizes; no header of LibTorch or of the CUDA toolkit.
#ifndef LIMBECK_KERNELS_ROW_LAUNCH_H_
#define LIMBECK_KERNELS_ROW_LAUNCH_H_

#include <cstdint>

namespace limbeck::kernels {

enum class LogitType : int32_t { kFloat32, kBfloat16 };

// A matrix of logits or of their gradient. stride: elements from row to row.
struct LogitRows {
  const void* data = nullptr;
  LogitType type = LogitType::kFloat32;
  int64_t stride = 0;
};
struct GradientRows {
  void* data = nullptr;
  LogitType type = LogitType::kFloat32;
  int64_t stride = 0;
};

// Entries [first_entry, first_entry + num_rows) of a selection, which lists
// kept rows first and then the skipped ones.
struct RowLaunch {
  LogitRows logits;
  LogitRows teacher;        // data null: none
  GradientRows gradient;    // data null: unwanted. May lie inside the logits
  int64_t num_columns = 0;  // that count
  int64_t gradient_columns = 0;  // [num_columns, gradient_columns) become 0
  int64_t num_rows = 0;
  int64_t first_entry = 0;
  const int64_t* row_index = nullptr;   // entry -> caller's row; -1: no row
  const int64_t* kept_count = nullptr;  // [1]; null: all entries are kept
  // True: rows of logits, teacher and gradient are the caller's rows. False:
  // they are those of a chunk, entry first_entry being row 0.
  bool given = false;
  const void* target = nullptr;  // [N]; null: none
  bool target_is_int32 = false;
  const float* weight = nullptr;  // [N]
  double* token_loss = nullptr;   // [N], out; written for kept rows only
  void* stream = nullptr;         // cudaStream_t
};

// What it returns: 0, or the cudaError_t of the launch.
using LaunchError = int;

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ROW_LAUNCH_H_
