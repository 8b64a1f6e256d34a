// What this process has used of the machine, as the kernel tells it.
#ifndef LIMBECK_RECIPES_CONSOLE_RESOURCE_USAGE_H_
#define LIMBECK_RECIPES_CONSOLE_RESOURCE_USAGE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace limbeck {

// User and system time of this process and its finished children.
double CpuSeconds();

// Largest resident memory since ResetPeakMemory (where the kernel allows that,
// else since the start).
uint64_t PeakMemoryBytes();
void ResetPeakMemory();

// Memory that this process may use: the machine's, or less in a container.
uint64_t UsableMemoryBytes();
// Memory of the above that is free now.
uint64_t AvailableMemoryBytes();
// Free bytes on the disk that holds `path` (or its nearest existing parent).
absl::StatusOr<uint64_t> FreeDiskBytes(const std::string& path);

// Energy of the processor packages since the object was made, from the
// counters of Linux's powercap (RAPL). They wrap after minutes under load, so
// Joules has to be called now and then.
class EnergyMeter {
 public:
  explicit EnergyMeter(
      const std::string& powercap_directory = "/sys/class/powercap");

  // nullopt where the machine does not tell (no counters, or not readable).
  std::optional<double> Joules();

 private:
  struct Counter {
    std::string path;
    uint64_t range_microjoules = 0;
    uint64_t last_microjoules = 0;
  };
  std::vector<Counter> counters_;
  double joules_ = 0;
};

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_CONSOLE_RESOURCE_USAGE_H_
