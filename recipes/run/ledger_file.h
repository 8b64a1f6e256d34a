// ledger.json of a workspace: what every artefact of a recipe has cost, and
// what this run has.
#ifndef LIMBECK_RECIPES_RUN_LEDGER_FILE_H_
#define LIMBECK_RECIPES_RUN_LEDGER_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "recipes/console/cost_ledger.h"
#include "recipes/run/runner.h"

namespace limbeck {

// Keys: recipe, currency, prices; rows: one per stage with the cost of all
// attempts (from its run.json), reused or not, then what this run spent outside
// of stages; total: of the rows; this_run: the rows of this run alone, which
// add up to its wall_seconds.
absl::Status WriteLedger(const std::string& path, const std::string& recipe,
                         const std::vector<StageOutcome>& stages,
                         const Prices& prices, CostLedger& ledger);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_LEDGER_FILE_H_
