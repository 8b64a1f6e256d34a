// How a function of an untrusted program is called and its result brought out.
// The program shares its interpreter with our driver, so it may read or break
// the driver at will; it gains nothing, because the driver knows no expected
// result: whatever comes out is compared here, as data.
#ifndef LIMBECK_DATA_JUDGE_FUNCTION_DRIVER_H_
#define LIMBECK_DATA_JUDGE_FUNCTION_DRIVER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/judge/python_value.h"

namespace limbeck {

// The driver and the program are two files of the box.
inline constexpr char kFunctionDriverName[] = "limbeck_driver.py";
inline constexpr char kFunctionProgramName[] = "solution.py";

// Source of the driver. It reads its call from standard input, runs the
// program after the imports that the platforms of such problems offer, calls
// the function (of class Solution, else of the module) and writes one report
// to descriptor 3. The program must define the function: what the imports or
// the builtins call by that name is no answer.
std::string FunctionDriverSource();

// Standard input of the driver. `input` holds one JSON argument per line; the
// report must begin with `token`, a secret of this run.
std::string FunctionCall(absl::string_view token, absl::string_view function,
                         absl::string_view input);

// Whether every line of `input` is JSON; the error names line and byte. A
// broken test must be found before the program can claim that there is one.
absl::Status CheckFunctionInput(absl::string_view input);

struct FunctionReport {
  enum class Kind {
    kResult,        // `result`, and in `text` the same as JSON
    kNoJson,        // the function returned what no JSON is: `text`
    kCompileError,  // the program is no Python: `text`
    kRaised         // the program or the function raised: `text`
  };
  Kind kind = Kind::kResult;
  PythonValue result;
  std::string text;
};

// Reads what arrived on descriptor 3. An error: no report, more than one, or
// one without the token; then the program ended early or forged it.
absl::StatusOr<FunctionReport> ParseFunctionReport(absl::string_view bytes,
                                                   absl::string_view token);

// 32 hexadecimal digits that no program can guess.
absl::StatusOr<std::string> MakeRunToken();

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_FUNCTION_DRIVER_H_
