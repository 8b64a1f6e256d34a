// The stage that keeps a share of the problems or traces.
#ifndef LIMBECK_DATA_STAGES_SPLIT_H_
#define LIMBECK_DATA_STAGES_SPLIT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "data/stages/options.pb.h"
#include "data/stages/stage.h"

namespace limbeck {

inline constexpr uint32_t kSplitStageVersion = 1;

// A function of the problem's id alone, so that all traces of a problem fall
// on one side. Traces without a problem go by their own id. The output holds
// what the input held: problems.lbk or traces.lbk.
absl::Status RunSplitStage(const SplitOptions& resolved, const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_SPLIT_H_
