// When an output counts as the expected one: the rules that need no program.
#ifndef LIMBECK_DATA_JUDGE_OUTPUT_CHECKER_H_
#define LIMBECK_DATA_JUDGE_OUTPUT_CHECKER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

enum class CheckerKind {
  kLines,          // same tokens on the same lines; blank lines do not count
  kExact,          // the same bytes
  kTokens,         // the same tokens, line breaks are blanks
  kYesNo,          // kTokens, but "yes" and "no" in any case
  kSetOfLines,     // the same lines in any order, each as often
  kLiveCodeBench,  // per stripped line: equal, or equal as exact decimals
  kFloats,         // kTokens, but numbers within epsilon (see below)
  kPython,         // a program: files input, answer, output; prints 1
  kTestlib         // a C++ program in the manner of testlib: its exit code
};

struct CheckerSpec {
  CheckerKind kind = CheckerKind::kLines;
  // kFloats: |output - expected| <= epsilon * max(1, |expected|). Two integers
  // are compared exactly, whatever epsilon: 1000000006 is not 1000000007.
  double epsilon = 1e-6;
  std::string code;  // kPython, kTestlib: source of the checker
};

// "lines", "exact", ...
const char* CheckerName(CheckerKind kind);

struct OutputComparison {
  bool accepted = false;
  std::string detail;  // where they differ, cut to a line; empty if accepted
};

// By any rule but kPython and kTestlib. Bytes in, no memory of encodings: only
// kLiveCodeBench knows the blanks of Unicode, as Python does.
OutputComparison CompareOutputs(const CheckerSpec& checker,
                                absl::string_view expected,
                                absl::string_view output);

// At most 60 bytes of `text`, quoted, with "..." for what was cut.
std::string QuoteStart(absl::string_view text);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_OUTPUT_CHECKER_H_
