// Directories, names and whole-file operations.
#include "data/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/posix.h"
#include "data/base/status_macros.h"

namespace limbeck {

absl::Status CopyFileAtomically(const std::string& from,
                                const std::string& to) {
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file,
                           AtomicFile::Create(to));
  LIMBECK_RETURN_IF_ERROR(ForEachPiece(
      from, [&](absl::string_view piece) { return file->Append(piece); }));
  return file->Commit();
}

bool FileExists(const std::string& path) {
  struct stat facts;
  return stat(path.c_str(), &facts) == 0;
}

bool IsDirectory(const std::string& path) {
  struct stat facts;
  return stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

absl::StatusOr<uint64_t> FileSize(const std::string& path) {
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0) return SystemError("examine", path);
  return SizeOfRegularFile(facts.st_mode, facts.st_size, path);
}

absl::Status MakeDirectories(const std::string& path) {
  if (path.empty() || IsDirectory(path)) return absl::OkStatus();
  const std::string parent = DirName(path);
  if (parent != path) LIMBECK_RETURN_IF_ERROR(MakeDirectories(parent));
  if (mkdir(path.c_str(), 0777) != 0) {
    // Another process may have been quicker; a trailing slash repeats a name.
    if (errno == EEXIST && IsDirectory(path)) return absl::OkStatus();
    return SystemError("create the directory", path);
  }
  return SyncDirectory(parent);
}

absl::StatusOr<std::vector<std::string>> ListDirectory(
    const std::string& path) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entry(path, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  if (error) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot list ", path));
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(error.value(),
                             absl::StrCat("cannot remove ", path));
}

absl::Status RenameDurably(const std::string& from, const std::string& to) {
  if (IsDirectory(to)) {
    return absl::AlreadyExistsError(absl::StrCat(
        "cannot rename ", from, " to ", to, ": that directory exists"));
  }
  if (rename(from.c_str(), to.c_str()) != 0) {
    return SystemError(absl::StrCat("rename ", from, " to"), to);
  }
  LIMBECK_RETURN_IF_ERROR(SyncDirectory(DirName(to)));
  if (DirName(from) == DirName(to)) return absl::OkStatus();
  return SyncDirectory(DirName(from));
}

absl::Status SyncDirectory(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return SystemError("open the directory", path);
  const ScopedDescriptor closer(descriptor);
  // Some file systems cannot flush directories and say so by EINVAL.
  if (fsync(descriptor) != 0 && errno != EINVAL) {
    return SystemError("flush to disk the directory", path);
  }
  return absl::OkStatus();
}

absl::Status RemoveTemporaries(const std::string& directory) {
  if (!FileExists(directory)) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(directory));
  for (const std::string& name : names) {
    if (!absl::EndsWith(name, kTemporarySuffix)) continue;
    const std::string path = JoinPath(directory, name);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
      return SystemError("remove", path);
    }
  }
  return absl::OkStatus();
}

std::string JoinPath(absl::string_view directory, absl::string_view name) {
  if (directory.empty() || absl::StartsWith(name, "/")) {
    return std::string(name);
  }
  return absl::StrCat(directory, absl::EndsWith(directory, "/") ? "" : "/",
                      name);
}

namespace {

absl::string_view WithoutTrailingSlashes(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

}  // namespace

std::string BaseName(absl::string_view path) {
  path = WithoutTrailingSlashes(path);
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos || path == "/") {
    return std::string(path);
  }
  return std::string(path.substr(slash + 1));
}

std::string DirName(absl::string_view path) {
  path = WithoutTrailingSlashes(path);
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  if (slash == 0) return "/";
  return std::string(WithoutTrailingSlashes(path.substr(0, slash)));
}

}  // namespace limbeck
