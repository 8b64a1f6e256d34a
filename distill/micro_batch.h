// From packed bins to the tensors of one forward and backward pass.
//
// Legend: N tokens of the micro-batch, M of them rows with loss. Row t holds
// what concerns the prediction of token t + 1.
#ifndef LIMBECK_DISTILL_MICRO_BATCH_H_
#define LIMBECK_DISTILL_MICRO_BATCH_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "data/load/loader.h"
#include "kernels/loss_options.h"

namespace limbeck {

// What the model and its tokenizer demand of the data.
struct BatchRules {
  int64_t vocab_size = 0;             // ids are below it
  int64_t max_positions = 0;          // tokens of one sequence, at most
  std::string tokenizer_fingerprint;  // signals must agree; empty: unchecked
  bool with_signals = false;          // decode the top-k signals
};

struct MicroBatch {
  std::vector<int64_t> starts;  // of all sequences, and N
  at::Tensor ids;               // [N] int64
  at::Tensor target;            // [N] int64, kIgnoreIndex without loss
  at::Tensor token_weight;      // [N] float32, 0 without loss
  at::Tensor kept_rows;         // [M] int64, rising
  kernels::TopKTeacher top_k;   // K entries a row; undefined without signals
};

// Sum of the sample weights of all tokens that carry loss: the denominator of
// a step, over all its micro-batches. Weights that are negative or not finite,
// and a sum of 0, are errors that name the bin.
absl::StatusOr<double> TotalLossWeight(absl::Span<const LoadedBin> bins);

// Puts bins one after another. Token weights are sample weight / total_weight.
// Bad ids, mask runs, lengths and signals are errors that name bin and trace.
absl::StatusOr<MicroBatch> MakeMicroBatch(absl::Span<const LoadedBin> bins,
                                          double total_weight,
                                          const BatchRules& rules);

// "bin 17, sequence 2, trace 00ff.."
std::string DescribeSequence(const PackedBin& bin, int sequence);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_MICRO_BATCH_H_
