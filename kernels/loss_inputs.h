// What the six loss operators check and prepare alike: which rows count, their
// weights and labels, and how many columns.
#ifndef LIMBECK_KERNELS_LOSS_INPUTS_H_
#define LIMBECK_KERNELS_LOSS_INPUTS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "kernels/loss_options.h"
#include "kernels/row_kernels.h"
#include "kernels/shape_check.h"

namespace limbeck::kernels {

// The logits of one side: hidden weight^T + bias, or given. [N, V]
struct LogitSource {
  at::Tensor hidden;  // [N, H]; undefined: logits are given
  at::Tensor weight;  // [V, H]
  at::Tensor bias;    // [V] or undefined
  at::Tensor logits;  // [N, V]
};

// Rows that count, as contiguous tensors. On CUDA the host does not know how
// many they are: `rows` lists the candidates, kept ones first, and target and
// weight keep their stored integer type and float32.
struct RowSelection {
  at::Tensor rows;    // [M] int64, ascending
  at::Tensor count;   // CUDA: [2], how many are kept; undefined: all N rows are
  at::Tensor target;  // [N] int64 or undefined
  at::Tensor weight;  // [N] float64
  bool covers_all = false;  // every row of the caller is among `rows`
};

// Null where count is undefined.
const int64_t* KeptCount(const RowSelection& selection);

// The kept rows, on the CPU: waits for the device.
at::Tensor KeptRowsOnHost(const RowSelection& selection);

// Names of a side's arguments in error messages, and of its shape symbols.
struct SideNames {
  std::string_view hidden;
  std::string_view weight;
  std::string_view bias;
  std::string_view logits;
  std::string_view width;    // symbol of the hidden width
  std::string_view columns;  // symbol of the vocabulary
};
inline constexpr SideNames kStudentNames = {"hidden",         "weight", "bias",
                                            "student_logits", "H",      "V"};
inline constexpr SideNames kTeacherNames = {"teacher_hidden",
                                            "teacher_weight",
                                            "teacher_bias",
                                            "teacher_logits",
                                            "Ht",
                                            "Vt"};

void CheckSource(ShapeCheck& check, const SideNames& names,
                 const LogitSource& source);

// num_valid_columns, or the smaller width if it is -1; in [1, smaller width].
int64_t ValidColumns(const ShapeCheck& check, int64_t num_valid_columns,
                     int64_t smaller_width);

// 0 or more.
int64_t CheckedChunkTokens(const ShapeCheck& check, int64_t chunk_tokens);

// bf16_logits is for two bfloat16 heads; teacher empty: one.
void CheckBf16Logits(const ShapeCheck& check, const LinearOptions& linear,
                     const LogitSource& student, const LogitSource& teacher);

// Reads target, token_weight and kept_rows of `options`; no rows on meta.
RowSelection SelectRows(ShapeCheck& check, const at::Tensor& target,
                        const LogitOptions& options, int64_t num_columns);

// The choice of LogitOptions::check_values for tensors like `input`.
bool ChecksValues(const std::optional<bool>& check_values,
                  const at::Tensor& input);

// The row options among those of a linear operator.
LogitOptions RowOptionsOf(const LinearOptions& linear);

CrossEntropyRule CheckedRule(const ShapeCheck& check,
                             const CrossEntropyOptions& options);
DistillationRule CheckedRule(const ShapeCheck& check,
                             const DistillationOptions& options,
                             const at::Tensor& target);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LOSS_INPUTS_H_
