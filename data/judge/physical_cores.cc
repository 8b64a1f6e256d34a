#include "data/judge/physical_cores.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"

namespace limbeck {

int NumPhysicalCores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return 1;
  std::set<std::string> cores;  // each by the list of its hardware threads
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    std::ifstream file(absl::StrCat("/sys/devices/system/cpu/cpu", cpu,
                                    "/topology/thread_siblings_list"));
    std::string siblings;
    // Where the system does not say, each thread counts as a core.
    if (!std::getline(file, siblings)) siblings = absl::StrCat(cpu);
    cores.insert(siblings);
  }
  return std::max(1, static_cast<int>(cores.size()));
}

}  // namespace limbeck
