// The process above the program: the first of its process namespace, where it
// has one. Builds the surroundings, starts the program, ends what it leaves.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_WARDEN_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_WARDEN_H_

#include <sys/types.h>

#include <cstdint>

#include "data/judge/sandbox/launch_protocol.h"

namespace limbeck {

// What the supervisor tells the warden when it may begin.
enum class WardenOrder : char {
  kOneUser = '1',   // this namespace knows one user, or there is none
  kTwoUsers = '2',  // root, and kProgramUser for the program
};

// The program's user and group within a user namespace.
inline constexpr uid_t kProgramUser = 1000;

// The warden's first words; an encoded LaunchReport follows.
struct WardenStart {
  int64_t program = -1;              // its process number as the warden sees it
  uint64_t own_cpu_nanoseconds = 0;  // spent by the warden so far
};

// Waits for the order on `orders`, runs the plan, tells `messages`. Forgets the
// plan's files once they are written.
[[noreturn]] void RunWarden(LaunchPlan& plan, int orders, int messages);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_WARDEN_H_
