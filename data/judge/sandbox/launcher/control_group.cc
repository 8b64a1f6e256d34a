#include "data/judge/sandbox/launcher/control_group.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace limbeck {
namespace {

// Beyond the program's own memory: the warden, page tables, cached pages of
// libraries. What the program itself may use is checked precisely elsewhere;
// this is the lock behind it.
constexpr uint64_t kSlackBytes = uint64_t{64} << 20;
// The warden and the process that becomes the program.
constexpr uint64_t kExtraProcesses = 2;

}  // namespace

Failure ControlGroup::Make(const LaunchPlan& plan) {
  const std::string path =
      plan.control_group + "/limbeck-" + std::to_string(getpid());
  // Left by a launcher that was killed, and by chance of our number.
  rmdir(path.c_str());
  if (mkdir(path.c_str(), 0755) != 0) return SystemFailure("mkdir " + path);
  path_ = path;
  const uint64_t memory = plan.memory_bytes + plan.file_bytes + kSlackBytes;
  Failure f = WriteInto(path_ + "/memory.max", std::to_string(memory));
  if (!f.empty()) return f;
  // Absent without a swap device or its accounting.
  WriteInto(path_ + "/memory.swap.max", "0");
  return WriteInto(path_ + "/pids.max",
                   std::to_string(plan.processes + kExtraProcesses));
}

Failure ControlGroup::Hold(pid_t process) {
  if (path_.empty()) return "";
  return WriteInto(path_ + "/cgroup.procs", std::to_string(process));
}

bool ControlGroup::RanOutOfMemory() const {
  if (path_.empty()) return false;
  const std::string events = ReadSmallFile(path_ + "/memory.events");
  const char* line = strstr(events.c_str(), "oom_kill ");
  return line != nullptr &&
         strtoull(line + strlen("oom_kill "), nullptr, 10) > 0;
}

void ControlGroup::Remove() {
  if (path_.empty()) return;
  WriteInto(path_ + "/cgroup.kill", "1");  // Linux 5.14
  // Processes that have ended leave their group a moment later.
  constexpr int kAttempts = 100;
  for (int i = 0; i < kAttempts && rmdir(path_.c_str()) != 0; ++i) {
    usleep(1000);
  }
  path_.clear();
}

}  // namespace limbeck
