// limbeck plan: what a run would do, and whether it fits.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "recipes/command/commands.h"
#include "recipes/command/recipe_arguments.h"
#include "recipes/console/cost_ledger.h"
#include "recipes/console/jsonl_filter.h"
#include "recipes/console/resource_usage.h"
#include "recipes/console/running_process.h"
#include "recipes/console/terminal.h"
#include "recipes/language/stage_kinds.h"
#include "recipes/run/check_fits.h"
#include "recipes/run/check_models.h"
#include "recipes/run/check_vocabularies.h"
#include "recipes/run/estimate.h"
#include "recipes/run/stage_time.h"

namespace limbeck {
namespace {

std::string Cell(const std::optional<double>& value,
                 std::string (*format)(double)) {
  return value.has_value() ? format(*value) : "-";
}

// "0:29" was measured in this workspace, "~0:29" is reckoned.
std::string TimeCell(const StageEstimate& estimate) {
  if (!estimate.seconds.has_value()) return "-";
  const bool measured =
      estimate.time_source == StageEstimate::TimeSource::kThisRun;
  return absl::StrCat(measured ? "" : "~", FormatDuration(*estimate.seconds));
}

// Why a stage has to run; `running` is the process that works here, if any.
std::string StateText(const PlannedStage& stage, const std::string& running) {
  if (stage.state == PlannedStage::State::kDone) {
    return absl::StrCat("done: ", BaseName(stage.directory));
  }
  const bool begun = stage.state == PlannedStage::State::kToRun &&
                     IsDirectory(stage.directory);
  if (begun && !running.empty()) {
    return absl::StrCat("begun; process ", running,
                        " works in this workspace now");
  }
  return stage.reason;
}

// What is left to do, added up.
struct ToDo {
  int stages = 0;
  double seconds = 0;
  bool seconds_known = true;
  bool any_by_rates = false;
  double disk = 0;
  double money = 0;
};

ToDo AddUp(const std::vector<PlannedStage>& stages,
           const std::vector<StageEstimate>& estimates, const Prices& prices,
           int threads) {
  ToDo to_do;
  for (size_t i = 0; i < stages.size(); ++i) {
    if (stages[i].state == PlannedStage::State::kDone) continue;
    const StageEstimate& estimate = estimates[i];
    ++to_do.stages;
    to_do.seconds += estimate.seconds.value_or(0);
    to_do.seconds_known &= estimate.seconds.has_value();
    to_do.any_by_rates |=
        estimate.time_source == StageEstimate::TimeSource::kRates;
    to_do.disk += estimate.disk_bytes.value_or(0);
    Cost cost;
    cost.cpu_seconds = estimate.seconds.value_or(0) * threads;
    to_do.money += prices.Of(cost);
  }
  return to_do;
}

std::string Rows(const std::vector<PlannedStage>& stages,
                 const std::vector<StageEstimate>& estimates,
                 const std::string& running) {
  std::string text = absl::StrFormat("%-22s %-20s %8s %8s %10s %10s %8s  %s\n",
                                     "stage", "kind", "records", "tokens",
                                     "disk", "memory", "time", "state");
  for (size_t i = 0; i < stages.size(); ++i) {
    const StageEstimate& estimate = estimates[i];
    absl::StrAppendFormat(&text, "%-22s %-20s %8s %8s %10s %10s %8s  %s\n",
                          stages[i].name, stages[i].kind,
                          Cell(estimate.records, FormatCount),
                          Cell(estimate.tokens, FormatCount),
                          Cell(estimate.disk_bytes, FormatBytes),
                          Cell(estimate.memory_bytes, FormatBytes),
                          TimeCell(estimate), StateText(stages[i], running));
  }
  return text;
}

std::string Summary(const ToDo& to_do, size_t num_stages,
                    const Prices& prices) {
  if (to_do.stages == 0) {
    return absl::StrCat("\nAll ", num_stages,
                        " stages are done; a run would only write the report "
                        "again.\n");
  }
  std::string text = absl::StrFormat(
      "\n%d of %d stages to run: %s%s, up to %s of disk. Memory here: %s.\n",
      to_do.stages, num_stages, to_do.seconds_known ? "about " : "more than ",
      FormatDuration(to_do.seconds), FormatBytes(to_do.disk),
      FormatBytes(static_cast<double>(UsableMemoryBytes())));
  if (to_do.money > 0) {
    absl::StrAppendFormat(&text, "About %.2f %s for the processor.\n",
                          to_do.money, prices.currency);
  }
  absl::StrAppend(&text,
                  "Records, tokens and disk are upper bounds, memory is "
                  "reckoned; - is unknown. ~ is an estimate of time: from an "
                  "earlier run of the stage here, in proportion",
                  to_do.any_by_rates
                      ? ", otherwise every token that may come by rates of one "
                        "machine (docs/recipes.md)"
                      : "",
                  ".\n");
  return text;
}

// Stages that nobody takes and that are no end in themselves: often a name
// that was misspelt.
std::string Unused(const Recipe& recipe) {
  constexpr Content kMeansToAnEnd = kProblems | kTraces | kSamples | kBins;
  std::vector<std::string> unused;
  for (const StageEntry& stage : recipe.stages()) {
    const StageKind* kind = FindStageKind(stage.options_case());
    const bool is_end =
        kind == nullptr || stage.has_evaluate() ||
        (!kind->passes_first_input && (kind->produces & kMeansToAnEnd) == 0);
    const bool is_taken =
        std::any_of(recipe.stages().begin(), recipe.stages().end(),
                    [&](const StageEntry& other) {
                      return std::count(other.inputs().begin(),
                                        other.inputs().end(), stage.name()) > 0;
                    });
    if (!is_end && !is_taken) unused.push_back(stage.name());
  }
  if (unused.empty()) return "";
  return absl::StrCat("No stage takes: ", absl::StrJoin(unused, ", "), ".\n");
}

std::string PlanText(const OpenedRecipe& opened,
                     const std::vector<PlannedStage>& stages,
                     const std::vector<StageEstimate>& estimates) {
  const Recipe& recipe = opened.resolved.recipe;
  const Prices prices = PricesOf(recipe.report());
  const ToDo to_do = AddUp(stages, estimates, prices, ThreadsOf(recipe));
  return EscapeLinesForTerminal(
      absl::StrCat(Rows(stages, estimates, RunningProcess(opened.workspace)),
                   Summary(to_do, stages.size(), prices), Unused(recipe)));
}

absl::Status PlanCommand(const RecipeArguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const OpenedRecipe opened, OpenRecipe(arguments));
  LIMBECK_RETURN_IF_ERROR(CheckModels(opened.resolved));
  LIMBECK_RETURN_IF_ERROR(CheckVocabularies(opened.resolved));
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
  CLI::App* verb =
      AddVerb(app, "plan",
              "Show what a run would do: stages done or not and "
              "why, and what they need",
              "limbeck plan quickstart --set traces.temperature=0.9");
  AddRecipeArguments(*verb, *arguments);
  verb->callback([arguments, &result] { result = PlanCommand(*arguments); });
}

}  // namespace limbeck
