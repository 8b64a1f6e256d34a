// The folder that a program works in: what is put in, what is taken out, and
// its removal however the program has left it.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_BOX_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_BOX_H_

#include <sys/types.h>

#include <string>

#include "data/judge/sandbox/launch_protocol.h"
#include "data/judge/sandbox/launcher/system.h"

namespace limbeck {

// Writes the plan's files into the working directory.
Failure PutFilesHere(const LaunchPlan& plan, uid_t user);

// Those of plan.collect that are plain files in the working directory, with no
// second name and not larger than plan.file_bytes. Only once nothing else runs
// in it.
void CollectFilesHere(const LaunchPlan& plan, LaunchReport& report);

// For levels without a root of their own: a new folder in
// plan.scratch_directory, its path in `path`, with the plan's files in it.
Failure MakeScratchBox(const LaunchPlan& plan, uid_t user, std::string& path);
// Removes it with all it holds, following no link, at any depth.
void RemoveScratchBox(const std::string& path);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_BOX_H_
