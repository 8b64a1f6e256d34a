// Bounds the paths of a program that has no root of its own.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_LANDLOCK_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_LANDLOCK_H_

#include "data/judge/sandbox/launch_protocol.h"
#include "data/judge/sandbox/launcher/system.h"

namespace limbeck {

// From now on this process and its children read and run system folders and
// plan.read_only_folders, and write only below the working directory.
Failure RestrictPaths(const LaunchPlan& plan);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_LANDLOCK_H_
