// The stage that drops exact duplicates.
#ifndef LIMBECK_DATA_STAGES_DEDUP_H_
#define LIMBECK_DATA_STAGES_DEDUP_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "data/stages/options.pb.h"
#include "data/stages/stage.h"

namespace limbeck {

inline constexpr uint32_t kDedupStageVersion = 1;

// Joins one or more inputs with traces. Of traces with one problem and one
// output (white space apart) the smallest trace id stays; the others are
// rejected with its id. The output is sorted by problem and trace id, so it
// depends on neither the order nor the partitions of the inputs.
absl::Status RunDedupStage(const DedupOptions& resolved, const StageRun& run);

// Runs of white space as one blank, none at the ends.
std::string CollapseSpace(absl::string_view text);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_DEDUP_H_
