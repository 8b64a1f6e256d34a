// What the judge is asked and what it answers, as plain data.
#ifndef LIMBECK_DATA_JUDGE_JUDGE_REQUEST_H_
#define LIMBECK_DATA_JUDGE_JUDGE_REQUEST_H_

#include <string>
#include <vector>

#include "data/judge/output_checker.h"
#include "data/judge/sandbox/isolation.h"

namespace limbeck {

enum class ProgramLanguage { kPython, kCpp };

struct JudgeTest {
  std::string input;
  std::string output;  // expected; never enters the program's process
};

struct JudgeRequest {
  ProgramLanguage language = ProgramLanguage::kPython;
  std::string code;
  std::vector<JudgeTest> tests;
  // Empty: a program from standard input to standard output. Otherwise the
  // function (or method of class Solution) to call: `input` holds one JSON
  // argument per line, `output` the JSON result.
  std::string function;
  // File mode: the program reads and writes these files of its directory, one
  // path component each, instead of its standard input and output. Empty: not.
  std::string input_file;
  std::string output_file;
  double time_limit_seconds = 6;  // of CPU; the wall limit is 2x + 1 s
  int memory_limit_mebibytes = 1024;
  CheckerSpec checker;
  bool all_tests = false;    // else the first failing test is the last
  bool interactive = false;  // no interactor here: skipped and reported
};

// kJudgeError: the judge, the test or the checker failed, not the program;
// counted apart, neither right nor wrong.
enum class JudgeVerdict {
  kAccepted,
  kWrongAnswer,
  kTimeLimit,
  kMemoryLimit,
  kRuntimeError,
  kCompileError,
  kJudgeError
};

// "accepted", "wrong_answer", ...
const char* JudgeVerdictName(JudgeVerdict verdict);

struct JudgedTest {
  JudgeVerdict verdict = JudgeVerdict::kJudgeError;
  double cpu_seconds = 0;
  double wall_seconds = 0;
  double peak_mebibytes = 0;
  int runs = 1;  // 2: close to the limit, so it ran once more, alone
};

struct JudgeResult {
  JudgeVerdict verdict = JudgeVerdict::kJudgeError;
  std::vector<JudgedTest> tests;  // in order, to the first that failed
  IsolationLevel isolation = IsolationLevel::kNone;
  std::string detail;    // why, for people; empty when accepted
  bool skipped = false;  // interactive: nothing ran
  // Set when nothing isolated the program: what the verdict would have been.
  // `verdict` itself is then never kAccepted.
  bool unsafe_pass = false;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_JUDGE_REQUEST_H_
