// The code judge: does a program do what its tests ask?
#ifndef LIMBECK_DATA_JUDGE_JUDGE_H_
#define LIMBECK_DATA_JUDGE_JUDGE_H_

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "data/judge/cpp_compiler.h"
#include "data/judge/judge_request.h"
#include "data/judge/machine_gate.h"
#include "data/judge/sandbox/program_runner.h"
#include "data/verify/verify_mode.h"

namespace limbeck {

// Bumped when a verdict can change.
inline constexpr int kJudgeVersion = 2;

struct JudgeOptions {
  // kCompat: LiveCodeBench's runner at 28fef95, Python only; never a reward.
  VerifyMode mode = VerifyMode::kSound;
  // A machine that offers less is refused.
  IsolationLevel min_isolation = IsolationLevel::kB;
  // Judges on any machine; where it offers less than `min_isolation`, nothing
  // is ever accepted (JudgeResult::unsafe_pass says what would have been).
  bool unsafe = false;
  // A real interpreter, not a script that looks for one.
  std::string python = "/usr/bin/python3";
  std::string compiler = "/usr/bin/g++";
  // Text of testlib.h for checkers of kind kTestlib; empty: not there.
  std::string testlib_header;
};

// Judges one request at a time per call; calls from several threads at once
// are fine, at most one per physical core keeps times fair. Neither that nor
// their order changes a verdict.
class Judge {
 public:
  static absl::StatusOr<std::unique_ptr<Judge>> Create(JudgeOptions options);
  // With a runner of one's own: a fake, or a sandbox that is already there.
  static std::unique_ptr<Judge> CreateWith(
      std::unique_ptr<const ProgramRunner> runner, JudgeOptions options);

  // An error means that the request cannot be judged as it stands (what is
  // missing or contradictory), or that the machine lacks the language. Failures
  // of the judge itself, of a test or of a checker are kJudgeError.
  absl::StatusOr<JudgeResult> Run(const JudgeRequest& request) const;

  IsolationLevel isolation() const { return runner_->level(); }

 private:
  Judge(std::unique_ptr<const ProgramRunner> runner, JudgeOptions options);

  absl::StatusOr<JudgeResult> RunInMode(const JudgeRequest& request) const;
  absl::StatusOr<JudgeResult> RunSound(const JudgeRequest& request) const;
  // The compiler, asked for once.
  absl::StatusOr<const CppCompiler*> Compiler() const;

  const std::unique_ptr<const ProgramRunner> runner_;
  const JudgeOptions options_;
  mutable MachineGate gate_;
  mutable std::mutex compiler_mutex_;  // guards the pointer
  mutable std::unique_ptr<const CppCompiler> compiler_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_JUDGE_H_
