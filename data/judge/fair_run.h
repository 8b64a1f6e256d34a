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
  int runs = 1;
};

// Runs with CPU time as the judged quantity: the limit is `time_limit_seconds`,
// the wall limit twice that and 1 s; both replace those of `command`. A program
// that needed up to 1.5 times the limit, or was stopped by the wall limit
// though it was busy (a quarter of its CPU limit), runs once more with no other
// run beside it and twice the wall limit, and that run counts.
absl::StatusOr<FairRun> RunFairly(const ProgramRunner& runner,
                                  MachineGate& gate, SandboxCommand command,
                                  double time_limit_seconds);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_FAIR_RUN_H_
