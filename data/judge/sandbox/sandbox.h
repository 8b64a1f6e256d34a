// Runs programs that nobody trusts, as well shut in as this machine allows.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_SANDBOX_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_SANDBOX_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/judge/sandbox/isolation.h"
#include "data/judge/sandbox/program_runner.h"

namespace limbeck {

class LaunchKit;

struct SandboxOptions {
  // A machine that cannot offer this is refused. kNone is the explicit consent
  // to run programs with resource limits only.
  IsolationLevel min_isolation = IsolationLevel::kB;
  // Exactly this level instead of the strongest that works.
  std::optional<IsolationLevel> exact_isolation;
  // Folders, besides /usr, /bin, /lib* and /etc/alternatives, that programs may
  // read under the same path: an interpreter's prefix, a precompiled header.
  std::vector<std::string> read_only_folders;
  // Where boxes live on levels below B (the others keep them in memory). Users
  // of every kind must be able to pass through it.
  std::string scratch_directory = "/tmp";
};

// Starts each program through a small static launcher process of its own, so
// that nothing of the caller's memory, descriptors or environment is near it.
// Whatever ends the run, the program and all that it started are gone when Run
// returns, and so are its files.
class Sandbox final : public ProgramRunner {
 public:
  static absl::StatusOr<std::unique_ptr<Sandbox>> Create(
      SandboxOptions options);
  ~Sandbox() override;

  absl::StatusOr<SandboxResult> Run(
      const SandboxCommand& command) const override;
  IsolationLevel level() const override { return level_; }

 private:
  Sandbox(SandboxOptions options, IsolationLevel level,
          std::unique_ptr<const LaunchKit> kit);

  const SandboxOptions options_;
  const IsolationLevel level_;
  const std::unique_ptr<const LaunchKit> kit_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_SANDBOX_H_
