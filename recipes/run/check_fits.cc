#include "recipes/run/check_fits.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "recipes/console/resource_usage.h"
#include "recipes/console/terminal.h"

namespace limbeck {
namespace {

absl::Status DoesNotFit(const ResolvedRecipe& recipe, const std::string& stage,
                        absl::string_view reason) {
  RecipeErrors errors;
  errors.Add(recipe.sources.Nearest(stage), stage, reason);
  return absl::ResourceExhaustedError(errors.ToStatus().message());
}

}  // namespace

absl::Status CheckFits(const ResolvedRecipe& recipe,
                       const std::vector<PlannedStage>& stages,
                       const std::vector<StageEstimate>& estimates,
                       const std::string& workspace) {
  const double usable = static_cast<double>(UsableMemoryBytes());
  double disk = 0;
  size_t largest = 0;
  for (size_t i = 0; i < stages.size(); ++i) {
    if (stages[i].state == PlannedStage::State::kDone) continue;
    const double memory = estimates[i].memory_bytes.value_or(0);
    if (memory > usable) {
      return DoesNotFit(
          recipe, stages[i].name,
          absl::StrCat("needs about ", FormatBytes(memory),
                       " of memory, this machine has ", FormatBytes(usable),
                       "; lower rows, bins_per_step, "
                       "bins_per_micro_batch or bin_tokens"));
    }
    disk += estimates[i].disk_bytes.value_or(0);
    if (estimates[i].disk_bytes.value_or(0) >
        estimates[largest].disk_bytes.value_or(0)) {
      largest = i;
    }
  }
  const auto free = FreeDiskBytes(workspace);
  if (!free.ok()) return free.status();
  if (disk <= static_cast<double>(*free)) return absl::OkStatus();
  return DoesNotFit(
      recipe, stages[largest].name,
      absl::StrCat("the stages need up to ", FormatBytes(disk), " of disk, ",
                   workspace, " has ", FormatBytes(static_cast<double>(*free)),
                   " free; this stage needs most"));
}

}  // namespace limbeck
