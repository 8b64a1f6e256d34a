#include "data/judge/sandbox/launcher/process_sampler.h"

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "data/judge/sandbox/launcher/system.h"

namespace limbeck {
namespace {

// A bomb is stopped by its limits; a look at it stays short.
constexpr size_t kMaxProcesses = 4096;

std::string ProcessPath(pid_t process, const char* name) {
  return "/proc/" + std::to_string(process) + "/" + name;
}

uint64_t ResidentBytes(pid_t process) {
  const std::string text = ReadSmallFile(ProcessPath(process, "statm"));
  const char* space = strchr(text.c_str(), ' ');
  if (space == nullptr) return 0;
  return strtoull(space, nullptr, 10) *
         static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

// "time on a core, time waiting for one, turns"
uint64_t WaitOf(const std::string& task) {
  const std::string text = ReadSmallFile(task + "/schedstat");
  const char* space = strchr(text.c_str(), ' ');
  return space == nullptr ? 0 : strtoull(space, nullptr, 10);
}

}  // namespace

void ProcessSampler::AddChildrenOf(pid_t parent) {
  const std::string tasks = ProcessPath(parent, "task");
  DIR* directory = opendir(tasks.c_str());
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] == '.') continue;
    const std::string text =
        ReadSmallFile(tasks + "/" + entry->d_name + "/children");
    const char* rest = text.c_str();
    for (char* end = nullptr; processes_.size() < kMaxProcesses; rest = end) {
      const auto child = static_cast<pid_t>(strtol(rest, &end, 10));
      if (end == rest) break;
      processes_.push_back(child);
    }
  }
  closedir(directory);
}

void ProcessSampler::CountCpu(pid_t process) {
  clockid_t clock = 0;
  timespec used = {};
  if (clock_getcpuclockid(process, &clock) != 0 ||
      clock_gettime(clock, &used) != 0) {
    return;
  }
  const uint64_t nanoseconds =
      static_cast<uint64_t>(used.tv_sec) * 1'000'000'000 +
      static_cast<uint64_t>(used.tv_nsec);
  uint64_t& last = last_cpu_nanoseconds_[process];
  // Less than before: another process got the same number.
  cpu_nanoseconds_ += nanoseconds >= last ? nanoseconds - last : nanoseconds;
  last = nanoseconds;
}

void ProcessSampler::Sample() {
  processes_.clear();
  resident_bytes_ = 0;
  AddChildrenOf(root_);
  for (size_t i = 0; i < processes_.size(); ++i) {
    const pid_t process = processes_[i];
    resident_bytes_ += ResidentBytes(process);
    CountCpu(process);
    AddChildrenOf(process);
  }
}

uint64_t ProcessSampler::ProportionalBytes() const {
  uint64_t sum = 0;
  for (const pid_t process : processes_) {
    const std::string text =
        ReadSmallFile(ProcessPath(process, "smaps_rollup"));
    const char* line = strstr(text.c_str(), "\nPss:");
    sum += line == nullptr
               ? ResidentBytes(process)
               : strtoull(line + strlen("\nPss:"), nullptr, 10) * 1024;
  }
  return sum;
}

uint64_t ProcessSampler::LongestWaitNanoseconds() const {
  uint64_t longest = 0;
  for (const pid_t process : processes_) {
    const std::string tasks = ProcessPath(process, "task");
    DIR* directory = opendir(tasks.c_str());
    if (directory == nullptr) continue;
    while (const dirent* entry = readdir(directory)) {
      if (entry->d_name[0] == '.') continue;
      longest = std::max(longest, WaitOf(tasks + "/" + entry->d_name));
    }
    closedir(directory);
  }
  return longest;
}

}  // namespace limbeck
