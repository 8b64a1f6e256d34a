// The file system that a program in namespaces of its own gets to see.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_ROOT_VIEW_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_ROOT_VIEW_H_

#include <sys/types.h>

#include "data/judge/sandbox/launch_protocol.h"
#include "data/judge/sandbox/launcher/system.h"

namespace limbeck {

// The program's working directory in its own root.
inline constexpr char kBoxPath[] = "/box";
// Its folder for temporary files there.
inline constexpr char kBoxTemporaryPath[] = "/tmp";

// Replaces the root of this mount namespace by one in memory: system folders
// read-only at their places, a few devices, /box and /tmp of bounded size, no
// /proc. Puts the plan's files into /box and goes there. `user` will own it.
Failure EnterRootView(const LaunchPlan& plan, uid_t user);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_ROOT_VIEW_H_
