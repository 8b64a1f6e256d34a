// What the stages of a recipe will need at most: tokens, disk, memory, time.
#ifndef LIMBECK_RECIPES_ESTIMATE_H_
#define LIMBECK_RECIPES_ESTIMATE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "recipes/recipe_resolve.h"
#include "recipes/stage_planner.h"

namespace limbeck {

// Upper bounds from options and from what earlier stages hold or may hold;
// nullopt where nothing is known.
struct StageEstimate {
  enum class TimeSource {
    kUnknown,
    kThisRun,     // the stage is done: what it took
    kEarlierRun,  // of this stage with other options, in proportion
    kRates,       // work divided by rates of another machine
  };
  std::optional<double> records;       // that come out
  std::optional<double> tokens;        // that go through a model
  std::optional<double> disk_bytes;    // written
  std::optional<double> memory_bytes;  // of the whole program
  std::optional<double> seconds;
  TimeSource time_source = TimeSource::kUnknown;
};

// One for each planned stage, in the same order (that of the recipe).
std::vector<StageEstimate> EstimateStages(
    const ResolvedRecipe& recipe, const std::vector<PlannedStage>& stages,
    const std::string& workspace);

// Refuses stages that are not done and need more memory than this machine
// has, or together more disk than is free. Names stage, place and both values.
absl::Status CheckFits(const ResolvedRecipe& recipe,
                       const std::vector<PlannedStage>& stages,
                       const std::vector<StageEstimate>& estimates,
                       const std::string& workspace);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_ESTIMATE_H_
