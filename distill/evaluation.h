// Losses of a model on held-out bins.
#ifndef LIMBECK_DISTILL_EVALUATION_H_
#define LIMBECK_DISTILL_EVALUATION_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "data/load/loader.h"
#include "distill/objective.h"
#include "student/weights.h"

namespace limbeck {

// Means over the loss tokens by sample weight, nats per token.
struct Evaluation {
  double cross_entropy = 0.0;
  // The objective's own loss, and the forward KL from the teacher at
  // temperature 1 (lumped tail for top-k); absent where no teacher is known
  // for the held-out bins.
  std::optional<double> loss;
  std::optional<double> forward_kl;
  int64_t loss_tokens = 0;
};

// `objective.rules.with_signals` says whether the held-out bins have signals.
absl::StatusOr<Evaluation> Evaluate(const Objective& objective,
                                    const Model& model, BinLoader& held_out,
                                    int bins_per_micro_batch);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_EVALUATION_H_
