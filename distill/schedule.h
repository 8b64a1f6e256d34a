// How long a run is and which learning rate each of its steps has.
#ifndef LIMBECK_DISTILL_SCHEDULE_H_
#define LIMBECK_DISTILL_SCHEDULE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "distill/options.pb.h"

namespace limbeck {

// What one epoch of the data holds.
struct EpochSize {
  uint64_t num_bins = 0;
  uint64_t num_tokens = 0;
  uint64_t num_loss_tokens = 0;
};

// Length of a run. With epochs it ends after total_bins, and the last step may
// be smaller. With a budget of tokens the step that reaches it is the last;
// total_steps is then the expected number, from the mean bin.
struct RunLength {
  int64_t total_bins = 0;   // 0: bounded by tokens
  int64_t max_tokens = 0;   // 0: bounded by bins
  int64_t total_steps = 0;  // at least 1
};

// `options` resolved. Data without loss tokens is an error.
absl::StatusOr<RunLength> PlanRunLength(const TrainOptions& options,
                                        const EpochSize& epoch);

// Learning rate of `step` (zero-based) of `total_steps`: rises linearly to
// peak, reached at the last of ceil(warmup_ratio * total_steps) warm-up steps,
// then falls to final_ratio * peak, reached at the last step and kept beyond.
double LearningRateAt(const LearningRate& options, int64_t step,
                      int64_t total_steps);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_SCHEDULE_H_
