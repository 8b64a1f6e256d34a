// Programs that want out, or want to stay: every attempt ends in a verdict, in
// time, with nothing left behind.
#include <signal.h>

#include <string>

#include "gtest/gtest.h"
#include "tests/data/judge/sandbox/sandbox_fixture.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using Hostile = SandboxTest;

TEST_P(Hostile, ForkBombIsBounded) {
  SandboxCommand command = HostileCommand("fork_bomb");
  command.limits.cpu_seconds = 0.3;
  command.limits.wall_seconds = 0.6;
  const SandboxResult result = Run(command);
  EXPECT_TRUE(result.outcome == SandboxOutcome::kCpuLimit ||
              result.outcome == SandboxOutcome::kWallLimit ||
              result.outcome == SandboxOutcome::kSignalled)
      << result.detail;
  EXPECT_LT(result.wall_seconds, 10);
}

TEST_P(Hostile, MemoryBombIsStoppedAtItsLimit) {
  const SandboxResult result = RunHostile("memory_bomb");
  EXPECT_EQ(result.outcome, SandboxOutcome::kMemoryLimit) << result.detail;
  EXPECT_GT(result.peak_bytes, uint64_t{64} << 20);
  EXPECT_LT(result.peak_bytes, uint64_t{512} << 20);
}

TEST_P(Hostile, MemoryOfChildrenCountsTogether) {
  const SandboxResult result = RunHostile("memory_of_children");
  EXPECT_EQ(result.outcome, SandboxOutcome::kMemoryLimit) << result.detail;
}

TEST_P(Hostile, CpuOfUnawaitedChildrenCounts) {
  SandboxCommand command = HostileCommand("cpu_of_children");
  command.limits.cpu_seconds = 0.3;
  const SandboxResult result = Run(command);
  EXPECT_EQ(result.outcome, SandboxOutcome::kCpuLimit) << result.detail;
  EXPECT_LT(result.wall_seconds, 10);
}

TEST_P(Hostile, CpuOfChildrenThatNobodyMayAwaitCounts) {
  SandboxCommand command = HostileCommand("cpu_of_the_forgotten");
  command.limits.cpu_seconds = 0.3;
  const SandboxResult result = Run(command);
  EXPECT_EQ(result.outcome, SandboxOutcome::kCpuLimit) << result.detail;
}

TEST_P(Hostile, EndlessLoopMeetsTheCpuLimit) {
  SandboxCommand command = HostileCommand("endless_loop");
  command.limits.cpu_seconds = 0.3;
  const SandboxResult result = Run(command);
  EXPECT_EQ(result.outcome, SandboxOutcome::kCpuLimit) << result.detail;
  EXPECT_GE(result.cpu_seconds, 0.3);
  EXPECT_LT(result.cpu_seconds, 0.8);
}

TEST_P(Hostile, SleepersMeetTheWallLimit) {
  for (const char* way : {"sleep", "stop_itself", "ignore_signals"}) {
    SandboxCommand command = HostileCommand(way);
    command.limits.wall_seconds = 0.2;
    const SandboxResult result = Run(command);
    EXPECT_EQ(result.outcome, SandboxOutcome::kWallLimit)
        << way << ": " << result.detail;
    EXPECT_EQ(result.output, "");
  }
}

TEST_P(Hostile, GigabyteOfOutputEndsTheRun) {
  SandboxCommand command = HostileCommand("flood_output");
  const SandboxResult result = Run(command);
  EXPECT_EQ(result.outcome, SandboxOutcome::kOutputLimit) << result.detail;
  EXPECT_EQ(result.output, std::string(command.limits.output_bytes, 'x'));
}

TEST_P(Hostile, GigabyteOnTheSideChannelEndsTheRun) {
  SandboxCommand command = HostileCommand("flood_side_channel");
  command.side_channel = true;
  const SandboxResult result = Run(command);
  EXPECT_EQ(result.outcome, SandboxOutcome::kOutputLimit) << result.detail;
  EXPECT_EQ(result.side_channel.size(), command.limits.output_bytes);
}

TEST_P(Hostile, GigabyteOfErrorsIsCut) {
  SandboxCommand command = HostileCommand("flood_error");
  command.limits.cpu_seconds = 30;
  command.limits.error_bytes = 1000;
  const SandboxResult result = Run(command);
  EXPECT_EQ(result.outcome, SandboxOutcome::kExited) << result.detail;
  EXPECT_EQ(result.error, std::string(1000, 'x'));
}

// The daemon keeps the pipes open: waiting for their end would take forever.
TEST_P(Hostile, DaemonDoesNotOutliveTheRun) {
  const SandboxResult result = RunHostile("daemon");
  EXPECT_EQ(result.outcome, SandboxOutcome::kExited) << result.detail;
  EXPECT_EQ(result.output, "left\n");
}

TEST_P(Hostile, SignalsReachNobodyElse) {
  SandboxCommand command = HostileCommand("kill_all");
  const SandboxResult result = Run(command);
  // kill(0) is its own group, which SIGUSR1 ends.
  EXPECT_EQ(result.outcome, SandboxOutcome::kSignalled) << result.detail;
  EXPECT_EQ(result.signal, SIGUSR1);
}

TEST_P(Hostile, ManyFilesAreBounded) {
  if (!own_root()) return;  // bounded on A and B
  SandboxCommand command = HostileCommand("many_files");
  const SandboxResult result = Run(command);
  EXPECT_GT(std::stoi("0" + result.output), 1000);
  EXPECT_LT(std::stoi("0" + result.output), 20'000);
}

TEST_P(Hostile, HugeFilesAreBounded) {
  SandboxCommand command = HostileCommand("huge_file");
  command.limits.file_bytes = uint64_t{1} << 20;
  const SandboxResult result = Run(command);
  const long long files = own_root() ? 1 : 100;
  EXPECT_LE(std::stoll("0" + result.output), files << 20) << result.detail;
}

TEST_P(Hostile, DeepFoldersAreRemoved) {
  const SandboxResult result = RunHostile("deep_folders");
  EXPECT_EQ(result.output, "2000\n") << result.detail;
}

// As in CVE-2024-28185 and 28189, where a judge followed the box's links.
TEST_P(Hostile, LinksAreNotFollowedWhenCollecting) {
  SandboxCommand command = HostileCommand("links");
  command.collect = {"link.txt", "hard.txt",  "folder.txt", "pipe.txt",
                     "twin.txt", "plain.txt", "absent.txt"};
  const SandboxResult result = Run(command);
  EXPECT_EQ(result.output, "made\n") << result.detail;
  ASSERT_EQ(result.collected.size(), 1);
  EXPECT_EQ(result.collected[0].first, "plain.txt");
  EXPECT_EQ(result.collected[0].second, "plain");
}

TEST_P(Hostile, NothingOfTheHostIsReadable) {
  if (!own_root()) return;  // A and B have a root of their own
  const SandboxResult result = RunHostile("read_host_files");
  EXPECT_EQ(result.outcome, SandboxOutcome::kExited) << result.detail;
  EXPECT_EQ(result.output, "");
}

TEST_P(Hostile, NothingOfTheHostIsWritable) {
  if (!own_root()) return;  // A and B have a root of their own
  const SandboxResult result = RunHostile("write_host_files");
  EXPECT_EQ(result.outcome, SandboxOutcome::kExited) << result.detail;
  EXPECT_EQ(result.output, "");
}

TEST_P(Hostile, DangerousCallsAreRefused) {
  for (const char* way : {"try_sockets", "try_namespaces", "try_processes",
                          "try_kernel", "try_identity"}) {
    const SandboxResult result = RunHostile(way);
    EXPECT_EQ(result.outcome, SandboxOutcome::kExited)
        << way << ": " << result.detail;
    EXPECT_EQ(result.output, "") << way;
  }
}

TEST_P(Hostile, NoMemoryThatNobodyCounts) {
  const SandboxResult result = RunHostile("try_memory");
  EXPECT_EQ(result.outcome, SandboxOutcome::kExited) << result.detail;
  EXPECT_EQ(result.output, own_root() ? "" : result.output);
}

TEST_P(Hostile, ForeignArchitectureIsKilled) {
#ifndef __x86_64__
  GTEST_SKIP() << "the foreign calls are those of x86";
#endif
  for (const char* way : {"foreign_call", "foreign_bit"}) {
    const SandboxResult result = RunHostile(way);
    EXPECT_EQ(result.outcome, SandboxOutcome::kSignalled) << result.output;
    EXPECT_EQ(result.signal, SIGSYS);
  }
}

TEST_P(Hostile, NothingOfTheCallerIsInherited) {
  EXPECT_EQ(RunHostile("descriptors").output, "0 1 2 ");
  SandboxCommand command = HostileCommand("descriptors");
  command.side_channel = true;
  EXPECT_EQ(Run(command).output, "0 1 2 3 ");
}

TEST_P(Hostile, EnvironmentIsWhatTheCommandSays) {
  SandboxCommand command = HostileCommand("environment");
  command.environment = {"A=1", "HOME=/nowhere", "TMPDIR=/tmp", "PATH=/bin"};
  EXPECT_EQ(Run(command).output,
            "A=1\nHOME=/nowhere\nTMPDIR=/tmp\nPATH=/bin\n");
}

TEST_P(Hostile, NoRightsAreLeft) {
  EXPECT_EQ(RunHostile("identity").output, "root 0 capabilities 0 groups 0\n");
}

TEST_P(Hostile, SetuidProgramsGainNothing) {
  SandboxCommand command = HostileCommand("setuid_program");
  command.limits.wall_seconds = 0.5;  // it may wait for a password
  const SandboxResult result = Run(command);
  EXPECT_EQ(result.output.find('0'), std::string::npos) << result.output;
  EXPECT_FALSE(result.outcome == SandboxOutcome::kExited &&
               result.exit_code == 0);
}

TEST_P(Hostile, CrashesLeaveNoCoreFile) {
  SandboxCommand command = HostileCommand("crash");
  command.collect = {"core"};
  const SandboxResult result = Run(command);
  EXPECT_EQ(result.outcome, SandboxOutcome::kSignalled);
  EXPECT_EQ(result.signal, SIGSEGV);
  EXPECT_TRUE(result.collected.empty());
  EXPECT_EQ(RunHostile("abort").signal, SIGABRT);
}

INSTANTIATE_TEST_SUITE_P(, Hostile,
                         testing::Values(IsolationLevel::kA, IsolationLevel::kB,
                                         IsolationLevel::kC,
                                         IsolationLevel::kD),
                         LevelName);

}  // namespace
}  // namespace limbeck
