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

}  // namespace

TopKTensors CheckedLists(ShapeCheck& check, const TopKTeacher& teacher,
                         const RowSelection& selection, int64_t num_columns,
                         bool check_values) {
  check.Tensor("top_ids", teacher.ids, {"N", "K"});
  check.IntegerType("top_ids", teacher.ids);
  check.Tensor("top_logprobs", teacher.logprobs, {"N", "K"});
  check.Type("top_logprobs", teacher.logprobs, {at::kFloat, at::kDouble});
  TopKTensors tensors;
  tensors.ids = teacher.ids.to(at::kLong).contiguous();
  tensors.logprobs = teacher.logprobs.detach().to(at::kDouble).contiguous();
  if (teacher.tail_logprob.defined()) {
    check.Tensor("tail_logprob", teacher.tail_logprob, {"N"});
    check.Type("tail_logprob", teacher.tail_logprob, {at::kFloat, at::kDouble});
    tensors.tail_logprob =
        teacher.tail_logprob.detach().to(at::kDouble).contiguous();
  }
  const bool single = teacher.logprobs.scalar_type() == at::kFloat;
  tensors.lists = {tensors.ids.size(1), tensors.ids.const_data_ptr<int64_t>(),
                   tensors.logprobs.const_data_ptr<double>(),
                   tensors.tail_logprob.defined()
                       ? tensors.tail_logprob.const_data_ptr<double>()
                       : nullptr,
                   std::ldexp(1.0, single ? -24 : -53)};
  if (!check_values) return tensors;
  const int64_t* rows = selection.rows.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < selection.rows.numel(); ++i) {
    CheckRow(check, tensors.lists, rows[i], num_columns);
  }
  return tensors;
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
            TopKDistillationRows(rule, tensors.lists, batch, rows);
          },
          [=](const double*, const RowBatch<double>& batch, RowRange rows) {
            TopKDistillationRows(rule, tensors.lists, batch, rows);
          }};
}

}  // namespace limbeck::kernels
