// What it means to run one program that nobody trusts: command, limits, result.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_PROGRAM_RUNNER_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_PROGRAM_RUNNER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/judge/sandbox/isolation.h"

namespace limbeck {

// A file put into the box, the program's working directory, before it starts.
struct SandboxFile {
  std::string name;  // one path component
  std::string content;
  bool executable = false;
};

// All bounds hold for the program and everything that it starts, together,
// unless stated otherwise. 0 is refused.
struct SandboxLimits {
  double cpu_seconds = 10;
  double wall_seconds = 21;
  // Resident memory; the stack may take all of it. Address space that is only
  // reserved does not count (bound: this for each thread, and 4 GiB).
  uint64_t memory_bytes = uint64_t{512} << 20;
  // Standard output, and apart from it the side channel: more ends the run.
  uint64_t output_bytes = uint64_t{64} << 20;
  // Standard error is cut here and the run goes on.
  uint64_t error_bytes = uint64_t{1} << 20;
  // All files in the box and in the folder for temporary files (levels A and
  // B); each single file on every level.
  uint64_t file_bytes = uint64_t{64} << 20;
  uint64_t processes = 64;  // processes and threads at once
};

struct SandboxCommand {
  // argv[0] is an absolute path, or "./name" of a file in the box.
  std::vector<std::string> argv;
  // "NAME=value". HOME (the box), TMPDIR (writable) and PATH are added where
  // missing; nothing is taken from the caller's own environment.
  std::vector<std::string> environment;
  std::string standard_input;
  std::vector<SandboxFile> files;
  SandboxLimits limits;
  // Opens descriptor 3 of the program for writing; its bytes come back apart
  // from standard output.
  bool side_channel = false;
  // Files of the box to bring back after a normal exit, one path component
  // each. Missing ones, and what is no plain file, are left out of the result.
  std::vector<std::string> collect;
};

enum class SandboxOutcome {
  kExited,
  kSignalled,
  kCpuLimit,
  kWallLimit,
  kMemoryLimit,
  kOutputLimit,
};

// "exited", "signalled", "cpu_limit", "wall_limit", "memory_limit",
// "output_limit".
absl::string_view SandboxOutcomeName(SandboxOutcome outcome);

struct SandboxResult {
  SandboxOutcome outcome = SandboxOutcome::kExited;
  int exit_code = 0;         // of kExited
  int signal = 0;            // of kSignalled
  std::string output;        // at most limits.output_bytes
  std::string error;         // at most limits.error_bytes
  std::string side_channel;  // at most limits.output_bytes
  std::vector<std::pair<std::string, std::string>> collected;  // name, content
  double cpu_seconds = 0;   // user and system, whole tree
  double wall_seconds = 0;  // from the start of the program to its end
  uint64_t peak_bytes = 0;  // resident, whole tree
  // Of kWallLimit: how long one thread, the one with most of it, could have run
  // but got no core. 0 where the system does not tell.
  double waited_seconds = 0;
  IsolationLevel isolation = IsolationLevel::kNone;
  std::string detail;  // one sentence for people
};

// Runs one program at a time per call; calls from several threads at once are
// fine. An error is a failure of the machinery, never of the program.
class ProgramRunner {
 public:
  virtual ~ProgramRunner() = default;
  virtual absl::StatusOr<SandboxResult> Run(
      const SandboxCommand& command) const = 0;
  virtual IsolationLevel level() const = 0;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_PROGRAM_RUNNER_H_
