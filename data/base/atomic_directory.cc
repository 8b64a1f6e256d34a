#include "data/base/atomic_directory.h"

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

// Puts `fresh` in the place of `directory`, which may exist.
absl::Status ReplaceDirectory(const std::string& fresh,
                              const std::string& directory) {
  const std::string old = absl::StrCat(directory, ".old", kTemporarySuffix);
  LIMBECK_RETURN_IF_ERROR(RemoveTree(old));
  if (IsDirectory(directory)) {
    LIMBECK_RETURN_IF_ERROR(RenameDurably(directory, old));
  }
  LIMBECK_RETURN_IF_ERROR(RenameDurably(fresh, directory));
  return RemoveTree(old);
}

absl::Status FillAndReplace(
    const std::string& fresh, const std::string& directory,
    absl::FunctionRef<absl::Status(const std::string& folder)> fill) {
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(fresh));
  LIMBECK_RETURN_IF_ERROR(fill(fresh));
  return ReplaceDirectory(fresh, directory);
}

}  // namespace

absl::Status WriteDirectoryAtomically(
    const std::string& directory,
    absl::FunctionRef<absl::Status(const std::string& folder)> fill) {
  // A name after a trailing slash would be inside of the folder.
  const std::string target = JoinPath(DirName(directory), BaseName(directory));
  if (FileExists(target) && !IsDirectory(target)) {
    return absl::AlreadyExistsError(absl::StrCat(
        target, " is a file; a folder cannot be written in its place"));
  }
  const std::string fresh = absl::StrCat(target, kTemporarySuffix);
  LIMBECK_RETURN_IF_ERROR(RemoveTree(fresh));
  absl::Status status = FillAndReplace(fresh, target, fill);
  // The first error is the one that tells; the rest is best effort.
  if (!status.ok()) RemoveTree(fresh).IgnoreError();
  return status;
}

}  // namespace limbeck
