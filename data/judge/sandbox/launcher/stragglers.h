// Ends what a program leaves behind where no process namespace does it.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_STRAGGLERS_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_STRAGGLERS_H_

#include <sys/types.h>

#include <cstdint>

namespace limbeck {

// Kills and reaps all children of this process, which is their reaper, and
// what comes to it meanwhile. `private_user`, unless 0, is the user that all
// of them and nobody else have.
void EndAllChildren(uid_t private_user);

// Processes and threads that `user` has on this machine.
uint64_t CountTasksOf(uid_t user);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_STRAGGLERS_H_
