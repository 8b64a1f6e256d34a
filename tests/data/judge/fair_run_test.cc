#include "data/judge/fair_run.h"

#include <atomic>
#include <thread>
#include <vector>

#include "data/judge/run_verdict.h"
#include "tests/data/judge/fake_runner.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

constexpr double kLimit = 2;

FairRun RunOn(const FakeRunner& runner) {
  MachineGate gate;
  const absl::StatusOr<FairRun> run =
      RunFairly(runner, gate, SandboxCommand(), kLimit);
  EXPECT_THAT(run, IsOk());
  return run.ok() ? *run : FairRun();
}

TEST(FairRun, LimitsAreOneAndAHalfCpuAndTwiceTheWall) {
  const FakeRunner runner({Exited("x")});
  const FairRun run = RunOn(runner);
  EXPECT_FALSE(run.over_time);
  EXPECT_EQ(run.runs, 1);
  ASSERT_EQ(runner.commands().size(), 1u);
  EXPECT_EQ(runner.commands()[0].limits.cpu_seconds, 3);
  EXPECT_EQ(runner.commands()[0].limits.wall_seconds, 5);
}

TEST(FairRun, NearTheLimitRunsAgainAndThatCounts) {
  const FakeRunner quicker({Stopped(SandboxOutcome::kExited, 2.5),
                            Stopped(SandboxOutcome::kExited, 1.9)});
  EXPECT_FALSE(RunOn(quicker).over_time);
  const FakeRunner as_slow({Stopped(SandboxOutcome::kExited, 2.5),
                            Stopped(SandboxOutcome::kExited, 2.1)});
  const FairRun run = RunOn(as_slow);
  EXPECT_TRUE(run.over_time);
  EXPECT_EQ(run.runs, 2);
  ASSERT_EQ(as_slow.commands().size(), 2u);
  EXPECT_EQ(as_slow.commands()[1].limits.cpu_seconds, 3);
  EXPECT_EQ(as_slow.commands()[1].limits.wall_seconds, 10);
}

TEST(FairRun, FarBeyondTheLimitIsFinal) {
  const FakeRunner runner({Stopped(SandboxOutcome::kCpuLimit, 3.1)});
  const FairRun run = RunOn(runner);
  EXPECT_TRUE(run.over_time);
  EXPECT_EQ(run.runs, 1);
}

TEST(FairRun, WallLimitOfASleeperIsFinalOfABusyOneNot) {
  const FakeRunner sleeper({Stopped(SandboxOutcome::kWallLimit, 0.09)});
  EXPECT_TRUE(RunOn(sleeper).over_time);
  const FakeRunner starved({Stopped(SandboxOutcome::kWallLimit, 1.0),
                            Stopped(SandboxOutcome::kExited, 1.5)});
  EXPECT_FALSE(RunOn(starved).over_time);
}

TEST(FairRun, AVeryBusyMachineMakesNoSleeper) {
  const FakeRunner starved({Stopped(SandboxOutcome::kWallLimit, 0.12),
                            Stopped(SandboxOutcome::kExited, 1.5)});
  EXPECT_FALSE(RunOn(starved).over_time);
}

SandboxResult StoppedByTheWall(double cpu, double waited, double wall) {
  SandboxResult result = Stopped(SandboxOutcome::kWallLimit, cpu);
  result.waited_seconds = waited;
  result.wall_seconds = wall;
  return result;
}

// Wall limits are 5 and 10 s.
TEST(FairRun, AProgramThatGetsNoCoreIsTheMachinesFault) {
  const FakeRunner starved(
      {StoppedByTheWall(0.01, 4.9, 5), StoppedByTheWall(1.0, 5.5, 10)});
  const FairRun run = RunOn(starved);
  EXPECT_EQ(run.runs, 2);
  EXPECT_EQ(run.wall_limit_seconds, 10);
  EXPECT_TRUE(run.starved);
  EXPECT_FALSE(run.over_time);
}

TEST(FairRun, WhoSleepsIsLateOnABusyMachineToo) {
  const FakeRunner sleeper(
      {StoppedByTheWall(0.2, 1, 5), StoppedByTheWall(0.4, 4.9, 10)});
  EXPECT_TRUE(RunOn(sleeper).over_time);
  EXPECT_FALSE(RunOn(FakeRunner({StoppedByTheWall(0.01, 0.01, 5)})).starved);
  // Nor does waiting excuse more CPU time than the limit.
  const FakeRunner slow(
      {StoppedByTheWall(1.5, 3, 5), StoppedByTheWall(2.1, 7, 10)});
  EXPECT_TRUE(RunOn(slow).over_time);
}

TEST(FailureOf, NamesTheLimitThatStoppedTheProgram) {
  JudgeRequest request;
  request.time_limit_seconds = 1;
  FairRun run;
  run.result = StoppedByTheWall(0.01, 0, 3);
  run.wall_limit_seconds = 3;
  run.over_time = true;
  EXPECT_EQ(FailureOf(run, request)->detail,
            "0.01 s of CPU in 3.00 s, the wall limit is 3 s");
  run.result = Stopped(SandboxOutcome::kCpuLimit, 1.5);
  EXPECT_EQ(FailureOf(run, request)->detail,
            "1.50 s of CPU in 0.00 s, the limit is 1 s");
  run.result = StoppedByTheWall(0.25, 4, 6);
  run.over_time = false;
  run.starved = true;
  EXPECT_EQ(FailureOf(run, request)->verdict, JudgeVerdict::kJudgeError);
  EXPECT_EQ(FailureOf(run, request)->detail,
            "the machine is too busy to time it: 0.25 s of CPU in 6.00 s, of "
            "which it waited 4.00 s for a core");
}

TEST(FairRun, FailureOfTheSandboxIsAnError) {
  const FakeRunner runner({absl::InternalError("no namespaces")});
  MachineGate gate;
  EXPECT_THAT(RunFairly(runner, gate, SandboxCommand(), kLimit),
              IsError(absl::StatusCode::kInternal, "no namespaces"));
}

TEST(MachineGate, NoMoreTogetherThanSaid) {
  MachineGate gate(2);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 100; ++j) {
        const SharedRun together(gate);
        const int now = ++inside;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        std::this_thread::yield();
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 2);
}

// Would wait forever if the gate let fewer in than it says.
TEST(MachineGate, AsManyTogetherAsSaid) {
  MachineGate gate(2);
  const SharedRun first(gate);
  const SharedRun second(gate);
}

TEST(MachineGate, AloneMeansAlone) {
  MachineGate gate(4);
  std::atomic<int> inside{0};
  std::atomic<int> wrong{0};
  std::atomic<int> lone_runs{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 200; ++j) {
        if ((i + j) % 4 == 0) {
          const LoneRun alone(gate);
          if (++inside != 1) ++wrong;
          ++lone_runs;
          --inside;
        } else {
          const SharedRun together(gate);
          ++inside;
          --inside;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(lone_runs, 200);
}

}  // namespace
}  // namespace limbeck
