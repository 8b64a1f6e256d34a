// The launcher: a small static program that runs one other program shut in.
// Started by data/judge/sandbox/launch.cc, never by people.
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "data/judge/sandbox/launch_protocol.h"
#include "data/judge/sandbox/launcher/supervisor.h"
#include "data/judge/sandbox/launcher/system.h"

namespace limbeck {
namespace {

// Nothing that the caller had open may come near the program.
void ForgetCaller(bool side_channel) {
  close_range(kNumLauncherDescriptors, ~0U, 0);
  if (!side_channel) close(kSideChannelDescriptor);
}

bool ReadPlan(LaunchPlan& plan) {
  struct stat about = {};
  if (fstat(kPlanDescriptor, &about) != 0) return false;
  const auto size = static_cast<size_t>(about.st_size);
  void* bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, kPlanDescriptor, 0);
  if (bytes == MAP_FAILED) return false;
  const bool whole = DecodePlan({static_cast<const char*>(bytes), size}, plan);
  munmap(bytes, size);
  return whole;
}

int Main() {
  setsid();  // an interrupt from the terminal is for the caller to handle
  LaunchPlan plan;
  LaunchReport report;
  if (ReadPlan(plan)) {
    ForgetCaller(plan.side_channel);
    report = Supervise(plan);
  } else {
    report.failure = "the plan cannot be read";
  }
  return WriteFully(kReportDescriptor, EncodeReport(report)) ? 0 : 1;
}

}  // namespace
}  // namespace limbeck

int main() { return limbeck::Main(); }
