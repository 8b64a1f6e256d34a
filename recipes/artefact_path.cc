#include "recipes/artefact_path.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "recipes/stage_planner.h"

namespace limbeck {

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

}  // namespace limbeck
