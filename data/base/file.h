// Files that are either whole or absent: temporary name, fsync, rename.
#ifndef LIMBECK_DATA_BASE_FILE_H_
#define LIMBECK_DATA_BASE_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace limbeck {

// A file that appears under its name only when Commit succeeds. Dropped before
// that, it leaves nothing behind. Every write and close is checked; errors
// name the path and the system's reason ("No space left on device").
class AtomicFile {
 public:
  static absl::StatusOr<std::unique_ptr<AtomicFile>> Create(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  absl::Status Append(absl::string_view bytes);
  // Flushes to disk, renames over `path`, flushes the directory.
  absl::Status Commit();
  uint64_t bytes_written() const { return bytes_written_; }

 private:
  AtomicFile(std::string path, std::string temporary_path, int descriptor);

  absl::Status Flush();
  void Abandon();  // closes and removes the temporary
  absl::Status ClosedError() const;

  const std::string path_;
  const std::string temporary_path_;
  int descriptor_;
  uint64_t bytes_written_ = 0;
  std::string buffer_;
};

// A log that grows line by line (metrics, journals). Each Append is one write
// call; Sync makes it durable. `Open` with truncate_to >= 0 cuts the file to
// that many bytes first (resume drops what a killed run wrote too much).
class AppendFile {
 public:
  static absl::StatusOr<std::unique_ptr<AppendFile>> Open(
      std::string path, int64_t truncate_to = -1);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  absl::Status Append(absl::string_view bytes);
  absl::Status Sync();
  uint64_t size() const { return size_; }

 private:
  AppendFile(std::string path, int descriptor, uint64_t size);

  const std::string path_;
  int descriptor_;
  uint64_t size_;
};

// A read-only view of a file's bytes through mmap. Empty files are allowed.
class MappedFile {
 public:
  static absl::StatusOr<std::shared_ptr<MappedFile>> Open(
      const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  absl::string_view bytes() const { return bytes_; }

 private:
  explicit MappedFile(absl::string_view bytes) : bytes_(bytes) {}

  const absl::string_view bytes_;
};

inline constexpr uint64_t kNoSizeLimit = UINT64_MAX;

// Whole regular file as bytes; larger than max_bytes is an error that names
// both.
absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     uint64_t max_bytes = kNoSizeLimit);
// The same for what may be a pipe or a device as well, to its end.
absl::StatusOr<std::string> ReadStream(const std::string& path,
                                       uint64_t max_bytes);
absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view bytes);
absl::Status CopyFileAtomically(const std::string& from, const std::string& to);

bool FileExists(const std::string& path);
bool IsDirectory(const std::string& path);
absl::StatusOr<uint64_t> FileSize(const std::string& path);
// Creates parents as well; existing directories are fine.
absl::Status MakeDirectories(const std::string& path);
// Names (not paths) inside a directory, sorted by bytes.
absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& path);
absl::Status RemoveTree(const std::string& path);
// Renames and flushes both parent directories; `to` must not exist unless it
// is a file.
absl::Status RenameDurably(const std::string& from, const std::string& to);
absl::Status SyncDirectory(const std::string& path);
// Removes what a killed AtomicFile left: names that end in kTemporarySuffix.
absl::Status RemoveTemporaries(const std::string& directory);
inline constexpr absl::string_view kTemporarySuffix = ".limbeck-tmp";

std::string JoinPath(absl::string_view directory, absl::string_view name);
std::string BaseName(absl::string_view path);
std::string DirName(absl::string_view path);

// Holds an exclusive lock on `directory`/lock until destroyed; refuses (with
// the other process id) when a live process holds it.
class DirectoryLock {
 public:
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> Acquire(
      const std::string& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_BASE_FILE_H_
