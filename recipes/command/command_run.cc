// limbeck run: runs a recipe, skips what is done, writes the report.
#include <string.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "recipes/command/commands.h"
#include "recipes/command/recipe_arguments.h"
#include "recipes/console/cost_ledger.h"
#include "recipes/console/jsonl_filter.h"
#include "recipes/console/progress.h"
#include "recipes/console/signals.h"
#include "recipes/console/terminal.h"
#include "recipes/report/report.h"
#include "recipes/run/check_fits.h"
#include "recipes/run/check_models.h"
#include "recipes/run/check_vocabularies.h"
#include "recipes/run/estimate.h"
#include "recipes/run/ledger_file.h"
#include "recipes/run/runner.h"

namespace limbeck {
namespace {

struct RunArguments {
  RecipeArguments recipe;
  std::vector<std::string> only;
  std::string report_path;
};

absl::Status Report(const RunArguments& arguments, const OpenedRecipe& opened,
                    const RunResult& result, CostLedger& ledger) {
  ReportRequest request;
  request.recipe = opened.resolved.recipe;
  request.workspace = opened.workspace;
  for (const StageOutcome& stage : result.stages) {
    request.artefacts.emplace_back(stage.name, stage.directory);
  }
  request.overrides = arguments.recipe.overrides;
  request.ledger_path = result.ledger_path;
  request.output_path = arguments.report_path.empty()
                            ? JoinPath(opened.workspace, "report.html")
                            : arguments.report_path;
  ledger.Enter(kReportRow);
  LIMBECK_RETURN_IF_ERROR(WriteReport(request));
  // The page shows the ledger as it was before; the file has the page's cost.
  const Recipe& recipe = opened.resolved.recipe;
  LIMBECK_RETURN_IF_ERROR(WriteLedger(result.ledger_path, recipe.name(),
                                      result.stages, PricesOf(recipe.report()),
                                      ledger));
  return WriteToStandardOutput(
      absl::StrCat(EscapeForTerminal(request.output_path), "\n"));
}

absl::Status CheckReportPath(const std::string& path) {
  const std::string folder = DirName(path);
  if (path.empty() || folder.empty() || IsDirectory(folder)) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(
      absl::StrCat("--report ", path, ": there is no folder '", folder, "'"));
}

// Refuses before anything runs what cannot end well.
absl::Status CheckBudget(const OpenedRecipe& opened) {
  LIMBECK_RETURN_IF_ERROR(CheckModels(opened.resolved));
  LIMBECK_RETURN_IF_ERROR(CheckVocabularies(opened.resolved));
  StagePlanner planner(opened.resolved, opened.workspace);
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<PlannedStage> stages,
                           planner.PlanAll());
  LIMBECK_RETURN_IF_ERROR(
      CheckFits(opened.resolved, stages,
                EstimateStages(opened.resolved, stages, opened.workspace),
                opened.workspace));
  // The run itself need not read large models again.
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(opened.workspace));
  return planner.SaveDigests();
}

// Where the trained models are: as folders that any loader opens.
void TellModels(const RunResult& result, ProgressDisplay& progress) {
  for (const StageOutcome& stage : result.stages) {
    if (stage.kind != "train") continue;
    progress.Message(absl::StrCat(
        "model ", stage.name, ": ",
        JoinPath(PartitionPath(stage.directory, 0), kCheckpointFolder)));
  }
}

absl::Status RunCommand(const RunArguments& arguments) {
  CostLedger ledger;
  CancelToken cancel;
  // Before any other thread: they inherit its signal mask.
  const SignalWatcher watcher(cancel, [](int number) {
    WriteToDescriptor(
        STDERR_FILENO,
        absl::StrCat("\nlimbeck: ", strsignal(number),
                     ", stopping where it can go on later (again: at once)\n"));
  });
  ProgressDisplay progress(StderrProgress());
  LIMBECK_ASSIGN_OR_RETURN(const OpenedRecipe opened,
                           OpenRecipe(arguments.recipe));
  LIMBECK_RETURN_IF_ERROR(CheckReportPath(arguments.report_path));
  LIMBECK_RETURN_IF_ERROR(CheckOnly(opened.resolved.recipe, arguments.only));
  LIMBECK_RETURN_IF_ERROR(CheckBudget(opened));
  RunOptions options;
  options.workspace = opened.workspace;
  options.only = arguments.only;
  const RunServices services = {&progress, &ledger, &cancel};
  LIMBECK_ASSIGN_OR_RETURN(const RunResult result,
                           RunRecipe(opened.resolved, options, services));
  progress.Message(absl::StrCat(
      "done in ", FormatDuration(ledger.WallSeconds()), ", peak memory ",
      FormatBytes(static_cast<double>(ledger.PeakMemory()))));
  TellModels(result, progress);
  return Report(arguments, opened, result, ledger);
}

}  // namespace

void AddRunCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* verb =
      AddVerb(app, "run", "Run a recipe; resume it, skip what is done, report",
              "limbeck run quickstart --set seed=7");
  AddRecipeArguments(*verb, arguments->recipe);
  verb->add_option("--only", arguments->only,
                   "Run these stages only; their inputs must be complete");
  verb->add_option("--report", arguments->report_path,
                   "Where the report goes (default: WORKSPACE/report.html)");
  verb->callback([arguments, &result] { result = RunCommand(*arguments); });
}

}  // namespace limbeck
