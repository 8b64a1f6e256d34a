// Checkers that are programs: they see input, expected output and the output
// of the program, in a sandbox of their own, after the program is gone.
#ifndef LIMBECK_DATA_JUDGE_CHECKER_PROGRAM_H_
#define LIMBECK_DATA_JUDGE_CHECKER_PROGRAM_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/judge/cpp_compiler.h"
#include "data/judge/run_verdict.h"
#include "data/judge/sandbox/program_runner.h"

namespace limbeck {

struct CheckedFiles {
  absl::string_view input;
  absl::string_view expected;
  absl::string_view output;
};

// python checker.py input.txt answer.txt output.txt: "1" (or "100", as in the
// Codeforces set of open-r1) on standard output accepts, any other number is a
// wrong answer. No number, a bad exit or 10 s: judge error.
absl::StatusOr<TestVerdict> RunPythonChecker(const ProgramRunner& runner,
                                             const std::string& python,
                                             const std::string& code,
                                             const CheckedFiles& files);

// checker input.txt output.txt answer.txt, with testlib's exit codes: 0
// accepts; 1 wrong, 2 presentation, 4 dirt, 8 unexpected end and 7 points are
// wrong answers; 3 and all others judge errors, as is a checker that does not
// compile. `headers`: testlib.h, where the source needs it.
absl::StatusOr<TestVerdict> RunTestlibChecker(
    const ProgramRunner& runner, const CppCompiler& compiler,
    const std::string& code, const std::vector<SandboxFile>& headers,
    const CheckedFiles& files);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_CHECKER_PROGRAM_H_
