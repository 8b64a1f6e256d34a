// The training stage: from packed bins to a checkpoint.
#ifndef LIMBECK_DISTILL_TRAIN_STAGE_H_
#define LIMBECK_DISTILL_TRAIN_STAGE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "data/stages/stage.h"
#include "distill/options.pb.h"

namespace limbeck {

// Bump when the same inputs and options give another checkpoint.
inline constexpr uint32_t kTrainStageVersion = 1;

// Trains and writes part-0000: checkpoint/ (Hugging Face layout with tokenizer
// files), metrics.jsonl and the manifest, in bins; timing.jsonl and events/
// beside them are provenance. Goes on from the newest saved state after an
// interruption, and gives the same bytes as an undisturbed run. A cancelled run
// saves its state and returns Cancelled. Inputs: see OpenTrainInputs.
absl::Status RunTrainStage(const TrainOptions& resolved, const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_TRAIN_STAGE_H_
