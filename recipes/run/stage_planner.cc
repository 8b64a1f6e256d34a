#include "recipes/run/stage_planner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "recipes/language/recipe_graph.h"
#include "recipes/language/recipe_paths.h"
#include "recipes/run/stage_registry.h"

namespace limbeck {
namespace {

constexpr size_t kFingerprintDigits = 12;
constexpr absl::string_view kDigestsFile = "digests.json";

// What differs between an earlier run of the stage and this one.
std::vector<std::string> Differences(const Manifest& earlier,
                                     const StageIdentity& now) {
  std::vector<std::string> differences;
  if (earlier.stage_kind() != now.kind) differences.push_back("another kind");
  if (earlier.stage_version() != now.version) {
    differences.push_back(absl::StrCat(
        "stage version ", earlier.stage_version(), " -> ", now.version));
  }
  if (earlier.options() != now.options) differences.push_back("other options");
  if (earlier.seed() != now.seed) {
    differences.push_back(
        absl::StrCat("seed ", earlier.seed(), " -> ", now.seed));
  }
  std::map<std::string, std::string> before;
  for (const Parent& parent : earlier.parents()) {
    before[parent.name()] = parent.content_digest();
  }
  for (const auto& [name, digest] : now.parents) {
    if (before[name] != digest) {
      differences.push_back(absl::StrCat("other content of ", name));
    }
  }
  if (before.size() > now.parents.size()) differences.push_back("fewer inputs");
  return differences;
}

// Why a stage without a complete artefact has to run.
std::string WhyNotDone(const std::string& workspace, const std::string& own,
                       const StageIdentity& identity) {
  if (IsDirectory(own)) return "was interrupted, goes on where it stopped";
  const auto others = ArtefactsOf(workspace, identity.name);
  if (!others.ok()) return "has not run";
  std::vector<std::string> closest;
  bool found = false;
  for (const std::string& directory : *others) {
    const auto manifest = ReadManifest(directory);
    if (!manifest.ok()) continue;
    std::vector<std::string> differences = Differences(*manifest, identity);
    if (!found || differences.size() < closest.size()) closest = differences;
    found = true;
  }
  if (!found) return "has not run";
  if (closest.empty()) return "has run before with other inputs";
  return absl::StrCat("has run before with ", absl::StrJoin(closest, ", "));
}

}  // namespace

std::string ArtefactDirectory(const std::string& workspace,
                              const StageIdentity& identity) {
  return JoinPath(workspace, absl::StrCat(identity.name, "-",
                                          identity.Fingerprint().substr(
                                              0, kFingerprintDigits)));
}

absl::StatusOr<std::vector<std::string>> ArtefactsOf(
    const std::string& workspace, const std::string& stage) {
  std::vector<std::string> directories;
  if (!IsDirectory(workspace)) return directories;
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(workspace));
  const std::string prefix = absl::StrCat(stage, "-");
  for (const std::string& name : names) {
    if (!absl::StartsWith(name, prefix) ||
        name.size() != prefix.size() + kFingerprintDigits) {
      continue;
    }
    const bool hex =
        std::all_of(name.begin() + static_cast<std::ptrdiff_t>(prefix.size()),
                    name.end(), [](char c) { return absl::ascii_isxdigit(c); });
    if (hex) directories.push_back(JoinPath(workspace, name));
  }
  return directories;
}

StagePlanner::StagePlanner(const ResolvedRecipe& recipe, std::string workspace)
    : recipe_(recipe),
      workspace_(std::move(workspace)),
      digests_(JoinPath(workspace_, kDigestsFile)) {}

// Null when the input is a stage that is not complete.
absl::StatusOr<const StageInput*> StagePlanner::FindInput(
    const std::string& name) {
  const auto known = available_.find(name);
  if (known != available_.end()) return &known->second;
  const int index = FindModel(recipe_.recipe, name);
  if (index < 0) return nullptr;
  const ModelEntry& model = recipe_.recipe.models(index);
  StageInput input;
  input.name = name;
  input.directory = model.path();
  input.is_model = true;
  LIMBECK_ASSIGN_OR_RETURN(input.content_digest,
                           digests_.OfModel(model.path()));
  return &available_.emplace(name, std::move(input)).first->second;
}

absl::StatusOr<StageIdentity> StagePlanner::MakeIdentity(
    const StageEntry& entry, const std::vector<StageInput>& inputs) {
  StageIdentity identity;
  identity.name = entry.name();
  identity.kind = StageKindName(entry);
  identity.version = StageVersion(entry);
  identity.options = IdentityOptions(entry);
  identity.seed = entry.has_seed() ? entry.seed() : recipe_.recipe.seed();
  for (const StageInput& input : inputs) {
    identity.parents.emplace_back(input.name, input.content_digest);
  }
  for (const std::string& file : ExternalFiles(entry)) {
    LIMBECK_ASSIGN_OR_RETURN(std::string digest, digests_.OfFile(file));
    identity.parents.emplace_back(absl::StrCat("file:", BaseName(file)),
                                  std::move(digest));
  }
  return identity;
}

// Sizes of all files, and the content of those that carry no checksums of
// their own; shards do, and whoever reads them looks.
absl::Status StagePlanner::CheckFiles(const PlannedStage& stage) {
  LIMBECK_RETURN_IF_ERROR(CheckFileSizes(stage.directory, stage.manifest));
  for (const FileEntry& file : stage.manifest.files()) {
    if (!file.record_type().empty()) continue;
    const std::string path = JoinPath(stage.directory, file.name());
    LIMBECK_ASSIGN_OR_RETURN(const std::string digest, digests_.OfFile(path));
    if (digest == file.sha256()) continue;
    return absl::DataLossError(absl::StrCat(
        path, " has SHA-256 ", digest, ", its manifest says ", file.sha256()));
  }
  return absl::OkStatus();
}

absl::StatusOr<PlannedStage> StagePlanner::Plan(int index) {
  const StageEntry& entry = recipe_.recipe.stages(index);
  PlannedStage stage;
  stage.index = index;
  stage.name = entry.name();
  stage.kind = StageKindName(entry);
  std::vector<std::string> missing;
  for (const std::string& name : entry.inputs()) {
    LIMBECK_ASSIGN_OR_RETURN(const StageInput* input, FindInput(name));
    if (input == nullptr) {
      missing.push_back(name);
    } else {
      stage.inputs.push_back(*input);
    }
  }
  if (!missing.empty()) {
    stage.reason = absl::StrCat("waits for ", absl::StrJoin(missing, ", "));
    return stage;
  }
  LIMBECK_ASSIGN_OR_RETURN(stage.identity, MakeIdentity(entry, stage.inputs));
  stage.directory = ArtefactDirectory(workspace_, stage.identity);
  LIMBECK_ASSIGN_OR_RETURN(
      const bool done,
      IsComplete(stage.directory, stage.identity.Fingerprint()));
  if (done) {
    LIMBECK_RETURN_IF_ERROR(MarkDone(stage));
    const absl::Status whole = CheckFiles(stage);
    if (whole.ok()) return stage;
    return absl::Status(
        whole.code(),
        absl::StrCat("stage '", stage.name, "' is damaged: ", whole.message(),
                     "; remove ", stage.directory, " to have it run again"));
  }
  stage.state = PlannedStage::State::kToRun;
  stage.reason = WhyNotDone(workspace_, stage.directory, stage.identity);
  return stage;
}

absl::StatusOr<std::vector<PlannedStage>> StagePlanner::PlanAll() {
  std::vector<PlannedStage> stages;
  for (const int index : recipe_.order) {
    LIMBECK_ASSIGN_OR_RETURN(PlannedStage stage, Plan(index));
    stages.push_back(std::move(stage));
  }
  return stages;
}

absl::Status StagePlanner::MarkDone(PlannedStage& stage) {
  LIMBECK_ASSIGN_OR_RETURN(stage.manifest, ReadManifest(stage.directory));
  stage.state = PlannedStage::State::kDone;
  stage.reason.clear();
  StageInput output;
  output.name = stage.name;
  output.directory = stage.directory;
  output.content_digest = stage.manifest.content_digest();
  available_[stage.name] = std::move(output);
  return absl::OkStatus();
}

}  // namespace limbeck
