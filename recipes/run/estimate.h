// What the stages of a recipe will need at most: tokens, disk, memory, time.
#ifndef LIMBECK_RECIPES_RUN_ESTIMATE_H_
#define LIMBECK_RECIPES_RUN_ESTIMATE_H_

#include <optional>
#include <string>
#include <vector>

#include "recipes/run/recipe_resolve.h"
#include "recipes/run/stage_planner.h"

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
  std::optional<double> records;            // that come out
  std::optional<double> tokens;             // that go through a model
  std::optional<double> disk_bytes;         // written
  std::optional<double> memory_bytes;       // of the whole program
  std::optional<double> tokens_per_sample;  // of a stage that samples
  std::optional<double> context;            // of its model
  std::optional<double> seconds;
  TimeSource time_source = TimeSource::kUnknown;
};

// One for each planned stage, in the same order (that of the recipe).
std::vector<StageEstimate> EstimateStages(
    const ResolvedRecipe& recipe, const std::vector<PlannedStage>& stages,
    const std::string& workspace);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_ESTIMATE_H_
