#include "recipes/run/artefact_path.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "recipes/run/stage_planner.h"

namespace limbeck {
namespace {

// The first of `folders` in the artefact that `path` means; a path that is no
// artefact is left to whoever reads it.
absl::StatusOr<std::string> FindInside(
    const std::string& path, const std::vector<absl::string_view>& folders,
    absl::string_view wanted) {
  LIMBECK_ASSIGN_OR_RETURN(std::string found, FindArtefactPath(path));
  if (!FileExists(JoinPath(found, kManifestName))) return found;
  for (const std::string& folder : {PartitionPath(found, 0), found}) {
    for (const absl::string_view name : folders) {
      std::string inside = JoinPath(folder, name);
      if (IsDirectory(inside)) return inside;
    }
  }
  LIMBECK_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(found));
  return absl::InvalidArgumentError(
      absl::StrCat(found, " is of stage '", manifest.stage_name(), "' (",
                   manifest.stage_kind(), "), which leaves no ", wanted));
}

}  // namespace

absl::StatusOr<std::string> FindArtefactPath(const std::string& path) {
  if (FileExists(path) || IsDirectory(path)) return path;
  const std::string folder = DirName(path).empty() ? "." : DirName(path);
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> artefacts,
                           ArtefactsOf(folder, BaseName(path)));
  if (artefacts.size() == 1) return artefacts.front();
  if (artefacts.empty()) {
    return absl::NotFoundError(absl::StrCat(path, " does not exist"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, " has ", artefacts.size(),
                   " artefacts; name one: ", absl::StrJoin(artefacts, ", ")));
}

absl::StatusOr<std::string> FindModelPath(const std::string& path) {
  return FindInside(path, {kCheckpointFolder}, "model");
}

absl::StatusOr<std::string> FindTokenizerPath(const std::string& path) {
  return FindInside(path, {kTokenizerFolder, kCheckpointFolder}, "tokenizer");
}

}  // namespace limbeck
