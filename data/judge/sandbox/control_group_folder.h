// Finds the folder in which this process may make control groups.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_CONTROL_GROUP_FOLDER_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_CONTROL_GROUP_FOLDER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

// The version 2 group of this process, if it is ours to divide and has the
// memory and pids controllers. Moves this process into a group below it, since
// a group that is divided may hold no processes itself.
absl::StatusOr<std::string> FindControlGroupFolder();

// Where a process is in the version 2 hierarchy, from the texts of its
// /proc/<process>/cgroup and /proc/<process>/mountinfo.
absl::StatusOr<std::string> ControlGroupPath(absl::string_view cgroup,
                                             absl::string_view mountinfo);

// Readies `folder`, the group of `process`, for groups below it.
absl::StatusOr<std::string> DivideControlGroup(const std::string& folder,
                                               int process);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_CONTROL_GROUP_FOLDER_H_
