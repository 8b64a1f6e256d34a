// Writing: AtomicFile (whole or absent) and AppendFile (grows, cut on resume).
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/file.h"
#include "data/base/posix.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr size_t kBufferBytes = size_t{256} << 10;
// Far more left-overs of one process id than any machine will show.
constexpr int kMaxTemporaries = 1000;

}  // namespace

absl::StatusOr<std::unique_ptr<AtomicFile>> AtomicFile::Create(
    std::string path) {
  for (int counter = 0; counter < kMaxTemporaries; ++counter) {
    std::string temporary =
        absl::StrCat(path, ".", getpid(), ".", counter, kTemporarySuffix);
    // O_EXCL makes the name unique, also against other threads.
    const int descriptor =
        open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0) {
      return absl::WrapUnique(
          new AtomicFile(std::move(path), std::move(temporary), descriptor));
    }
    if (errno != EEXIST) return SystemError("create", temporary);
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("cannot create ", path, ": ", kMaxTemporaries,
                   " temporary files of it exist; remove them (they end in ",
                   kTemporarySuffix, ")"));
}

AtomicFile::AtomicFile(std::string path, std::string temporary_path,
                       int descriptor)
    : path_(std::move(path)),
      temporary_path_(std::move(temporary_path)),
      descriptor_(descriptor) {
  buffer_.reserve(kBufferBytes);
}

AtomicFile::~AtomicFile() { Abandon(); }

void AtomicFile::Abandon() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  descriptor_ = -1;
  unlink(temporary_path_.c_str());
}

absl::Status AtomicFile::Flush() {
  absl::Status status = WriteAll(descriptor_, buffer_, temporary_path_);
  buffer_.clear();
  return status;
}

absl::Status AtomicFile::Append(absl::string_view bytes) {
  if (descriptor_ < 0) return ClosedError();
  absl::Status status;
  if (buffer_.size() + bytes.size() > kBufferBytes) status = Flush();
  if (status.ok()) {
    if (bytes.size() >= kBufferBytes) {
      status = WriteAll(descriptor_, bytes, temporary_path_);
    } else {
      buffer_.append(bytes.data(), bytes.size());
    }
  }
  // After a failed write nothing can be saved: the space is given back.
  if (!status.ok()) Abandon();
  bytes_written_ += bytes.size();
  return status;
}

absl::Status AtomicFile::Commit() {
  if (descriptor_ < 0) return ClosedError();
  absl::Status status = Flush();
  if (status.ok() && fsync(descriptor_) != 0) {
    status = SystemError("flush to disk", temporary_path_);
  }
  if (!status.ok()) {
    Abandon();
    return status;
  }
  const int closed = close(std::exchange(descriptor_, -1));
  if (closed != 0) {
    status = SystemError("close", temporary_path_);
  } else if (rename(temporary_path_.c_str(), path_.c_str()) != 0) {
    status =
        SystemError(absl::StrCat("rename ", temporary_path_, " to"), path_);
  }
  if (!status.ok()) {
    unlink(temporary_path_.c_str());
    return status;
  }
  return SyncDirectory(DirName(path_));
}

absl::Status AtomicFile::ClosedError() const {
  return absl::FailedPreconditionError(absl::StrCat(
      path_, " is closed: it was committed, or an earlier write failed"));
}

absl::StatusOr<std::unique_ptr<AppendFile>> AppendFile::Open(
    std::string path, int64_t truncate_to) {
  const bool existed = FileExists(path);
  const int descriptor =
      open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) return SystemError("open", path);
  // From here on the object closes the descriptor.
  auto file = absl::WrapUnique(new AppendFile(path, descriptor, 0));
  LIMBECK_ASSIGN_OR_RETURN(file->size_, RegularFileSize(descriptor, path));
  if (!existed) LIMBECK_RETURN_IF_ERROR(SyncDirectory(DirName(path)));
  if (truncate_to < 0) return file;
  const uint64_t wanted = static_cast<uint64_t>(truncate_to);
  if (file->size_ < wanted) {
    return absl::DataLossError(absl::StrCat(path, " has ", file->size_,
                                            " bytes, but ", wanted,
                                            " were written to it"));
  }
  if (file->size_ > wanted) {
    if (ftruncate(descriptor, truncate_to) != 0) {
      return SystemError("cut", path);
    }
    file->size_ = wanted;
    LIMBECK_RETURN_IF_ERROR(file->Sync());
  }
  return file;
}

AppendFile::AppendFile(std::string path, int descriptor, uint64_t size)
    : path_(std::move(path)), descriptor_(descriptor), size_(size) {}

AppendFile::~AppendFile() { close(descriptor_); }

absl::Status AppendFile::Append(absl::string_view bytes) {
  absl::Status status = WriteAll(descriptor_, bytes, path_);
  if (status.ok()) {
    size_ += bytes.size();
    return status;
  }
  // A torn line must not stay in front of the next one.
  if (ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) {
    return absl::DataLossError(
        absl::StrCat(status.message(), "; bytes after ", size_,
                     " could not be cut off again and are not whole"));
  }
  return status;
}

absl::Status AppendFile::Sync() {
  if (fsync(descriptor_) != 0) return SystemError("flush to disk", path_);
  return absl::OkStatus();
}

absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view bytes) {
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file,
                           AtomicFile::Create(path));
  LIMBECK_RETURN_IF_ERROR(file->Append(bytes));
  return file->Commit();
}

}  // namespace limbeck
