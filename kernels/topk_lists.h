// A top-k teacher's tensors, checked and brought to the row kernel's types.
#ifndef LIMBECK_KERNELS_TOPK_LISTS_H_
#define LIMBECK_KERNELS_TOPK_LISTS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "kernels/chunk_driver.h"
#include "kernels/loss_inputs.h"
#include "kernels/loss_options.h"
#include "kernels/row_kernels.h"
#include "kernels/shape_check.h"

namespace limbeck::kernels {

// Owns what TopKLists points into.
struct TopKTensors {
  at::Tensor ids;           // [N, K] int64
  at::Tensor logprobs;      // [N, K] float64
  at::Tensor tail_logprob;  // [N] float64 or undefined
  TopKLists lists;
};

// Checks shapes and, if asked, that ids are in [-1, num_columns) and that the
// probabilities of a row do not sum to more than 1.
TopKTensors CheckedLists(ShapeCheck& check, const TopKTeacher& teacher,
                         const RowSelection& selection, int64_t num_columns,
                         bool check_values);

// renormalized and zero exist for forward KL only.
void CheckTail(const ShapeCheck& check, const DistillationOptions& options);

// The functions keep the tensors alive.
RowFunctions TopKRowFunctions(const DistillationRule& rule,
                              const TopKTensors& tensors);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_TOPK_LISTS_H_
