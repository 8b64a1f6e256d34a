// What a student learns from: the loss of one micro-batch, from its final
// hidden states and its head. Logits are never asked for.
#ifndef LIMBECK_DISTILL_OBJECTIVE_H_
#define LIMBECK_DISTILL_OBJECTIVE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "distill/micro_batch.h"
#include "distill/options.pb.h"
#include "kernels/loss_options.h"
#include "teacher/scorer.h"

namespace limbeck {

struct Objective {
  ObjectiveOptions options;   // resolved
  BatchRules rules;           // of the training data
  Scorer* teacher = nullptr;  // resident, dense distillation only; not owned
  int64_t num_valid_columns = -1;  // of the head; padding columns are masked
};

// The student's side of a micro-batch.
struct StudentOutput {
  at::Tensor hidden;     // [N, hidden] final hidden states
  at::Tensor head;       // [vocab, hidden]
  at::Tensor head_grad;  // [vocab, hidden] float32: += the head's gradient in
                         // the forward; undefined: the head gets none
};

// loss = sum of token_weight * token loss, differentiable in hidden. The order
// of failures: teacher errors are a Status, LibTorch's are exceptions.
absl::StatusOr<kernels::LossResult> ObjectiveLoss(const Objective& objective,
                                                  const MicroBatch& batch,
                                                  const StudentOutput& student);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_OBJECTIVE_H_
