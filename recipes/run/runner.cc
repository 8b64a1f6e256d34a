#include "recipes/run/runner.h"

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/base/thread_pool.h"
#include "data/stages/artefact.h"
#include "data/stages/rejection_warning.h"
#include "recipes/console/terminal.h"
#include "recipes/language/recipe_graph.h"
#include "recipes/run/earlier_samples.h"
#include "recipes/run/ledger_file.h"
#include "recipes/run/run_record.h"
#include "recipes/run/stage_planner.h"
#include "recipes/run/stage_registry.h"
#include "recipes/run/torch_boundary.h"

namespace limbeck {
namespace {

// Below this much free disk nothing is begun.
constexpr uint64_t kMinFreeDiskBytes = uint64_t{64} << 20;

// Partitions that the stage has committed: part-0000 and on without a gap.
absl::StatusOr<int> CountPartitions(const std::string& directory) {
  int partitions = 0;
  while (FileExists(
      JoinPath(PartitionPath(directory, partitions), kManifestName))) {
    ++partitions;
  }
  if (partitions > 0) return partitions;
  return absl::InternalError(
      absl::StrCat("the stage left no complete partition in ", directory));
}

std::string DescribeCounts(const Manifest& manifest) {
  const Counts& counts = manifest.counts();
  std::string text = absl::StrCat(counts.out(), " ", counts.unit());
  if (counts.rejected() > 0) {
    absl::StrAppend(&text, ", ", counts.rejected(), " rejected");
  }
  if (counts.merged() > 0) {
    absl::StrAppend(&text, ", ", counts.merged(), " merged");
  }
  return text;
}

// One run of one recipe.
class RecipeRun {
 public:
  RecipeRun(const ResolvedRecipe& recipe, const RunOptions& options,
            const RunServices& services)
      : recipe_(recipe),
        options_(options),
        services_(services),
        prices_(PricesOf(recipe.recipe.report())),
        planner_(recipe, options.workspace),
        pool_(ConfigureLibTorch(recipe.recipe.threads())) {}

  absl::StatusOr<RunResult> Run() {
    absl::Status status = RunAll();
    const absl::Status saved = planner_.SaveDigests();
    if (status.ok()) status = saved;
    result_.ledger_path = JoinPath(options_.workspace, kLedgerName);
    const absl::Status ledger =
        WriteLedger(result_.ledger_path, recipe_.recipe.name(), result_.stages,
                    prices_, *services_.ledger);
    if (status.ok()) status = ledger;
    if (!status.ok()) return status;
    return std::move(result_);
  }

 private:
  absl::Status RunAll() {
    int number = 0;
    for (const int index : recipe_.order) {
      ++number;
      LIMBECK_ASSIGN_OR_RETURN(PlannedStage stage, planner_.Plan(index));
      if (stage.state == PlannedStage::State::kDone) {
        services_.progress->StartStage(number, NumStages(), stage.name);
        services_.progress->FinishStage(
            absl::StrCat("up to date: ", DescribeCounts(stage.manifest)));
        LIMBECK_RETURN_IF_ERROR(WarnOfRejections(stage));
        AddOutcome(stage, /*reused=*/true);
        continue;
      }
      if (!IsWanted(stage.name)) continue;
      if (stage.state == PlannedStage::State::kWaiting) {
        return absl::FailedPreconditionError(
            absl::StrCat("stage '", stage.name, "' ", stage.reason,
                         ", which --only leaves out"));
      }
      LIMBECK_RETURN_IF_ERROR(RunOne(number, stage));
      AddOutcome(stage, /*reused=*/false);
    }
    return absl::OkStatus();
  }

  absl::Status RunOne(int number, PlannedStage& stage) {
    if (services_.cancel->cancelled()) return Stopped(stage);
    LIMBECK_RETURN_IF_ERROR(CheckDisk());
    services_.progress->StartStage(number, NumStages(), stage.name);
    services_.ledger->Enter(stage.name);
    const absl::Status status = Execute(stage);
    const Cost cost = services_.ledger->Current();
    services_.ledger->Enter(kOverheadRow);
    if (absl::IsCancelled(status)) {
      services_.progress->FinishStage("stopped");
      return Stopped(stage);
    }
    if (!status.ok()) {
      services_.progress->FinishStage("failed");
      return absl::Status(status.code(),
                          absl::StrCat("stage '", stage.name, "' (", stage.kind,
                                       ") failed: ", status.message()));
    }
    services_.progress->FinishStage(
        absl::StrCat(DescribeCounts(stage.manifest), " in ",
                     FormatDuration(cost.wall_seconds)));
    return WarnOfRejections(stage);
  }

  absl::Status WarnOfRejections(const PlannedStage& stage) const {
    LIMBECK_ASSIGN_OR_RETURN(const Artefact artefact,
                             Artefact::Open(stage.directory));
    LIMBECK_ASSIGN_OR_RETURN(const std::string warning,
                             RejectionWarning(artefact));
    if (!warning.empty()) services_.progress->Warn(warning);
    return absl::OkStatus();
  }

  // The stage, its root manifest and its run.json.
  absl::Status Execute(PlannedStage& stage) {
    LIMBECK_RETURN_IF_ERROR(MakeDirectories(stage.directory));
    LIMBECK_RETURN_IF_ERROR(TakeOverEarlierSamples(
        options_.workspace, stage.identity, stage.directory));
    LIMBECK_ASSIGN_OR_RETURN(
        std::unique_ptr<RunRecord> record,
        RunRecord::Begin(stage.directory, prices_, *services_.ledger));
    StageRun run;
    run.identity = stage.identity;
    run.inputs = stage.inputs;
    run.directory = stage.directory;
    run.context = {services_.progress, services_.ledger, services_.cancel,
                   &pool_};
    absl::Status status = RunStage(recipe_.recipe.stages(stage.index), run);
    if (status.ok()) status = Complete(run);
    const absl::Status recorded =
        record->Finish(status.ok()                 ? "completed"
                       : absl::IsCancelled(status) ? "cancelled"
                                                   : "failed");
    if (!status.ok()) return status;
    LIMBECK_RETURN_IF_ERROR(recorded);
    return planner_.MarkDone(stage);
  }

  absl::Status Complete(const StageRun& run) {
    LIMBECK_ASSIGN_OR_RETURN(const int partitions,
                             CountPartitions(run.directory));
    return FinishArtefact(run, partitions);
  }

  absl::Status CheckDisk() const {
    LIMBECK_ASSIGN_OR_RETURN(const uint64_t free,
                             FreeDiskBytes(options_.workspace));
    if (free >= kMinFreeDiskBytes) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat(
        options_.workspace, " has ", FormatBytes(static_cast<double>(free)),
        " of free disk, a stage is begun with ",
        FormatBytes(static_cast<double>(kMinFreeDiskBytes)), " or more"));
  }

  absl::Status Stopped(const PlannedStage& stage) const {
    return absl::CancelledError(
        absl::StrCat("stopped in stage '", stage.name,
                     "'; the same command goes on from here"));
  }

  bool IsWanted(const std::string& name) const {
    return options_.only.empty() ||
           std::count(options_.only.begin(), options_.only.end(), name) > 0;
  }
  int NumStages() const { return static_cast<int>(recipe_.order.size()); }
  void AddOutcome(const PlannedStage& stage, bool reused) {
    result_.stages.push_back({stage.name, stage.kind, stage.directory, reused});
  }

  const ResolvedRecipe& recipe_;
  const RunOptions& options_;
  const RunServices& services_;
  const Prices prices_;
  StagePlanner planner_;
  ThreadPool pool_;
  RunResult result_;
};

}  // namespace

absl::Status CheckOnly(const Recipe& recipe,
                       const std::vector<std::string>& only) {
  std::vector<std::string> known;
  for (const StageEntry& stage : recipe.stages()) known.push_back(stage.name());
  for (const std::string& name : only) {
    if (FindStage(recipe, name) >= 0) continue;
    return absl::NotFoundError(absl::StrCat("--only ", name, ": no such stage",
                                            SuggestNames(name, known)));
  }
  return absl::OkStatus();
}

absl::StatusOr<RunResult> RunRecipe(const ResolvedRecipe& recipe,
                                    const RunOptions& options,
                                    const RunServices& services) {
  LIMBECK_RETURN_IF_ERROR(CheckOnly(recipe.recipe, options.only));
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(options.workspace));
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<DirectoryLock> lock,
                           DirectoryLock::Acquire(options.workspace));
  return RecipeRun(recipe, options, services).Run();
}

}  // namespace limbeck
