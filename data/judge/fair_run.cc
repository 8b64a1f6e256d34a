#include "data/judge/fair_run.h"

#include <utility>

#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr double kRerunShare = 1.5;  // of the limit: may be the machine's fault
constexpr double kBusyShare = 0.05;  // less work than this: it slept

bool IsOverTime(const SandboxResult& result, double time_limit_seconds) {
  return result.outcome == SandboxOutcome::kCpuLimit ||
         result.outcome == SandboxOutcome::kWallLimit ||
         result.cpu_seconds > time_limit_seconds;
}

bool DeservesRerun(const SandboxResult& result, double time_limit_seconds) {
  if (result.outcome == SandboxOutcome::kCpuLimit) return false;
  if (result.outcome == SandboxOutcome::kWallLimit) {
    return result.cpu_seconds + result.waited_seconds >=
           kBusyShare * time_limit_seconds;
  }
  return result.cpu_seconds > time_limit_seconds;
}

// Its own threads cannot bring this about: what keeps one of them waiting that
// long is CPU time of the others, beyond the CPU limit. Who sleeps
// for the first wall limit is late on any machine.
bool IsStarved(const SandboxResult& result, double time_limit_seconds,
               double first_wall_seconds) {
  return result.outcome == SandboxOutcome::kWallLimit &&
         result.cpu_seconds <= time_limit_seconds &&
         result.wall_seconds - result.waited_seconds < first_wall_seconds;
}

}  // namespace

absl::StatusOr<FairRun> RunFairly(const ProgramRunner& runner,
                                  MachineGate& gate, SandboxCommand command,
                                  double time_limit_seconds) {
  command.limits.cpu_seconds = kRerunShare * time_limit_seconds;
  const double first_wall_seconds = 2 * time_limit_seconds + 1;
  command.limits.wall_seconds = first_wall_seconds;
  FairRun run;
  {
    const SharedRun together(gate);
    LIMBECK_ASSIGN_OR_RETURN(run.result, runner.Run(command));
  }
  if (DeservesRerun(run.result, time_limit_seconds)) {
    const LoneRun alone(gate);
    // Others may still share the machine with this judge.
    command.limits.wall_seconds *= 2;
    LIMBECK_ASSIGN_OR_RETURN(run.result, runner.Run(command));
    run.runs = 2;
  }
  run.wall_limit_seconds = command.limits.wall_seconds;
  run.starved = run.runs == 2 &&
                IsStarved(run.result, time_limit_seconds, first_wall_seconds);
  run.over_time = !run.starved && IsOverTime(run.result, time_limit_seconds);
  return run;
}

}  // namespace limbeck
