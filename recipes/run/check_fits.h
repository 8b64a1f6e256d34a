// Whether a run fits this machine, asked before it begins.
#ifndef LIMBECK_RECIPES_RUN_CHECK_FITS_H_
#define LIMBECK_RECIPES_RUN_CHECK_FITS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "recipes/run/estimate.h"
#include "recipes/run/recipe_resolve.h"
#include "recipes/run/stage_planner.h"

namespace limbeck {

// Refuses stages that are not done and need more memory than this machine
// has, or together more disk than is free. Names stage, place and both values.
absl::Status CheckFits(const ResolvedRecipe& recipe,
                       const std::vector<PlannedStage>& stages,
                       const std::vector<StageEstimate>& estimates,
                       const std::string& workspace);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_CHECK_FITS_H_
