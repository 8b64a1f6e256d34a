// What the sandbox does for programs that behave, on every level.
#include "data/judge/sandbox/sandbox.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/data/judge/sandbox/sandbox_fixture.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

TEST_P(SandboxTest, InputReachesTheProgramAndOutputComesBack) {
  SandboxCommand command;
  command.argv = {"/bin/cat"};
  command.standard_input = absl::StrCat("bytes ", std::string(3, '\0'), "\xff");
  const SandboxResult result = Run(command);
  EXPECT_EQ(result.outcome, SandboxOutcome::kExited);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, command.standard_input);
  EXPECT_EQ(result.detail, "exited with code 0");
}

TEST_P(SandboxTest, LargeInputAndOutput) {
  SandboxCommand command;
  command.argv = {"/bin/cat"};
  command.standard_input.assign(size_t{20} << 20, 'x');
  EXPECT_EQ(Run(command).output, command.standard_input);
}

TEST_P(SandboxTest, ExitCodesAndErrorsComeBack) {
  const SandboxResult result =
      Run(PythonCommand("import sys\nsys.stderr.write('oh')\nsys.exit(7)\n"));
  EXPECT_EQ(result.outcome, SandboxOutcome::kExited);
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.error, "oh");
  EXPECT_EQ(result.detail, "exited with code 7");
}

TEST_P(SandboxTest, SideChannelIsApartFromTheOutput) {
  SandboxCommand command =
      PythonCommand("import os\nos.write(3, b'beside')\nprint('output')\n");
  command.side_channel = true;
  const SandboxResult result = Run(command);
  EXPECT_EQ(result.side_channel, "beside");
  EXPECT_EQ(result.output, "output\n");
}

TEST_P(SandboxTest, FilesGoInAndComeOut) {
  SandboxCommand command = PythonCommand(
      "text = open('in.txt', encoding='utf-8').read()\n"
      "open('out.txt', 'w', encoding='utf-8').write(text[::-1])\n"
      "open('empty.txt', 'w').close()\n");
  command.files.push_back({"in.txt", "öab"});
  command.collect = {"out.txt", "empty.txt", "absent.txt"};
  const SandboxResult result = Run(command);
  ASSERT_EQ(result.collected.size(), 2) << result.error;
  EXPECT_EQ(result.collected[0].second, "baö");
  EXPECT_EQ(result.collected[1].first, "empty.txt");
  EXPECT_EQ(result.collected[1].second, "");
}

TEST_P(SandboxTest, EachRunBeginsEmpty) {
  const SandboxCommand command = PythonCommand(
      "import os, tempfile\n"
      "print(sorted(os.listdir('.')))\n"
      "open('left.txt', 'w').write('x')\n"
      "tempfile.NamedTemporaryFile(delete=False).write(b'x')\n"
      "print(os.getcwd() == os.environ['HOME'])\n");
  for (int i = 0; i < 2; ++i) {
    const SandboxResult result = Run(command);
    EXPECT_EQ(result.output, "['main.py']\nTrue\n") << result.error;
  }
}

TEST_P(SandboxTest, UsualPythonWorks) {
  const SandboxResult result = Run(PythonCommand(
      "import asyncio, bisect, collections, functools, heapq, itertools, json\n"
      "import math, random, re, statistics, string, subprocess, sys, "
      "threading\n"
      "import concurrent.futures, decimal, fractions, operator, os, time\n"
      "sys.setrecursionlimit(50000)\n"
      "def depth(n): return 0 if n == 0 else 1 + depth(n - 1)\n"
      "print(depth(20000))\n"
      "with concurrent.futures.ThreadPoolExecutor(8) as pool:\n"
      "    print(sum(pool.map(int, '12345678')))\n"
      "print(subprocess.run(['/bin/echo', 'sub'], "
      "capture_output=True).stdout)\n"
      "async def wait(): await asyncio.sleep(0.001); return 'waited'\n"
      "print(asyncio.run(wait()))\n"
      "print(os.isatty(1), len(os.sched_getaffinity(0)) > 0)\n"));
  EXPECT_EQ(result.output, "20000\n36\nb'sub\\n'\nwaited\nFalse True\n")
      << result.error;
}

TEST_P(SandboxTest, CompilerWorksInside) {
  SandboxCommand command;
  command.argv = {"/usr/bin/g++", "-std=c++17", "-O1", "main.cc", "-o", "main"};
  command.files = {{"main.cc",
                    "#include <cstdio>\n"
                    "int main() { int a, b; scanf(\"%d%d\", &a, &b);\n"
                    "  printf(\"%d\\n\", a + b); }\n"}};
  command.collect = {"main"};
  const SandboxResult compiled = Run(command);
  ASSERT_EQ(compiled.exit_code, 0) << compiled.error;
  ASSERT_EQ(compiled.collected.size(), 1);
  SandboxCommand program;
  program.argv = {"./main"};
  program.files = {{"main", compiled.collected[0].second, true}};
  program.standard_input = "20 22";
  EXPECT_EQ(Run(program).output, "42\n");
}

TEST_P(SandboxTest, ThreadsWork) {
  const SandboxResult result = RunHostile("threads");
  EXPECT_EQ(result.output, "joined\n") << result.detail;
}

TEST_P(SandboxTest, CpuAndWallTimeAreTold) {
  const SandboxResult slept =
      Run(PythonCommand("import time\ntime.sleep(0.3)\n"));
  EXPECT_GE(slept.wall_seconds, 0.3);
  // However slow the machine starts Python, sleeping is no work.
  EXPECT_LT(slept.cpu_seconds, slept.wall_seconds - 0.29);
  const SandboxResult worked =
      Run(PythonCommand("import time\n"
                        "while time.process_time() < 0.3: pass\n"));
  EXPECT_GE(worked.cpu_seconds, 0.29);
  EXPECT_LT(worked.cpu_seconds, slept.cpu_seconds + 0.6);
  EXPECT_GE(worked.wall_seconds, worked.cpu_seconds * 0.9);
}

TEST_P(SandboxTest, CpuTimeOfAwaitedChildrenCounts) {
  const SandboxResult result =
      Run(PythonCommand("import os, time\n"
                        "if os.fork() == 0:\n"
                        "    while time.process_time() < 0.2: pass\n"
                        "else: os.wait()\n"));
  EXPECT_GE(result.cpu_seconds, 0.2);
}

// More threads of work than cores: one of them waits.
TEST_P(SandboxTest, WaitingForACoreIsTold) {
  SandboxCommand busy = PythonCommand(
      "import os\n"
      "for i in range(3 * min(len(os.sched_getaffinity(0)), 8)):\n"
      "    if os.fork() == 0: break\n"
      "while True: pass\n");
  busy.limits.cpu_seconds = 100;
  busy.limits.wall_seconds = 1;
  const SandboxResult waited = Run(busy);
  EXPECT_EQ(waited.outcome, SandboxOutcome::kWallLimit) << waited.detail;
  EXPECT_GT(waited.waited_seconds, 0.2);
  EXPECT_LT(waited.waited_seconds, waited.wall_seconds);
  SandboxCommand idle = PythonCommand("import time\ntime.sleep(60)\n");
  idle.limits.wall_seconds = 1;
  EXPECT_LT(Run(idle).waited_seconds, 0.7);
}

TEST_P(SandboxTest, PeakMemoryIsTold) {
  const SandboxResult result =
      Run(PythonCommand("b = bytearray(50 << 20)\nprint(len(b))\n"));
  EXPECT_EQ(result.outcome, SandboxOutcome::kExited) << result.detail;
  EXPECT_GT(result.peak_bytes, uint64_t{50} << 20);
  EXPECT_LT(result.peak_bytes, uint64_t{80} << 20);
}

// Too short for any look from outside: counted at the end.
TEST_P(SandboxTest, ShortMemoryPeakIsStillOverTheLimit) {
  SandboxCommand command = PythonCommand("b = bytearray(60 << 20)\n");
  command.limits.memory_bytes = uint64_t{50} << 20;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Run(command).outcome, SandboxOutcome::kMemoryLimit);
  }
}

// Reserved and not touched: fine for every allocator and every thread.
TEST_P(SandboxTest, AddressSpaceIsNotMemory) {
  SandboxCommand command = PythonCommand(
      "import mmap\n"
      "m = mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE | 0x20 | 0x4000)\n"
      "m[0] = 1\nprint('fine')\n");
  EXPECT_EQ(Run(command).output, "fine\n");
}

TEST_P(SandboxTest, ManyRunsAtOnce) {
  constexpr int kRuns = 16;
  std::vector<SandboxResult> results(kRuns);
  std::vector<std::thread> threads;
  for (int i = 0; i < kRuns; ++i) {
    threads.emplace_back([this, &results, i] {
      SandboxCommand command = PythonCommand("print(input())\n");
      command.standard_input = absl::StrCat("run ", i, "\n");
      command.limits.wall_seconds = 60;
      results[i] = Run(command);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < kRuns; ++i) {
    EXPECT_EQ(results[i].output, absl::StrCat("run ", i, "\n"));
  }
}

TEST_P(SandboxTest, MissingProgramIsAnErrorOfTheMachinery) {
  SandboxCommand command;
  command.argv = {"/usr/bin/no-such-program"};
  EXPECT_THAT(sandbox_->Run(command),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "start /usr/bin/no-such-program: No such file"));
}

TEST_P(SandboxTest, FilesThatDoNotFitAreAnErrorOfTheMachinery) {
  if (!own_root()) return;  // elsewhere the disk decides
  SandboxCommand command = PythonCommand("");
  command.files.push_back({"big", std::string(1 << 20, 'x')});
  command.limits.file_bytes = 1 << 16;
  EXPECT_THAT(sandbox_->Run(command),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "write big: No space left on device"));
}

TEST_P(SandboxTest, ReadOnlyFoldersAreSeenAndCannotBeChanged) {
  const TemporaryDirectory folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
  std::ofstream(folder.File("shown.txt")) << "shown";
  SandboxOptions options;
  options.min_isolation = IsolationLevel::kNone;
  options.exact_isolation = GetParam();
  options.read_only_folders = {folder.path()};
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto sandbox, Sandbox::Create(options));
  SandboxCommand command = PythonCommand(
      absl::StrCat("import os\npath = '", folder.path(), "'\n",
                   "print(open(path + '/shown.txt').read())\n"
                   "for attempt in (lambda: open(path + '/new.txt', 'w'),\n"
                   "                lambda: os.unlink(path + '/shown.txt')):\n"
                   "    try: attempt()\n"
                   "    except OSError: print('refused')\n"));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const SandboxResult result,
                               sandbox->Run(command));
  // The weaker levels leave it to the rights of the user, whose folder it is.
  const bool refused = GetParam() >= IsolationLevel::kC || geteuid() == 0;
  EXPECT_EQ(result.output, refused ? "shown\nrefused\nrefused\n" : "shown\n")
      << result.error;
}

INSTANTIATE_TEST_SUITE_P(, SandboxTest,
                         testing::Values(IsolationLevel::kA, IsolationLevel::kB,
                                         IsolationLevel::kC, IsolationLevel::kD,
                                         IsolationLevel::kNone),
                         LevelName);

}  // namespace
}  // namespace limbeck
