#include "data/judge/fair_run.h"

#include <utility>

#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr double kRerunShare = 1.5;  // of the limit: may be the machine's fault
constexpr double kBusyShare = 0.05;  // less CPU than this: it slept

bool IsOverTime(const SandboxResult& result, double time_limit_seconds) {
  return result.outcome == SandboxOutcome::kCpuLimit ||
         result.outcome == SandboxOutcome::kWallLimit ||
         result.cpu_seconds > time_limit_seconds;
}

bool DeservesRerun(const SandboxResult& result, double time_limit_seconds) {
  if (result.outcome == SandboxOutcome::kCpuLimit) return false;
  if (result.outcome == SandboxOutcome::kWallLimit) {
    return result.cpu_seconds >= kBusyShare * time_limit_seconds;
  }
  return result.cpu_seconds > time_limit_seconds;
}

}  // namespace

absl::StatusOr<FairRun> RunFairly(const ProgramRunner& runner,
                                  MachineGate& gate, SandboxCommand command,
                                  double time_limit_seconds) {
  command.limits.cpu_seconds = kRerunShare * time_limit_seconds;
  command.limits.wall_seconds = 2 * time_limit_seconds + 1;
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
  run.over_time = IsOverTime(run.result, time_limit_seconds);
  return run;
}

}  // namespace limbeck
