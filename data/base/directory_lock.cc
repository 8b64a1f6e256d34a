// One writer per directory, also across machines' crashes: the kernel drops
// the lock with the process.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/posix.h"
#include "data/base/status_macros.h"

namespace limbeck {

absl::StatusOr<std::unique_ptr<DirectoryLock>> DirectoryLock::Acquire(
    const std::string& directory) {
  const std::string path = JoinPath(directory, "lock");
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) return SystemError("open", path);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const ScopedDescriptor closer(descriptor);
    if (errno != EWOULDBLOCK) return SystemError("lock", path);
    std::string owner(32, '\0');
    const ssize_t count = pread(descriptor, owner.data(), owner.size(), 0);
    owner.resize(count > 0 ? static_cast<size_t>(count) : 0);
    return absl::FailedPreconditionError(absl::StrCat(
        directory, " is in use by process ", absl::StripAsciiWhitespace(owner),
        " (it holds ", path, "); wait for it or end it"));
  }
  auto lock = absl::WrapUnique(new DirectoryLock(descriptor));
  if (ftruncate(descriptor, 0) != 0) return SystemError("cut", path);
  LIMBECK_RETURN_IF_ERROR(
      WriteAll(descriptor, absl::StrCat(getpid(), "\n"), path));
  return lock;
}

DirectoryLock::~DirectoryLock() {
  // Best effort: the owner's number only serves the message above, and the
  // file itself stays, since removing it would let two processes lock.
  [[maybe_unused]] const int cut = ftruncate(descriptor_, 0);
  close(descriptor_);
}

}  // namespace limbeck
