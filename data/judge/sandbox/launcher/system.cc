#include "data/judge/sandbox/launcher/system.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace limbeck {

Failure SystemFailure(std::string_view action) {
  const char* reason = strerror(errno);
  return std::string(action) + ": " + reason;
}

bool WriteFully(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

bool ReadFully(int descriptor, std::string& bytes, uint64_t max_bytes) {
  char buffer[65536];
  for (;;) {
    const ssize_t count = read(descriptor, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) return true;
    bytes.append(buffer, static_cast<size_t>(count));
    if (bytes.size() > max_bytes) return false;
  }
}

Failure WriteInto(const std::string& path, std::string_view text) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return SystemFailure("open " + path);
  Failure failure;
  if (write(descriptor, text.data(), text.size()) !=
      static_cast<ssize_t>(text.size())) {
    failure = SystemFailure("write " + path);
  }
  close(descriptor);
  return failure;
}

std::string ReadSmallFile(const std::string& path) {
  constexpr uint64_t kMaxBytes = 65536;
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return "";
  std::string bytes;
  if (!ReadFully(descriptor, bytes, kMaxBytes)) bytes.clear();
  close(descriptor);
  return bytes;
}

Failure CreateFile(const std::string& path, std::string_view bytes,
                   mode_t mode) {
  const int descriptor = open(
      path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (descriptor < 0) return SystemFailure("create " + path);
  Failure failure;
  if (!WriteFully(descriptor, bytes)) {
    failure = SystemFailure("write " + path);
  } else if (fchmod(descriptor, mode) != 0) {  // whatever the umask is
    failure = SystemFailure("chmod " + path);
  }
  close(descriptor);
  return failure;
}

int64_t NowNanoseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

bool WaitFor(pid_t pid, int& status) {
  for (;;) {
    if (waitpid(pid, &status, 0) == pid) return true;
    if (errno != EINTR) return false;
  }
}

}  // namespace limbeck
