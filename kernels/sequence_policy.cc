// Sums run in row order: the result depends on nothing else.
#include "kernels/sequence_policy.h"

#include <ATen/ATen.h>

#include <cstdint>
#include <unordered_map>

namespace limbeck::kernels {
namespace {

struct Sequence {
  double log_ratio = 0.0;  // sum over its tokens
  double slope = 0.0;      // of the loss in the mean log-ratio
  double num_tokens = 0.0;
  double mean() const { return log_ratio / num_tokens; }
};

}  // namespace

SequencePolicy MeasureSequences(const PolicyRule& rule,
                                const PolicyTensors& tensors,
                                const SampledTensors& log_probs,
                                const RowSelection& selection) {
  const int64_t num_rows = log_probs.log_prob.size(0);
  SequencePolicy result;
  result.token_loss = at::zeros({num_rows}, at::kDouble);
  result.slopes = EmptySampledTensors(num_rows);
  double* token_loss = result.token_loss.mutable_data_ptr<double>();
  const SampledOutputs slopes = result.slopes.Pointers();
  const SampledOutputs outputs = log_probs.Pointers();
  const PolicyTokens tokens = tensors.Pointers();
  const int64_t* id = tensors.sequence_id.const_data_ptr<int64_t>();
  const double* weight = selection.weight.const_data_ptr<double>();
  const int64_t* rows = selection.rows.const_data_ptr<int64_t>();
  const int64_t num_kept = selection.rows.numel();

  std::unordered_map<int64_t, Sequence> sequences;
  for (int64_t i = 0; i < num_kept; ++i) {
    const int64_t row = rows[i];
    Sequence& sequence = sequences[id[row]];
    sequence.log_ratio += outputs.log_prob[row] - tokens.sampler_logprob[row];
    sequence.num_tokens += 1.0;
  }
  double loss = 0.0;
  for (int64_t i = 0; i < num_kept; ++i) {
    const int64_t row = rows[i];
    Sequence& sequence = sequences[id[row]];
    const PolicyTerm term =
        ClippedTerm(rule, sequence.mean(), tokens.advantage[row]);
    const Regularizer extra = RegularizerOf(rule, outputs.log_prob[row],
                                            tokens.reference_logprob == nullptr
                                                ? 0.0
                                                : tokens.reference_logprob[row],
                                            outputs.entropy[row]);
    sequence.slope += weight[row] * term.slope;
    token_loss[row] = term.loss + extra.loss;
    loss += weight[row] * token_loss[row];
    slopes.log_prob[row] = weight[row] * extra.slopes.log_prob;
    slopes.entropy[row] = weight[row] * extra.slopes.entropy;
  }
  for (int64_t i = 0; i < num_kept; ++i) {
    const Sequence& sequence = sequences[id[rows[i]]];
    slopes.log_prob[rows[i]] += sequence.slope / sequence.num_tokens;
  }
  result.loss = at::scalar_tensor(loss, at::kDouble);
  return result;
}

}  // namespace limbeck::kernels
