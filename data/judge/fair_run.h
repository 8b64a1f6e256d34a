// Time limits that do not depend on what else the machine does.
#ifndef LIMBECK_DATA_JUDGE_FAIR_RUN_H_
#define LIMBECK_DATA_JUDGE_FAIR_RUN_H_

#include "absl/status/statusor.h"
#include "data/judge/machine_gate.h"
#include "data/judge/sandbox/program_runner.h"

namespace limbeck {

struct FairRun {
  SandboxResult result;
  bool over_time = false;
  // Stopped by the wall limit of its second run, below its CPU limit, and
  // without the waiting for a core it would have been within the first one:
  // the machine's fault.
  bool starved = false;
  double wall_limit_seconds = 0;  // of the run that counts
  int runs = 1;
};

// Runs with CPU time as the judged quantity: the limit is `time_limit_seconds`,
// the wall limit twice that and 1 s; both replace those of `command`. A program
// that needed up to 1.5 times the limit, or was stopped by the wall limit
// though it was busy (a twentieth of its CPU limit used or waited for), runs
// once more with no other run beside it and twice the wall limit, and that run
// counts.
absl::StatusOr<FairRun> RunFairly(const ProgramRunner& runner,
                                  MachineGate& gate, SandboxCommand command,
                                  double time_limit_seconds);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_FAIR_RUN_H_
