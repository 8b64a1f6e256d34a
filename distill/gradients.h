// Loss and gradients of all bins of a step, micro-batch by micro-batch.
#ifndef LIMBECK_DISTILL_GRADIENTS_H_
#define LIMBECK_DISTILL_GRADIENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "data/load/loader.h"
#include "distill/objective.h"
#include "distill/trainable.h"

namespace limbeck {

struct BatchLoss {
  double loss = 0.0;  // mean over the step's tokens, by sample weight
  int64_t tokens = 0;
  int64_t loss_tokens = 0;
  // Sequences with a non-finite token loss, as DescribeSequence.
  std::vector<std::string> non_finite;
};

// Replaces the gradients of lane 0 by the gradient of the loss. The tokens'
// weights come from all bins, so that neither the split into micro-batches nor
// the packing changes the sum. Micro-batch i runs in lane i modulo the number
// of lanes, and lanes are added in order: threads change nothing as long as
// there are several lanes.
absl::StatusOr<BatchLoss> ComputeGradients(const Objective& objective,
                                           absl::Span<const LoadedBin> bins,
                                           int bins_per_micro_batch,
                                           Trainable& trainable);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_GRADIENTS_H_
