// Starts the launcher for one run, feeds it, drains it, reads its report.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCH_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCH_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/judge/sandbox/launch_protocol.h"

namespace limbeck {

// The launcher as an open file in memory that can be executed.
class LauncherImage {
 public:
  static absl::StatusOr<std::unique_ptr<LauncherImage>> Create();
  ~LauncherImage();
  LauncherImage(const LauncherImage&) = delete;
  LauncherImage& operator=(const LauncherImage&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  explicit LauncherImage(int descriptor) : descriptor_(descriptor) {}

  const int descriptor_;
};

struct LaunchInput {
  absl::string_view standard_input;
  uint64_t max_output_bytes = 0;  // and of the side channel
  uint64_t max_error_bytes = 0;
};

struct LaunchOutput {
  LaunchReport report;
  std::string output;
  std::string error;
  std::string side_channel;
  // Standard output or the side channel wanted to be longer.
  bool output_too_long = false;
};

// Blocks until the run is over. An error: the launcher could not be started,
// could not build the surroundings or did not answer.
absl::StatusOr<LaunchOutput> Launch(const LauncherImage& image,
                                    const LaunchPlan& plan,
                                    const LaunchInput& input);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCH_H_
