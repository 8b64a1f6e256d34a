// What the end of a program's process says about it, before any output is
// compared.
#ifndef LIMBECK_DATA_JUDGE_RUN_VERDICT_H_
#define LIMBECK_DATA_JUDGE_RUN_VERDICT_H_

#include <optional>
#include <string>

#include "data/judge/fair_run.h"
#include "data/judge/judge_request.h"

namespace limbeck {

struct TestVerdict {
  JudgeVerdict verdict = JudgeVerdict::kJudgeError;
  std::string detail;
};

// nullopt: it ended well, its output decides. Python's own exit is read for
// two things: a syntax error is a compile error, a MemoryError (as C++'s
// std::bad_alloc) a memory limit. Too much output is a runtime error, a machine
// too busy to time the program a judge error.
std::optional<TestVerdict> FailureOf(const FairRun& run,
                                     const JudgeRequest& request);

// Seconds and memory of the run; the verdict is the caller's.
JudgedTest Measured(const FairRun& run);

// The last line of `text` that is not blank, quoted and cut.
std::string LastLine(absl::string_view text);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_RUN_VERDICT_H_
