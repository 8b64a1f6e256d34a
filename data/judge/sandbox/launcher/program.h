// The last steps in the process that becomes the program.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_PROGRAM_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_PROGRAM_H_

#include <sys/types.h>

#include <string>

#include "data/judge/sandbox/launch_protocol.h"

namespace limbeck {

struct ProgramIdentity {
  uid_t user = 0;
  // False: user and groups are already right, and may not be set.
  bool change = false;
  // Processes that count for the limit besides the program's own.
  uint64_t other_processes = 0;
};

// Gives up every right and becomes plan.argv. What prevents that is written to
// `failure_descriptor`, which the start of the program closes.
[[noreturn]] void BecomeProgram(const LaunchPlan& plan,
                                const ProgramIdentity& identity,
                                const std::string& box, int failure_descriptor);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_PROGRAM_H_
