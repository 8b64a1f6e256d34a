// Skipped rows are never looked at, whatever they hold.
#include "kernels/topk_lists.h"

#include <ATen/ATen.h>

#include <cmath>

namespace limbeck::kernels {
namespace {

// Rounded log-probabilities may sum to a little more than 1; beyond this they
// are not log-probabilities.
constexpr double kLargestTotal = 1.01;

void CheckRow(const ShapeCheck& check, const TopKLists& lists, int64_t row,
              int64_t num_columns) {
  double total = 0.0;
  for (int64_t k = 0; k < lists.num_entries; ++k) {
    const int64_t id = lists.ids[row * lists.num_entries + k];
    TORCH_CHECK_INDEX(id >= -1 && id < num_columns, check.op(), ": top_ids[",
                      row, ", ", k, "] is ", id, ", must be in [-1, ",
                      num_columns, ")");
    if (id >= 0) total += std::exp(lists.logprobs[row * lists.num_entries + k]);
  }
  TORCH_CHECK_VALUE(!(total > kLargestTotal), check.op(), ": top_logprobs[",
                    row, "] sum to probability ", total, ", must be at most 1");
}

void CheckRows(const ShapeCheck& check, const TopKLists& lists,
               const RowSelection& selection, int64_t num_columns) {
  const at::Tensor kept = KeptRowsOnHost(selection);
  const int64_t* rows = kept.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < kept.numel(); ++i) {
    CheckRow(check, lists, rows[i], num_columns);
  }
}

TopKTeacher ToHost(const TopKTeacher& teacher) {
  return {teacher.ids.cpu(), teacher.logprobs.cpu(),
          teacher.tail_logprob.defined() ? teacher.tail_logprob.cpu()
                                         : at::Tensor()};
}

// Brings the tensors to the types of the row kernel of their device.
TopKTensors Convert(const TopKTeacher& teacher) {
  const bool on_device = teacher.ids.is_cuda();
  const at::ScalarType type = on_device ? at::kFloat : at::kDouble;
  TopKTensors tensors;
  tensors.ids =
      (on_device ? teacher.ids : teacher.ids.to(at::kLong)).contiguous();
  tensors.logprobs = teacher.logprobs.detach().to(type).contiguous();
  if (teacher.tail_logprob.defined()) {
    tensors.tail_logprob = teacher.tail_logprob.detach().to(type).contiguous();
  }
  const bool single = teacher.logprobs.scalar_type() == at::kFloat;
  tensors.smallest_tail = std::ldexp(1.0, single || on_device ? -24 : -53);
  return tensors;
}

}  // namespace

TopKTensors CheckedLists(ShapeCheck& check, const TopKTeacher& teacher,
                         const RowSelection& selection, int64_t num_columns,
                         const LogitOptions& options) {
  check.Tensor("top_ids", teacher.ids, {"N", "K"});
  check.IntegerType("top_ids", teacher.ids);
  check.Tensor("top_logprobs", teacher.logprobs, {"N", "K"});
  check.Type("top_logprobs", teacher.logprobs, {at::kFloat, at::kDouble});
  if (teacher.tail_logprob.defined()) {
    check.Tensor("tail_logprob", teacher.tail_logprob, {"N"});
    check.Type("tail_logprob", teacher.tail_logprob, {at::kFloat, at::kDouble});
  }
  const bool on_device = teacher.ids.is_cuda();
  TORCH_CHECK_VALUE(!on_device || teacher.ids.size(1) <= kLargestDeviceList,
                    check.op(), ": top_ids has K = ", teacher.ids.size(1),
                    ", at most ", kLargestDeviceList, " run on cuda");
  if (ChecksValues(options.check_values, teacher.ids)) {
    const TopKTensors host = Convert(ToHost(teacher));
    CheckRows(check, host.HostLists(), selection, num_columns);
    if (!on_device) return host;
  }
  return Convert(teacher);
}

TopKLists TopKTensors::HostLists() const {
  return {
      ids.size(1), ids.const_data_ptr<int64_t>(),
      logprobs.const_data_ptr<double>(),
      tail_logprob.defined() ? tail_logprob.const_data_ptr<double>() : nullptr,
      smallest_tail};
}

TopKDeviceLists TopKTensors::DeviceLists() const {
  return {
      ids.size(1),
      ids.const_data_ptr(),
      ids.scalar_type() == at::kInt,
      logprobs.const_data_ptr<float>(),
      tail_logprob.defined() ? tail_logprob.const_data_ptr<float>() : nullptr,
      smallest_tail};
}

void CheckTail(const ShapeCheck& check, const DistillationOptions& options) {
  TORCH_CHECK_VALUE(options.tail == Tail::kLumped ||
                        options.divergence == Divergence::kForwardKl,
                    check.op(), ": tail is ", TailName(options.tail),
                    " and divergence is ", DivergenceName(options.divergence),
                    ", only forward_kl may have a tail other than lumped");
}

RowFunctions TopKRowFunctions(const DistillationRule& rule,
                              const TopKTensors& tensors) {
  return {[=](const float*, const RowBatch<float>& batch, RowRange rows) {
            TopKDistillationRows(rule, tensors.HostLists(), batch, rows);
          },
          [=](const double*, const RowBatch<double>& batch, RowRange rows) {
            TopKDistillationRows(rule, tensors.HostLists(), batch, rows);
          }};
}

DeviceRowFunction TopKDeviceRows(const DistillationRule& rule,
                                 const TopKTensors& tensors) {
  return [=](const RowLaunch& rows) {
    return LaunchTopKDistillation({rows, rule, tensors.DeviceLists()});
  };
}

}  // namespace limbeck::kernels
