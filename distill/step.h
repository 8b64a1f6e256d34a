// One optimizer step on all bins of a global batch.
#ifndef LIMBECK_DISTILL_STEP_H_
#define LIMBECK_DISTILL_STEP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "data/load/loader.h"
#include "distill/adamw.h"
#include "distill/objective.h"
#include "distill/options.pb.h"
#include "distill/trainable.h"

namespace limbeck {

struct StepSettings {
  const Objective* objective = nullptr;  // not owned
  AdamWOptions adamw;                    // resolved
  int bins_per_micro_batch = 1;
  double learning_rate = 0.0;
};

struct StepResult {
  double loss = 0.0;           // before the update, nats per loss token
  double gradient_norm = 0.0;  // before clipping; 0 when the loss is no number
  double clip_factor = 1.0;
  int64_t tokens = 0;
  int64_t loss_tokens = 0;
  // False: loss or gradient was not finite and nothing changed. `culprits`
  // then names the sequences, or all of the batch for a bad gradient.
  bool applied = false;
  std::vector<std::string> culprits;
  double gradient_seconds = 0.0;
  double update_seconds = 0.0;
};

absl::StatusOr<StepResult> Step(const StepSettings& settings,
                                absl::Span<const LoadedBin> bins,
                                Trainable& trainable, AdamWState& state);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_STEP_H_
