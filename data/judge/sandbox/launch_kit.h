// What every run of this process needs: launcher image, system call filters,
// control group; and the trial that tells which levels work.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCH_KIT_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCH_KIT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/judge/sandbox/isolation.h"
#include "data/judge/sandbox/launch.h"
#include "data/judge/sandbox/launch_protocol.h"

namespace limbeck {

class LaunchKit {
 public:
  // Levels below kB make their boxes in `scratch_directory`.
  static absl::StatusOr<std::unique_ptr<LaunchKit>> Create(
      std::string scratch_directory);

  // A plan with level, filter and control group; limits and program are open.
  LaunchPlan NewPlan(IsolationLevel level) const;
  const LauncherImage& image() const { return *image_; }

  // Sets the level up for real, without a program. An error says what is
  // missing.
  absl::Status Try(IsolationLevel level) const;

 private:
  explicit LaunchKit(std::string scratch_directory);

  const std::string scratch_directory_;
  std::unique_ptr<LauncherImage> image_;
  std::string own_filter_;     // with a process namespace
  std::string shared_filter_;  // without
  absl::StatusOr<std::string> control_group_ =
      absl::UnknownError("not looked for");
};

// The levels from kA down, tried until one works.
IsolationReport FindStrongestLevel(const LaunchKit& kit);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCH_KIT_H_
