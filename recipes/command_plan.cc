// limbeck plan: what a run would do, and whether it fits.
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "recipes/commands.h"
#include "recipes/cost_ledger.h"
#include "recipes/estimate.h"
#include "recipes/jsonl_filter.h"
#include "recipes/recipe_arguments.h"
#include "recipes/resource_usage.h"
#include "recipes/terminal.h"

namespace limbeck {
namespace {

std::string Cell(const std::optional<double>& value,
                 std::string (*format)(double)) {
  return value.has_value() ? format(*value) : "-";
}

std::string StateText(const PlannedStage& stage) {
  if (stage.state == PlannedStage::State::kDone) {
    return absl::StrCat("done: ", BaseName(stage.directory));
  }
  return stage.reason;
}

// What a stage that is not done adds to the bill, by its latest run.
double Money(const StageEstimate& estimate, const Prices& prices) {
  Cost cost;
  cost.cpu_seconds = estimate.seconds.value_or(0);
  return prices.Of(cost);
}

std::string PlanText(const OpenedRecipe& opened,
                     const std::vector<PlannedStage>& stages,
                     const std::vector<StageEstimate>& estimates) {
  const Prices prices = PricesOf(opened.resolved.recipe.report());
  std::string text = absl::StrFormat("%-22s %-20s %8s %8s %10s %10s %8s  %s\n",
                                     "stage", "kind", "records", "tokens",
                                     "disk", "memory", "time", "state");
  int to_do = 0;
  double seconds = 0;
  double disk = 0;
  double money = 0;
  for (size_t i = 0; i < stages.size(); ++i) {
    const StageEstimate& estimate = estimates[i];
    absl::StrAppendFormat(
        &text, "%-22s %-20s %8s %8s %10s %10s %8s  %s\n", stages[i].name,
        stages[i].kind, Cell(estimate.records, FormatCount),
        Cell(estimate.tokens, FormatCount),
        Cell(estimate.disk_bytes, FormatBytes),
        Cell(estimate.memory_bytes, FormatBytes),
        Cell(estimate.seconds, FormatDuration), StateText(stages[i]));
    if (stages[i].state == PlannedStage::State::kDone) continue;
    ++to_do;
    seconds += estimate.seconds.value_or(0);
    disk += estimate.disk_bytes.value_or(0);
    money += Money(estimate, prices);
  }
  absl::StrAppendFormat(
      &text,
      "\n%d of %d stages to run. Up to %s of disk. Memory here: %s. Time and "
      "money of stages that ran before: %s, %.2f %s.\nRecords, tokens, disk "
      "and memory are upper bounds; - is unknown.\n",
      to_do, stages.size(), FormatBytes(disk),
      FormatBytes(static_cast<double>(UsableMemoryBytes())),
      FormatDuration(seconds), money, prices.currency);
  return EscapeLinesForTerminal(text);
}

absl::Status PlanCommand(const RecipeArguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const OpenedRecipe opened, OpenRecipe(arguments));
  StagePlanner planner(opened.resolved, opened.workspace);
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<PlannedStage> stages,
                           planner.PlanAll());
  const std::vector<StageEstimate> estimates =
      EstimateStages(opened.resolved, stages, opened.workspace);
  LIMBECK_RETURN_IF_ERROR(
      WriteToStandardOutput(PlanText(opened, stages, estimates)));
  return CheckFits(opened.resolved, stages, estimates, opened.workspace);
}

}  // namespace

void AddPlanCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<RecipeArguments>();
  CLI::App* verb = AddVerb(app, "plan",
                           "Show what a run would do: stages done or not and "
                           "why, and what they need",
                           "limbeck plan recipes/quickstart.textproto");
  AddRecipeArguments(*verb, *arguments);
  verb->callback([arguments, &result] { result = PlanCommand(*arguments); });
}

}  // namespace limbeck
