// The stage that rejects traces which break a rule.
#ifndef LIMBECK_DATA_STAGES_FILTER_H_
#define LIMBECK_DATA_STAGES_FILTER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "data/stages/options.pb.h"
#include "data/stages/stage.h"

namespace limbeck {

inline constexpr uint32_t kFilterStageVersion = 1;

// Each rejected trace has exactly one rejection (data/stages/filter_rules.h).
absl::Status RunFilterStage(const FilterOptions& resolved, const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_FILTER_H_
