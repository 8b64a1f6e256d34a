// What the sandbox refuses to begin, and the names of levels and outcomes.
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "data/judge/sandbox/sandbox.h"
#include "gtest/gtest.h"
#include "tests/data/judge/sandbox/sandbox_fixture.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

struct BadCommand {
  const char* text;  // in the error
  std::function<void(SandboxCommand&)> spoil;
};

const std::vector<BadCommand>& BadCommands() {
  static const auto* const commands = new std::vector<BadCommand>{
      {"program ''", [](auto& c) { c.argv.clear(); }},
      {"program 'cat'", [](auto& c) { c.argv[0] = "cat"; }},
      {"zero byte", [](auto& c) { c.argv.push_back(std::string(1, '\0')); }},
      {"'NAME'", [](auto& c) { c.environment = {"NAME"}; }},
      {"'=x'", [](auto& c) { c.environment = {"=x"}; }},
      {"file name ''",
       [](auto& c) {
         c.files = {{"", ""}};
       }},
      {"file name '..'",
       [](auto& c) {
         c.files = {{"..", ""}};
       }},
      {"file name 'a/b'",
       [](auto& c) {
         c.files = {{"a/b", ""}};
       }},
      {"twice",
       [](auto& c) {
         c.files = {{"a", ""}, {"a", ""}};
       }},
      {"collect '../a'", [](auto& c) { c.collect = {"../a"}; }},
      {"cpu_seconds is 0", [](auto& c) { c.limits.cpu_seconds = 0; }},
      {"cpu_seconds is nan", [](auto& c) { c.limits.cpu_seconds = NAN; }},
      {"wall_seconds is -1", [](auto& c) { c.limits.wall_seconds = -1; }},
      {"wall_seconds is inf",
       [](auto& c) { c.limits.wall_seconds = INFINITY; }},
      {"memory_bytes is 0", [](auto& c) { c.limits.memory_bytes = 0; }},
      {"output_bytes is 0", [](auto& c) { c.limits.output_bytes = 0; }},
      {"error_bytes is 0", [](auto& c) { c.limits.error_bytes = 0; }},
      {"file_bytes is 0", [](auto& c) { c.limits.file_bytes = 0; }},
      {"processes is 0", [](auto& c) { c.limits.processes = 0; }},
      {"processes is 5000", [](auto& c) { c.limits.processes = 5000; }}};
  return *commands;
}

TEST(SandboxRequest, BadCommandsAreRefused) {
  SandboxOptions options;
  options.min_isolation = IsolationLevel::kNone;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto sandbox, Sandbox::Create(options));
  for (const BadCommand& bad : BadCommands()) {
    SandboxCommand command;
    command.argv = {"/bin/cat"};
    bad.spoil(command);
    EXPECT_THAT(sandbox->Run(command),
                IsError(absl::StatusCode::kInvalidArgument, bad.text));
  }
}

TEST(SandboxRequest, BadFoldersAreRefused) {
  for (const char* folder :
       {"", "/", "usr", "/usr/../etc", "/no/such/folder"}) {
    SandboxOptions options;
    options.read_only_folders = {folder};
    EXPECT_THAT(Sandbox::Create(options),
                IsError(absl::StatusCode::kInvalidArgument,
                        "is not the absolute path of an existing folder"));
  }
  SandboxOptions options;
  options.scratch_directory = "/no/such/folder";
  EXPECT_THAT(Sandbox::Create(options),
              IsError(absl::StatusCode::kInvalidArgument, "scratch directory"));
}

TEST(SandboxRequest, WeakerThanAskedForIsRefused) {
  SandboxOptions options;
  options.exact_isolation = IsolationLevel::kD;  // min_isolation is B
  EXPECT_THAT(Sandbox::Create(options),
              IsError(absl::StatusCode::kInvalidArgument,
                      "exact_isolation D is weaker than min_isolation B"));
}

TEST(SandboxRequest, NamesOfLevels) {
  for (const IsolationLevel level :
       {IsolationLevel::kNone, IsolationLevel::kD, IsolationLevel::kC,
        IsolationLevel::kB, IsolationLevel::kA}) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const IsolationLevel parsed,
                                 ParseIsolation(IsolationName(level)));
    EXPECT_EQ(parsed, level);
  }
  EXPECT_THAT(ParseIsolation("b"),
              IsError(absl::StatusCode::kInvalidArgument, "'b' is none of"));
  EXPECT_EQ(SandboxOutcomeName(SandboxOutcome::kWallLimit), "wall_limit");
}

TEST(SandboxRequest, ProbeNamesWhatIsMissingForTheStrongerLevels) {
  const IsolationReport report = ProbeIsolation();
  EXPECT_EQ(report.obstacles.size(), static_cast<size_t>(IsolationLevel::kA) -
                                         static_cast<size_t>(report.level));
  for (const IsolationObstacle& obstacle : report.obstacles) {
    EXPECT_GT(obstacle.level, report.level);
    EXPECT_NE(obstacle.reason, "");
    EXPECT_NE(obstacle.advice, "");
  }
}

// The caller is killed without a chance to tidy up.
TEST(SandboxRequest, NothingOutlivesAKilledCaller) {
  SandboxOptions options;
  options.min_isolation = IsolationLevel::kNone;
  const pid_t caller = fork();
  if (caller == 0) {
    SandboxCommand command = HostileCommand("ignore_signals");
    command.argv.push_back("orphan-of-a-killed-caller");
    command.limits.wall_seconds = 600;
    auto sandbox = Sandbox::Create(options);
    if (sandbox.ok()) (void)(*sandbox)->Run(command);
    _exit(1);
  }
  constexpr char kMark[] = "orphan-of-a-killed-caller";
  for (int i = 0; i < 500 && CountProcessesWith(kMark) == 0; ++i)
    usleep(10'000);
  EXPECT_EQ(CountProcessesWith(kMark), 1);
  kill(caller, SIGKILL);
  waitpid(caller, nullptr, 0);
  for (int i = 0; i < 500 && CountProcessesWith(kMark) > 0; ++i) usleep(10'000);
  EXPECT_EQ(CountProcessesWith(kMark), 0);
}

}  // namespace
}  // namespace limbeck
