#include "data/base/posix.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"

namespace limbeck {

// The kernel's own limit of one call is just below 2 GiB.
constexpr size_t kMaxBytesPerCall = size_t{1} << 30;
constexpr size_t kPieceBytes = size_t{1} << 20;

namespace {

absl::string_view FileTypeName(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

ScopedDescriptor::~ScopedDescriptor() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status SystemError(absl::string_view action, absl::string_view path) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", action, " ", path));
}

absl::Status WriteAll(int descriptor, absl::string_view bytes,
                      absl::string_view path) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(),
                                  std::min(bytes.size(), kMaxBytesPerCall));
    if (written < 0) {
      if (errno == EINTR) continue;
      return SystemError("write to", path);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> OpenForReading(const std::string& path) {
  // Without O_NONBLOCK the open itself would wait for a named pipe's writer.
  const int descriptor =
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return SystemError("open", path);
  const absl::Status regular = RegularFileSize(descriptor, path).status();
  if (regular.ok()) return descriptor;
  close(descriptor);
  return regular;
}

absl::StatusOr<int> OpenStream(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) return SystemError("open", path);
  return descriptor;
}

absl::StatusOr<size_t> ReadSome(int descriptor, char* buffer, size_t bytes,
                                absl::string_view path) {
  while (true) {
    const ssize_t count =
        read(descriptor, buffer, std::min(bytes, kMaxBytesPerCall));
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EINTR) return SystemError("read", path);
  }
}

absl::StatusOr<uint64_t> RegularFileSize(int descriptor,
                                         absl::string_view path) {
  struct stat facts;
  if (fstat(descriptor, &facts) != 0) return SystemError("examine", path);
  return SizeOfRegularFile(facts.st_mode, facts.st_size, path);
}

absl::StatusOr<uint64_t> SizeOfRegularFile(mode_t mode, off_t size,
                                           absl::string_view path) {
  if (S_ISREG(mode)) return static_cast<uint64_t>(size);
  return absl::InvalidArgumentError(absl::StrCat(
      path, " is ", FileTypeName(mode), ", expected a regular file"));
}

absl::Status ForEachPiece(
    const std::string& path,
    const std::function<absl::Status(absl::string_view)>& visit) {
  LIMBECK_ASSIGN_OR_RETURN(const int descriptor, OpenForReading(path));
  const ScopedDescriptor closer(descriptor);
  return ForEachPieceOf(descriptor, path, visit);
}

absl::Status ForEachPieceOf(
    int descriptor, absl::string_view path,
    const std::function<absl::Status(absl::string_view)>& visit) {
  std::string buffer(kPieceBytes, '\0');
  while (true) {
    LIMBECK_ASSIGN_OR_RETURN(
        const size_t count,
        ReadSome(descriptor, buffer.data(), buffer.size(), path));
    if (count == 0) return absl::OkStatus();
    LIMBECK_RETURN_IF_ERROR(visit(absl::string_view(buffer.data(), count)));
  }
}

}  // namespace limbeck
