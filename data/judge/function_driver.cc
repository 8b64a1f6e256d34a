#include "data/judge/function_driver.h"

#include <sys/random.h>

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/judge/python_preamble.h"

namespace limbeck {
namespace {

// What the driver needs is bound before the program runs.
constexpr absl::string_view kDriver = R"py(
import builtins, json, os, sys, traceback
from types import ModuleType

def drive(dumps=json.dumps, loads=json.loads, write=os.write, leave=os._exit,
          describe=traceback.format_exception, instance=isinstance,
          kind=type):
    call = loads(sys.stdin.buffer.read())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def report(name, value):
        data = (call["token"] + '{"' + name + '": ' + value + "}").encode()
        while data:
            data = data[write(3, data):]
        leave(0)

    def fail(name, error):
        last = describe(kind(error), error, error.__traceback__)
        report(name, dumps("".join(last)[-2000:]))

    def find(names, function):
        owner = names.get("Solution")
        if instance(owner, kind):
            for base in owner.__mro__:
                if base is not object and function in base.__dict__:
                    return getattr(owner(), function)
        if function not in names:
            raise NameError("the program defines no function " + function)
        return names[function]

    module = ModuleType("solution")
    sys.modules["solution"] = module
    exec(PREAMBLE, module.__dict__)
    # What the imports call by that name stays visible, but as a builtin: only
    # the program's own is the answer.
    if call["function"] in module.__dict__:
        offered = module.__dict__.pop(call["function"])
        builtins.__dict__.setdefault(call["function"], offered)
    try:
        with open("solution.py", encoding="utf-8") as file:
            program = compile(file.read(), "solution.py", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        fail("compile_error", error)
    try:
        exec(program, module.__dict__)
        function = find(module.__dict__, call["function"])
        result = function(*call["arguments"])
    except BaseException as error:
        fail("raised", error)
    try:
        result = dumps(result)
    except BaseException as error:
        fail("no_json", error)
    report("result", result)
)py";

absl::StatusOr<FunctionReport> ReportOf(PythonDict dict) {
  const absl::Status unknown =
      absl::InvalidArgumentError("the report has no known form");
  if (dict.keys.size() != 1) return unknown;
  FunctionReport report;
  const std::string& name = std::get<std::string>(dict.keys[0].value);
  if (name == "result") {
    report.result = std::move(dict.values[0]);
    return report;
  }
  const auto* text = std::get_if<std::string>(&dict.values[0].value);
  if (text == nullptr) return unknown;
  report.text = *text;
  if (name == "no_json") {
    report.kind = FunctionReport::Kind::kNoJson;
  } else if (name == "compile_error") {
    report.kind = FunctionReport::Kind::kCompileError;
  } else if (name == "raised") {
    report.kind = FunctionReport::Kind::kRaised;
  } else {
    return unknown;
  }
  return report;
}

std::vector<absl::string_view> ArgumentLines(absl::string_view input) {
  std::vector<absl::string_view> lines;
  for (absl::string_view line : absl::StrSplit(input, '\n')) {
    if (!absl::StripAsciiWhitespace(line).empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace

std::string FunctionDriverSource() {
  // A raw string of Python: the preamble has neither quotes nor backslashes.
  return absl::StrCat("PREAMBLE = \"\"\"", PythonPreamble(), "\"\"\"\n",
                      kDriver, "\ndrive()\n");
}

std::string FunctionCall(absl::string_view token, absl::string_view function,
                         absl::string_view input) {
  // The arguments pass as they are written: integers of any size stay whole.
  const Json function_name(function);
  std::string call = absl::StrCat("{\"token\":\"", token,
                                  "\",\"function\":", WriteJson(function_name),
                                  ",\"arguments\":[");
  absl::string_view separator = "";
  for (absl::string_view line : ArgumentLines(input)) {
    absl::StrAppend(&call, separator, line);
    separator = ",\n";
  }
  return absl::StrCat(call, "]}");
}

absl::Status CheckFunctionInput(absl::string_view input) {
  int number = 0;
  for (absl::string_view line : ArgumentLines(input)) {
    ++number;
    const absl::StatusOr<PythonValue> argument = ParsePythonJson(line);
    if (!argument.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("argument ", number, " of the test's input is ",
                       argument.status().message()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<FunctionReport> ParseFunctionReport(absl::string_view bytes,
                                                   absl::string_view token) {
  if (bytes.empty()) {
    return absl::InvalidArgumentError("the program ended without a result");
  }
  if (!absl::ConsumePrefix(&bytes, token)) {
    return absl::InvalidArgumentError(
        "something other than the result came first on its descriptor");
  }
  LIMBECK_ASSIGN_OR_RETURN(PythonValue value, ParsePythonJson(bytes));
  PythonDict* dict = std::get_if<PythonDict>(&value.value);
  if (dict == nullptr) {
    return absl::InvalidArgumentError("the report has no known form");
  }
  LIMBECK_ASSIGN_OR_RETURN(FunctionReport report, ReportOf(std::move(*dict)));
  if (report.kind == FunctionReport::Kind::kResult) {
    // {"result": VALUE}
    const size_t begin = bytes.find(':') + 1;
    report.text = std::string(absl::StripAsciiWhitespace(
        bytes.substr(begin, bytes.rfind('}') - begin)));
  }
  return report;
}

absl::StatusOr<std::string> MakeRunToken() {
  char bytes[16];
  if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
    return absl::InternalError("the system gave no random bytes");
  }
  return absl::BytesToHexString(absl::string_view(bytes, sizeof(bytes)));
}

}  // namespace limbeck
