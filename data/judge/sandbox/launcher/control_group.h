// A control group (version 2) around one run.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_CONTROL_GROUP_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_CONTROL_GROUP_H_

#include <sys/types.h>

#include <string>

#include "data/judge/sandbox/launch_protocol.h"
#include "data/judge/sandbox/launcher/system.h"

namespace limbeck {

// Unmade, it does nothing.
class ControlGroup {
 public:
  // A new group below plan.control_group with bounds on memory and processes.
  Failure Make(const LaunchPlan& plan);
  // Moves a process into it, and with it all that it will start.
  Failure Hold(pid_t process);
  // Whether the kernel had to kill in it.
  bool RanOutOfMemory() const;
  // Ends what is in it and removes it.
  void Remove();

 private:
  std::string path_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_CONTROL_GROUP_H_
