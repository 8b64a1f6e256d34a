// Runs the stages of a recipe in order, skips what is done, goes on where an
// earlier run stopped.
#ifndef LIMBECK_RECIPES_RUN_RUNNER_H_
#define LIMBECK_RECIPES_RUN_RUNNER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "data/stages/stage.h"
#include "recipes/console/cost_ledger.h"
#include "recipes/console/progress.h"
#include "recipes/run/recipe_resolve.h"

namespace limbeck {

struct RunOptions {
  std::string workspace;
  // Run only these stages (empty: all). Their inputs must be complete.
  std::vector<std::string> only;
};

// What a run reports to; all outlive it.
struct RunServices {
  ProgressDisplay* progress = nullptr;
  CostLedger* ledger = nullptr;
  const CancelToken* cancel = nullptr;
};

struct StageOutcome {
  std::string name;
  std::string kind;
  std::string directory;
  bool reused = false;  // was complete already
};

struct RunResult {
  // Complete stages, in order; all of the recipe unless `only` was given.
  std::vector<StageOutcome> stages;
  std::string ledger_path;
};

// Refuses names in `only` that are no stages of the recipe.
absl::Status CheckOnly(const Recipe& recipe,
                       const std::vector<std::string>& only);

// Holds the workspace's lock while it works; a second run in one workspace is
// refused. A stage that fails stops the run: the error names it. Cancelled
// when the token was set; the same call later goes on from there.
absl::StatusOr<RunResult> RunRecipe(const ResolvedRecipe& recipe,
                                    const RunOptions& options,
                                    const RunServices& services);

inline constexpr absl::string_view kLedgerName = "ledger.json";

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_RUNNER_H_
