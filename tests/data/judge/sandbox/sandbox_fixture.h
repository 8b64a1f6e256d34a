// Sandboxes of each level, and the proof that a run has left nothing behind.
#ifndef LIMBECK_TESTS_DATA_JUDGE_SANDBOX_SANDBOX_FIXTURE_H_
#define LIMBECK_TESTS_DATA_JUDGE_SANDBOX_SANDBOX_FIXTURE_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "data/judge/sandbox/sandbox.h"
#include "gtest/gtest.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {

// At this very level; an error where the machine does not offer it.
absl::StatusOr<std::unique_ptr<Sandbox>> SandboxOf(
    IsolationLevel level, const std::string& scratch_directory = "/tmp");

// hostile_program.cc as a file of the box, in one of its ways.
SandboxCommand HostileCommand(absl::string_view way);
// A Python program that is `code`.
SandboxCommand PythonCommand(absl::string_view code);

// Every run must leave descriptors, children, mounts and boxes as they were.
// Skipped, by the parameter's name, where the machine lacks the level.
class SandboxTest : public testing::TestWithParam<IsolationLevel> {
 protected:
  void SetUp() override;
  void TearDown() override;

  bool own_root() const { return GetParam() >= IsolationLevel::kB; }
  SandboxResult Run(const SandboxCommand& command);
  SandboxResult RunHostile(absl::string_view way);

  std::unique_ptr<Sandbox> sandbox_;

 private:
  std::string Surroundings() const;

  TemporaryDirectory boxes_{TemporaryPlace::kMemory};
  std::string before_;
};

// The level's name, for INSTANTIATE_TEST_SUITE_P.
std::string LevelName(const testing::TestParamInfo<IsolationLevel>& info);

// Numbers of processes on this machine with `text` in their command line.
int CountProcessesWith(absl::string_view text);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_DATA_JUDGE_SANDBOX_SANDBOX_FIXTURE_H_
