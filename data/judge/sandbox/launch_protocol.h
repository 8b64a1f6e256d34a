// What the caller's process and the launcher tell each other: the plan of one
// run and the report on it. Knows no Abseil: the launcher links it statically.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCH_PROTOCOL_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCH_PROTOCOL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limbeck {

// Descriptors that the launcher is started with. 0 to 2 are the program's own.
enum LauncherDescriptor : int {
  kSideChannelDescriptor = 3,
  kPlanDescriptor = 4,      // a memory file that holds the plan
  kReportDescriptor = 5,    // the report is written here
  kLifelineDescriptor = 6,  // a byte or its end stops the run
  kNumLauncherDescriptors = 7,
};

// How the run is shut in; the values of IsolationLevel.
enum class LaunchLevel : uint64_t {
  kNone = 0,
  kFilter = 1,
  kLandlock = 2,
  kNamespaces = 3,
  kControlGroup = 4,
};

struct LaunchFile {
  std::string name;
  std::string content;
  bool executable = false;
};

struct LaunchPlan {
  LaunchLevel level = LaunchLevel::kNone;
  // Empty: everything is set up and the program ends at once with code 0.
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::vector<LaunchFile> files;
  std::vector<std::string> collect;
  std::vector<std::string> read_only_folders;
  std::string scratch_directory;
  std::string control_group;  // of kControlGroup: the folder that is ours
  std::string filter;         // an array of sock_filter, as bytes
  uint64_t cpu_nanoseconds = 0;
  uint64_t wall_nanoseconds = 0;
  uint64_t memory_bytes = 0;
  uint64_t file_bytes = 0;
  uint64_t processes = 0;
  bool side_channel = false;
};

// Which limit the launcher stopped the run for.
enum class LaunchStop : uint64_t {
  kNothing,
  kCpu,
  kWall,
  kMemory,
  kProcesses,
  kCaller,
};

struct LaunchReport {
  std::string failure;  // of the launcher; the rest then says nothing
  LaunchStop stop = LaunchStop::kNothing;
  uint64_t wait_status = 0;  // as waitpid gives it
  uint64_t cpu_nanoseconds = 0;
  uint64_t wall_nanoseconds = 0;
  uint64_t peak_bytes = 0;
  uint64_t waited_nanoseconds = 0;  // see SandboxResult
  std::vector<std::pair<std::string, std::string>> collected;  // name, content
};

std::string EncodePlan(const LaunchPlan& plan);
std::string EncodeReport(const LaunchReport& report);
// False where the bytes are cut off or hold more than one message.
bool DecodePlan(std::string_view bytes, LaunchPlan& plan);
bool DecodeReport(std::string_view bytes, LaunchReport& report);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCH_PROTOCOL_H_
