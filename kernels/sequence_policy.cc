// Sums per sequence are sums of tensors, so that they run where the tokens are
// and nothing waits for a device; index_put adds in a fixed order.
#include "kernels/sequence_policy.h"

#include <ATen/ATen.h>

#include <cstdint>
#include <limits>

#include "kernels/device.h"
#include "kernels/sequence_terms_launch.h"

namespace limbeck::kernels {
namespace {

// 1 for kept rows, else 0, [N] float64. On CUDA the selection's weights are 0
// on skipped rows.
at::Tensor KeptRows(const RowSelection& selection) {
  if (selection.weight.is_cuda()) {
    return selection.weight.ne(0.0).to(at::kDouble);
  }
  return at::zeros_like(selection.weight, at::kDouble)
      .index_fill_(0, selection.rows, 1.0);
}

// Numbers the sequences from 0 on: [N], equal where sequence_id is. Skipped
// rows share a slot, with each other or with one sequence.
at::Tensor Slots(const at::Tensor& sequence_id, const at::Tensor& kept) {
  constexpr int64_t kSkipped = std::numeric_limits<int64_t>::max();
  if (sequence_id.size(0) == 0) return sequence_id;
  const at::Tensor id = sequence_id.masked_fill(kept.eq(0.0), kSkipped);
  const auto [sorted, order] = at::sort(id, true, 0, false);
  const int64_t pairs = id.size(0) - 1;
  const at::Tensor starts =
      sorted.narrow(0, 1, pairs).ne(sorted.narrow(0, 0, pairs));
  const at::Tensor number =
      at::cat({at::zeros({1}, id.options()), starts.to(at::kLong).cumsum(0)});
  return at::empty_like(number).scatter_(0, order, number);
}

// Of every row: the sum of `values` over its slot. [N]
at::Tensor SlotSums(const at::Tensor& slots, const at::Tensor& values) {
  return at::zeros_like(values)
      .index_put_({slots}, values, true)
      .index_select(0, slots);
}

const double* DataOrNull(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<double>() : nullptr;
}

void FillTerms(const PolicyRule& rule, const SequenceTerms& terms,
               const at::Tensor& kept) {
  const int64_t num_rows = kept.size(0);
  if (kept.is_cuda()) {
    const DeviceScope scope(kept);
    CheckLaunch("sequence terms",
                LaunchSequenceTerms({num_rows, rule, terms, CurrentStream()}));
    return;
  }
  for (int64_t row = 0; row < num_rows; ++row) {
    FillSequenceTerm(rule, terms, row);
  }
}

}  // namespace

SequencePolicy MeasureSequences(const PolicyRule& rule,
                                const PolicyTensors& tensors,
                                const SampledTensors& log_probs,
                                const RowSelection& selection) {
  const at::Tensor kept = KeptRows(selection);
  const at::Tensor skipped = kept.eq(0.0);
  // Nothing of a skipped row may count, NaN least of all.
  const auto clean = [&](const at::Tensor& values) {
    return values.defined()
               ? values.to(at::kDouble).masked_fill(skipped, 0.0).contiguous()
               : values;
  };
  const at::Tensor log_prob = clean(log_probs.log_prob);
  const at::Tensor entropy = clean(log_probs.entropy);
  const at::Tensor advantage = clean(tensors.advantage);
  const at::Tensor reference = clean(tensors.reference_logprob);
  const at::Tensor weight = clean(selection.weight);
  const at::Tensor slots = Slots(tensors.sequence_id, kept);
  const at::Tensor length = SlotSums(slots, kept).clamp_min(1.0);
  const at::Tensor mean =
      SlotSums(slots, log_prob - clean(tensors.sampler_logprob)) / length;
  const at::Tensor loss = at::empty_like(kept);
  const at::Tensor ratio_slope = at::empty_like(kept);
  const at::Tensor log_prob_slope = at::empty_like(kept);
  const at::Tensor entropy_slope = at::empty_like(kept);
  FillTerms(rule,
            {mean.const_data_ptr<double>(), advantage.const_data_ptr<double>(),
             log_prob.const_data_ptr<double>(), DataOrNull(reference),
             entropy.const_data_ptr<double>(), loss.mutable_data_ptr<double>(),
             ratio_slope.mutable_data_ptr<double>(),
             log_prob_slope.mutable_data_ptr<double>(),
             entropy_slope.mutable_data_ptr<double>()},
            kept);
  SequencePolicy result;
  result.token_loss = loss.masked_fill(skipped, 0.0);
  result.loss = (weight * result.token_loss).sum();
  // Each kept token of a sequence moves its mean by 1 / length.
  const at::Tensor shared =
      SlotSums(slots, weight * ratio_slope.masked_fill(skipped, 0.0)) / length;
  const at::ScalarType type = log_probs.log_prob.scalar_type();
  const at::Tensor own = weight * log_prob_slope;
  result.slopes = {
      (own + shared).masked_fill(skipped, 0.0).to(type).contiguous(),
      (weight * entropy_slope).masked_fill(skipped, 0.0).to(type).contiguous()};
  return result;
}

}  // namespace limbeck::kernels
