#include "recipes/console/resource_usage.h"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace limbeck {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) * 1e-6;
}

// First line of one of the kernel's small text files; empty when unreadable.
std::string ReadLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<uint64_t> ReadNumber(const std::string& path) {
  uint64_t number;
  if (!absl::SimpleAtoi(ReadLine(path), &number)) return std::nullopt;
  return number;
}

// "Name:   1234 kB" of a /proc file, in bytes; 0 when absent.
uint64_t KilobyteField(const std::string& path, absl::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!absl::StartsWith(line, absl::StrCat(name, ":"))) continue;
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    uint64_t kilobytes = 0;
    if (words.size() >= 2 && absl::SimpleAtoi(words[1], &kilobytes)) {
      return kilobytes * 1024;
    }
  }
  return 0;
}

}  // namespace

double CpuSeconds() {
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage = {};
    if (getrusage(who, &usage) != 0) continue;
    seconds += Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
  }
  return seconds;
}

uint64_t PeakMemoryBytes() {
  return KilobyteField("/proc/self/status", "VmHWM");
}

void ResetPeakMemory() {
  // "5" resets the peak resident size: proc(5), clear_refs.
  std::ofstream("/proc/self/clear_refs") << "5";
}

uint64_t UsableMemoryBytes() {
  uint64_t bytes = KilobyteField("/proc/meminfo", "MemTotal");
  for (const char* limit : {"/sys/fs/cgroup/memory.max",
                            "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    const std::optional<uint64_t> number = ReadNumber(limit);
    if (number.has_value()) bytes = std::min(bytes, *number);
  }
  return bytes;
}

uint64_t AvailableMemoryBytes() {
  return std::min(KilobyteField("/proc/meminfo", "MemAvailable"),
                  UsableMemoryBytes());
}

absl::StatusOr<uint64_t> FreeDiskBytes(const std::string& path) {
  std::error_code error;
  std::filesystem::path place = std::filesystem::absolute(path, error);
  while (!std::filesystem::exists(place, error) && place.has_parent_path() &&
         place != place.parent_path()) {
    place = place.parent_path();
  }
  struct statvfs disk = {};
  if (statvfs(place.c_str(), &disk) != 0) {
    return absl::InternalError(
        absl::StrCat("cannot ask for the free space at ", place.string()));
  }
  return static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
}

EnergyMeter::EnergyMeter(const std::string& powercap_directory) {
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(powercap_directory, error)) {
    const std::string name = entry.path().filename().string();
    // intel-rapl:0 is a package; intel-rapl:0:1 is a part of it.
    const std::vector<std::string> parts = absl::StrSplit(name, ':');
    if (parts.size() != 2 || parts[0] != "intel-rapl") continue;
    Counter counter;
    counter.path = (entry.path() / "energy_uj").string();
    const auto now = ReadNumber(counter.path);
    const auto range =
        ReadNumber((entry.path() / "max_energy_range_uj").string());
    if (!now.has_value() || !range.has_value()) continue;
    counter.last_microjoules = *now;
    counter.range_microjoules = *range;
    counters_.push_back(counter);
  }
}

std::optional<double> EnergyMeter::Joules() {
  if (counters_.empty()) return std::nullopt;
  for (Counter& counter : counters_) {
    const std::optional<uint64_t> now = ReadNumber(counter.path);
    if (!now.has_value()) continue;
    const uint64_t used =
        *now >= counter.last_microjoules
            ? *now - counter.last_microjoules
            : counter.range_microjoules - counter.last_microjoules + *now;
    joules_ += static_cast<double>(used) * 1e-6;
    counter.last_microjoules = *now;
  }
  return joules_;
}

}  // namespace limbeck
