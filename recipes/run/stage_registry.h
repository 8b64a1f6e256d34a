// From a stage entry of a recipe to the code that serves it: one visible
// switch, no registration.
#ifndef LIMBECK_RECIPES_RUN_STAGE_REGISTRY_H_
#define LIMBECK_RECIPES_RUN_STAGE_REGISTRY_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/stages/stage.h"
#include "recipes/recipe.pb.h"

namespace limbeck {

// The entry with every option set. Errors are those of the room: field, value
// and what is allowed.
absl::StatusOr<StageEntry> ResolveStage(const StageEntry& entry);

// Version of the stage's code, bumped by hand in its header when the result
// changes.
uint32_t StageVersion(const StageEntry& entry);

// Runs a stage with resolved options. What LibTorch throws comes back as a
// status.
absl::Status RunStage(const StageEntry& resolved, const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_STAGE_REGISTRY_H_
