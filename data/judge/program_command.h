// The command that runs a program on one test.
#ifndef LIMBECK_DATA_JUDGE_PROGRAM_COMMAND_H_
#define LIMBECK_DATA_JUDGE_PROGRAM_COMMAND_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "data/judge/cpp_compiler.h"
#include "data/judge/judge_request.h"
#include "data/judge/sandbox/program_runner.h"

namespace limbeck {

// PYTHONHASHSEED=0, TZ=UTC, LC_ALL=C.UTF-8, OMP_NUM_THREADS=1 and Python's
// switches: no user site, no bytecode files, integers of any length as text.
std::vector<std::string> ProgramEnvironment();

// {python, "-B", "-s", script}: a plain start with the system's site packages
// (numpy, where it is installed), the environment above in force.
std::vector<std::string> PythonArguments(const std::string& python,
                                         const std::string& script);

struct ProgramOnTest {
  const JudgeRequest* request = nullptr;
  const JudgeTest* test = nullptr;
  std::string python;
  const CppBinary* binary = nullptr;  // of C++ programs
  std::string token;                  // of function calls
};

// Everything but the time limits. The test's expected output is not in it.
SandboxCommand CommandFor(const ProgramOnTest& program);

// What a file-mode or plain program put out.
absl::string_view OutputOf(const JudgeRequest& request,
                           const SandboxResult& result);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_PROGRAM_COMMAND_H_
