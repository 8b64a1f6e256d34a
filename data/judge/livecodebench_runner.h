// LiveCodeBench's own runner (lcb_runner/evaluation/testing_util.py at
// 28fef95), rebuilt: all tests in one interpreter, programs turned into a
// function that reads a mocked standard input, its imports, its patches, its
// alarm of 6 s per test. One difference is deliberate: the comparison happens
// here, after the run, so that no expected output is inside. Values that claim
// to equal anything are accepted as there; hunting for the expected output in
// the runner's frames finds nothing. Never a reward.
#ifndef LIMBECK_DATA_JUDGE_LIVECODEBENCH_RUNNER_H_
#define LIMBECK_DATA_JUDGE_LIVECODEBENCH_RUNNER_H_

#include <string>

#include "absl/status/statusor.h"
#include "data/judge/judge_request.h"
#include "data/judge/machine_gate.h"
#include "data/judge/sandbox/program_runner.h"

namespace limbeck {

inline constexpr int kLiveCodeBenchSeconds = 6;  // per test, by the wall clock

// Source of the runner's program; it reads the request as JSON from standard
// input and reports each test on descriptor 3.
std::string LiveCodeBenchDriverSource();

// Judges as the official runner does: stops at the first failing test; its
// codes -2, -3, -4 become wrong_answer, time_limit, runtime_error; its global
// limit of 7 s per test and 5 s is a time_limit. Limits and checker of the
// request are not used, as there. An error: the sandbox failed.
// A time limit that was hit while the machine was busy is tried again alone.
absl::StatusOr<JudgeResult> RunLiveCodeBench(const ProgramRunner& runner,
                                             MachineGate& gate,
                                             const std::string& python,
                                             const JudgeRequest& request);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_LIVECODEBENCH_RUNNER_H_
