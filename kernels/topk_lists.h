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
#include "kernels/topk_distillation_launch.h"

namespace limbeck::kernels {

// Owns what the lists point into. On the CPU int64 and float64; on CUDA ids as
// given, and float32.
struct TopKTensors {
  at::Tensor ids;           // [N, K]
  at::Tensor logprobs;      // [N, K]
  at::Tensor tail_logprob;  // [N] or undefined
  double smallest_tail = 0.0;

  TopKLists HostLists() const;
  TopKDeviceLists DeviceLists() const;
};

// Checks shapes and, if options.check_values say so, that ids are in
// [-1, num_columns) and that the probabilities of a row do not sum to more than
// 1.
TopKTensors CheckedLists(ShapeCheck& check, const TopKTeacher& teacher,
                         const RowSelection& selection, int64_t num_columns,
                         const LogitOptions& options);

// renormalized and zero exist for forward KL only.
void CheckTail(const ShapeCheck& check, const DistillationOptions& options);

// The functions keep the tensors alive. One of the two, by the tensors' device.
RowFunctions TopKRowFunctions(const DistillationRule& rule,
                              const TopKTensors& tensors);
DeviceRowFunction TopKDeviceRows(const DistillationRule& rule,
                                 const TopKTensors& tensors);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_TOPK_LISTS_H_
