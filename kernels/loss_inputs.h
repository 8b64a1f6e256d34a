// What the six loss operators check and prepare alike: which rows count, their
// weights and labels, and how many columns.
#ifndef LIMBECK_KERNELS_LOSS_INPUTS_H_
#define LIMBECK_KERNELS_LOSS_INPUTS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
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

// Rows that count, as contiguous CPU tensors.
struct RowSelection {
  at::Tensor rows;    // [M] int64, ascending
  at::Tensor target;  // [N] int64 or undefined
  at::Tensor weight;  // [N] float64
};

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

// Reads target, token_weight and kept_rows of `options`.
RowSelection SelectRows(ShapeCheck& check, const at::Tensor& target,
                        const LogitOptions& options, int64_t num_columns);

// The row options among those of a linear operator.
LogitOptions RowOptionsOf(const LinearOptions& linear);

CrossEntropyRule CheckedRule(const ShapeCheck& check,
                             const CrossEntropyOptions& options);
DistillationRule CheckedRule(const ShapeCheck& check,
                             const DistillationOptions& options,
                             const at::Tensor& target);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LOSS_INPUTS_H_
