// The launcher's part outside: starts the warden, watches the limits, reports.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_SUPERVISOR_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_SUPERVISOR_H_

#include "data/judge/sandbox/launch_protocol.h"

namespace limbeck {

// Runs the plan to its end. Afterwards nothing of it is left.
LaunchReport Supervise(LaunchPlan& plan);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_SUPERVISOR_H_
