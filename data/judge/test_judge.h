// One test of one program: run it, then decide.
#ifndef LIMBECK_DATA_JUDGE_TEST_JUDGE_H_
#define LIMBECK_DATA_JUDGE_TEST_JUDGE_H_

#include <string>
#include <vector>

#include "data/judge/cpp_compiler.h"
#include "data/judge/judge_request.h"
#include "data/judge/machine_gate.h"
#include "data/judge/sandbox/program_runner.h"

namespace limbeck {

// What judging needs besides the request.
struct JudgeTools {
  const ProgramRunner* runner = nullptr;
  MachineGate* gate = nullptr;
  std::string python;
  const CppCompiler* compiler = nullptr;  // where a checker is of C++
  std::vector<SandboxFile> checker_headers;
};

struct TestOutcome {
  JudgedTest test;
  std::string detail;
};

// `binary` is the compiled program, nullptr in Python. A failure of the
// sandbox is kJudgeError as well.
TestOutcome JudgeOneTest(const JudgeTools& tools, const JudgeRequest& request,
                         const CppBinary* binary, const JudgeTest& test);

// Floats of functions are compared within this, unless the checker says
// otherwise: what platforms state where their answers are floats.
inline constexpr double kFunctionTolerance = 1e-6;

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_TEST_JUDGE_H_
