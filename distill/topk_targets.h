// Decodes packed top-k signals into the padded tensors of the loss operators.
#ifndef LIMBECK_DISTILL_TOPK_TARGETS_H_
#define LIMBECK_DISTILL_TOPK_TARGETS_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "data/load/loader.h"
#include "distill/micro_batch.h"
#include "kernels/loss_options.h"

namespace limbeck {

// The entry of output token j goes to the row of token j - 1. Rows without
// loss stay empty (ids -1); K is the largest count of any row, at least 1.
// Every row with loss must be covered; what is damaged or of another tokenizer
// is an error that names bin and trace. Uses `batch.token_weight`.
absl::StatusOr<kernels::TopKTeacher> DecodeTopKTargets(
    absl::Span<const LoadedBin> bins, const MicroBatch& batch,
    const BatchRules& rules);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_TOPK_TARGETS_H_
