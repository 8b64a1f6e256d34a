// A runner that answers from a list: for what a machine cannot be made to do.
#ifndef LIMBECK_TESTS_DATA_JUDGE_FAKE_RUNNER_H_
#define LIMBECK_TESTS_DATA_JUDGE_FAKE_RUNNER_H_

#include <deque>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/judge/sandbox/program_runner.h"

namespace limbeck {

class FakeRunner final : public ProgramRunner {
 public:
  explicit FakeRunner(std::deque<absl::StatusOr<SandboxResult>> answers,
                      IsolationLevel level = IsolationLevel::kB)
      : level_(level), answers_(std::move(answers)) {}

  absl::StatusOr<SandboxResult> Run(
      const SandboxCommand& command) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    commands_.push_back(command);
    if (answers_.empty()) return absl::InternalError("no answer left");
    absl::StatusOr<SandboxResult> answer = answers_.front();
    answers_.pop_front();
    return answer;
  }
  IsolationLevel level() const override { return level_; }

  const std::vector<SandboxCommand>& commands() const { return commands_; }

 private:
  const IsolationLevel level_;
  mutable std::mutex mutex_;
  mutable std::deque<absl::StatusOr<SandboxResult>> answers_;
  mutable std::vector<SandboxCommand> commands_;
};

// A program that ended well.
inline SandboxResult Exited(const std::string& output, int exit_code = 0) {
  SandboxResult result;
  result.output = output;
  result.exit_code = exit_code;
  return result;
}

// A program that was stopped, or took that long.
inline SandboxResult Stopped(SandboxOutcome outcome, double cpu_seconds) {
  SandboxResult result;
  result.outcome = outcome;
  result.cpu_seconds = cpu_seconds;
  return result;
}

}  // namespace limbeck

#endif  // LIMBECK_TESTS_DATA_JUDGE_FAKE_RUNNER_H_
