#include "recipes/console/running_process.h"

#include <fcntl.h>
#include <sys/file.h>

#include "absl/strings/ascii.h"
#include "data/base/file.h"
#include "data/base/posix.h"

namespace limbeck {

std::string RunningProcess(const std::string& workspace) {
  const std::string path = JoinPath(workspace, "lock");
  const auto text = ReadFile(path, 64);
  if (!text.ok()) return "";
  std::string owner(absl::StripAsciiWhitespace(*text));
  // A run that ends leaves the file empty, a killed one does not: only then
  // the lock itself has to be tried.
  if (owner.empty()) return "";
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return "";
  const ScopedDescriptor closer(descriptor);
  if (flock(descriptor, LOCK_SH | LOCK_NB) == 0) return "";
  return owner;
}

}  // namespace limbeck
