// Whether somebody works in a workspace now.
#ifndef LIMBECK_RECIPES_CONSOLE_RUNNING_PROCESS_H_
#define LIMBECK_RECIPES_CONSOLE_RUNNING_PROCESS_H_

#include <string>

namespace limbeck {

// Number of the process that holds the workspace's lock, as text; empty when
// nobody does. Never keeps a run from starting.
std::string RunningProcess(const std::string& workspace);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_CONSOLE_RUNNING_PROCESS_H_
