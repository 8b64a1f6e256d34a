// Faults that need a process of their own: full disks and kills.
#ifndef LIMBECK_TESTS_SUPPORT_CHILD_PROCESS_H_
#define LIMBECK_TESTS_SUPPORT_CHILD_PROCESS_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"

namespace limbeck {

// Runs `work` in a forked child in which no file can grow beyond `max_bytes`,
// as on a full disk, and returns the status that it returned there. Start no
// threads before.
absl::Status RunWithFileSizeLimit(uint64_t max_bytes,
                                  const std::function<absl::Status()>& work);

// Runs `work` in a forked child that is killed with SIGKILL when it returns,
// before any destructor or exit handler. True when the child died by that.
bool RunAndKill(const std::function<void()>& work);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_SUPPORT_CHILD_PROCESS_H_
