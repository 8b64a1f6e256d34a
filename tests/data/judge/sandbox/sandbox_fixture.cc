#include "tests/data/judge/sandbox/sandbox_fixture.h"

#include <glob.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

std::string ReadText(const std::string& path) {
  // A process may end while its file in /proc is read: that is an empty text,
  // which a stream's operator reports by its state and does not throw.
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// In the command line of all that this test process starts.
std::string Mark() { return absl::StrCat("limbeck-test-", getpid()); }

}  // namespace

int CountProcessesWith(absl::string_view text) {
  glob_t found = {};
  glob("/proc/[0-9]*/cmdline", 0, nullptr, &found);
  int count = 0;
  for (size_t i = 0; i < found.gl_pathc; ++i) {
    const std::string line = ReadText(found.gl_pathv[i]);
    if (line.find(std::string(text)) != std::string::npos) ++count;
  }
  globfree(&found);
  return count;
}

absl::StatusOr<std::unique_ptr<Sandbox>> SandboxOf(
    IsolationLevel level, const std::string& scratch_directory) {
  SandboxOptions options;
  options.min_isolation = IsolationLevel::kNone;
  options.exact_isolation = level;
  options.scratch_directory = scratch_directory;
  return Sandbox::Create(options);
}

SandboxCommand HostileCommand(absl::string_view way) {
  SandboxCommand command;
  command.argv = {"./hostile", std::string(way), Mark()};
  command.files = {{"hostile", *ReadFile(LIMBECK_HOSTILE_PROGRAM), true}};
  // Generous: the machine may be busy with other tests.
  command.limits.cpu_seconds = 5;
  command.limits.wall_seconds = 30;
  command.limits.memory_bytes = uint64_t{64} << 20;
  command.limits.file_bytes = uint64_t{8} << 20;
  command.limits.output_bytes = uint64_t{1} << 20;
  command.limits.processes = 16;
  return command;
}

SandboxCommand PythonCommand(absl::string_view code) {
  SandboxCommand command;
  command.argv = {"/usr/bin/python3", "-I", "-S", "main.py", Mark()};
  command.files = {{"main.py", std::string(code)}};
  command.limits.wall_seconds = 60;
  command.limits.memory_bytes = uint64_t{128} << 20;
  return command;
}

// Everything that a run could leave in or around this process.
std::string SandboxTest::Surroundings() const {
  std::ostringstream text;
  const std::filesystem::directory_iterator folder("/proc/self/fd");
  text << std::distance(begin(folder), end(folder)) << " descriptors, ";
  const pid_t child = waitpid(-1, nullptr, WNOHANG);
  text << (child < 0 && errno == ECHILD ? "no children, " : "children, ");
  text << CountProcessesWith(Mark()) << " processes, "
       << ListDirectory(boxes_.path())->size() << " boxes, mounts:\n"
       << ReadText("/proc/self/mountinfo");
  return text.str();
}

void SandboxTest::SetUp() {
  ASSERT_EQ(chmod(boxes_.path().c_str(), 0755), 0);
  absl::StatusOr<std::unique_ptr<Sandbox>> sandbox =
      SandboxOf(GetParam(), boxes_.path());
  if (!sandbox.ok()) {
    GTEST_SKIP() << "level " << IsolationName(GetParam())
                 << " is not to be had here: " << sandbox.status().message();
  }
  sandbox_ = *std::move(sandbox);
  before_ = Surroundings();
}

void SandboxTest::TearDown() {
  if (sandbox_ == nullptr) return;  // skipped
  EXPECT_EQ(Surroundings(), before_);
}

SandboxResult SandboxTest::Run(const SandboxCommand& command) {
  absl::StatusOr<SandboxResult> result = sandbox_->Run(command);
  EXPECT_THAT(result, IsOk());
  if (!result.ok()) return {};
  EXPECT_EQ(result->isolation, GetParam());
  return *std::move(result);
}

SandboxResult SandboxTest::RunHostile(absl::string_view way) {
  return Run(HostileCommand(way));
}

std::string LevelName(const testing::TestParamInfo<IsolationLevel>& info) {
  return absl::StrCat("Level", IsolationName(info.param));
}

}  // namespace limbeck
