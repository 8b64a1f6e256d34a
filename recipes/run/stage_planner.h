// Which stages of a recipe are done, which can run, and why: the same answer
// for `plan` and for `run`.
#ifndef LIMBECK_RECIPES_RUN_STAGE_PLANNER_H_
#define LIMBECK_RECIPES_RUN_STAGE_PLANNER_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/stages/manifest.pb.h"
#include "data/stages/stage.h"
#include "recipes/run/file_digests.h"
#include "recipes/run/recipe_resolve.h"

namespace limbeck {

struct PlannedStage {
  enum class State {
    kDone,     // complete with this fingerprint
    kToRun,    // all inputs are there
    kWaiting,  // an input is not there yet: the fingerprint is unknown
  };
  int index = 0;  // into the recipe's stages
  std::string name;
  std::string kind;
  State state = State::kWaiting;
  std::string reason;  // in words, why it is not done
  // Known unless waiting:
  StageIdentity identity;
  std::string directory;
  std::vector<StageInput> inputs;
  // Known when done:
  Manifest manifest;
};

class StagePlanner {
 public:
  StagePlanner(const ResolvedRecipe& recipe, std::string workspace);

  // Looks a stage up on disk; ask in the recipe's order. A done stage serves
  // as input of later ones; one whose files have changed since is an error.
  absl::StatusOr<PlannedStage> Plan(int index);
  // All stages, in the recipe's order, as they are now.
  absl::StatusOr<std::vector<PlannedStage>> PlanAll();
  // Tells that a stage that was to run is complete now.
  absl::Status MarkDone(PlannedStage& stage);

  absl::Status SaveDigests() { return digests_.Save(); }

 private:
  absl::StatusOr<StageIdentity> MakeIdentity(
      const StageEntry& entry, const std::vector<StageInput>& inputs);
  absl::Status CheckFiles(const PlannedStage& stage);
  absl::StatusOr<const StageInput*> FindInput(const std::string& name);

  const ResolvedRecipe& recipe_;
  const std::string workspace_;
  FileDigests digests_;
  std::map<std::string, StageInput> available_;
};

// <workspace>/<stage>-<first 12 digits of the fingerprint>
std::string ArtefactDirectory(const std::string& workspace,
                              const StageIdentity& identity);

// Directories of a stage in a workspace, whatever their fingerprint, by name.
absl::StatusOr<std::vector<std::string>> ArtefactsOf(
    const std::string& workspace, const std::string& stage);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_STAGE_PLANNER_H_
