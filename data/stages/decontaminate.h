// The stage that rejects training items which a test set knows.
#ifndef LIMBECK_DATA_STAGES_DECONTAMINATE_H_
#define LIMBECK_DATA_STAGES_DECONTAMINATE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "data/stages/options.pb.h"
#include "data/stages/stage.h"

namespace limbeck {

inline constexpr uint32_t kDecontaminateStageVersion = 1;

// First input: problems or traces to keep clean. Further inputs: problems or
// traces whose questions must not occur in it. Each rejection has the number
// of shared n-grams, the span of the first in the question, and the id of the
// reference problem.
absl::Status RunDecontaminateStage(const DecontaminateOptions& resolved,
                                   const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_DECONTAMINATE_H_
