// How well this machine can shut in a program that nobody trusts.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_ISOLATION_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_ISOLATION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

// Ordered: a greater value isolates better.
enum class IsolationLevel {
  kNone = 0,  // resource limits only; never chosen unless asked for
  kD,         // seccomp and resource limits; a user of its own where root
  kC,         // kD and Landlock: writes only to its box, reads system folders
  kB,         // namespaces, a root file system of its own, seccomp and limits
  kA,         // kB and a control group that bounds memory and processes
};

// "none", "D", "C", "B", "A".
absl::string_view IsolationName(IsolationLevel level);
absl::StatusOr<IsolationLevel> ParseIsolation(absl::string_view name);

// Why a level cannot be had here, and what would open it.
struct IsolationObstacle {
  IsolationLevel level = IsolationLevel::kNone;
  std::string reason;  // what the system answered
  std::string advice;  // what to do, in one or two sentences
};

struct IsolationReport {
  IsolationLevel level = IsolationLevel::kNone;  // the strongest that works
  std::vector<IsolationObstacle> obstacles;      // of the stronger ones
};

// Sets up each level for real, strongest first, until one works. Takes some
// milliseconds.
IsolationReport ProbeIsolation();

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_ISOLATION_H_
