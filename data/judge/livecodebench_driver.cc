// The program that runs inside the sandbox in the place of LiveCodeBench's
// runner. What it does is described at each step; what the steps must do, bugs
// included, was read from lcb_runner/evaluation/testing_util.py at 28fef95 (MIT
// licence, Naman Jain and others) and written anew.
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "data/judge/livecodebench_runner.h"
#include "data/judge/python_preamble.h"

namespace limbeck {
namespace {

// Reports. A value leaves in the tagged form of UntagPythonValue.
constexpr absl::string_view kReports = R"py(
import ast, builtins, faulthandler, json, os, shutil, signal, subprocess, sys
import time
from io import StringIO
from types import ModuleType
from unittest.mock import mock_open, patch
try:
    import numpy
except ImportError:
    pass

def write_all(data, write=os.write):
    while data:
        data = data[write(3, data):]

def make_reporter(token, dumps=json.dumps):
    def report(kind, value, seconds=0.0):
        line = dumps({"kind": kind, "value": value, "seconds": seconds})
        write_all((token + line + "\n").encode())
    return report

PLAIN = {kind.__eq__ for kind in (int, float, bool, str, list, tuple, dict)}

def number(value):
    try:
        if isinstance(value, complex):
            return value.real if value.imag == 0 else None
        if type(value).__module__ == "numpy" and value.ndim == 0:
            return value.item()
        if hasattr(value, "as_integer_ratio"):
            if value == int(value):
                return int(value)
            if value == float(value):
                return float(value)
    except Exception:
        return None
    return None

def tagged(value):
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind.__eq__ in PLAIN or isinstance(value, dict) and (
            kind.__module__ == "collections"):
        if isinstance(value, bool) or isinstance(value, int):
            return int.__add__(value, 0)
        if isinstance(value, float):
            return float.__add__(value, 0.0)
        if isinstance(value, str):
            return str.__getitem__(value, slice(None))
        if isinstance(value, list):
            return ["l", *map(tagged, list.__iter__(value))]
        if isinstance(value, tuple):
            return ["t", *map(tagged, tuple.__iter__(value))]
        if isinstance(value, dict):
            return ["d", *([tagged(key), tagged(item)]
                           for key, item in dict.items(value))]
    # What raises here raises there, in the comparison.
    if value == [object()] and value == {"": object()}:
        return ["e"]
    exact = number(value)
    return ["o"] if exact is None else exact
)py";

// What the official process takes away before it runs a program.
constexpr absl::string_view kGuard = R"py(
def guard():
    faulthandler.disable()
    builtins.quit = None
    builtins.help = None
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in ("kill system putenv remove removedirs rmdir fchdir setuid "
                 "fork forkpty killpg rename renames truncate replace unlink "
                 "fchmod fchown chmod chown chroot lchflags lchmod lchown "
                 "getcwd chdir").split():
        setattr(os, name, None)
    shutil.rmtree = shutil.move = shutil.chown = None
    subprocess.Popen = None
    for name in ("ipdb", "joblib", "resource", "psutil", "tkinter"):
        sys.modules[name] = None

class TimeoutException(Exception):
    pass

def alarm_rang(number, frame):
    print("timeout occured: alarm went off")
    raise TimeoutException

def failure(error):
    return "timeout" if "timeoutexception" in repr(error).lower() else "error"

def load(code, limit):
    signal.alarm(limit)
    try:
        module = ModuleType("tmp_sol", "")
        exec(code, module.__dict__)
        return module.Solution() if "class Solution" in code else module
    finally:
        signal.alarm(0)
)py";

// Programs from standard input to standard output. The module of the mocked
// input has no __iter__, read() always gives everything, buffer.readline()
// always the first line; captured output has no buffer.
constexpr absl::string_view kProgram = R"py(
class MockBuffer:
    def __init__(self, text):
        self.data = text.encode("utf-8")

    def read(self, *args):
        return self.data

    def readline(self, *args):
        return self.data.split(b"\n")[0] + b"\n"

class MockInput:
    def __init__(self, text):
        self.text = text
        self.stream = StringIO(text)
        self.buffer = MockBuffer(text)

    def read(self, *args):
        return self.text

    def readline(self, *args):
        return self.stream.readline(*args)

    def readlines(self, *args):
        return self.text.split("\n")

    def __getattr__(self, name):
        return getattr(self.stream, name)

def without_main_guard(code):
    try:
        tree = ast.parse(code)
        last = tree.body[-1]
        if isinstance(last, ast.If) and ast.unparse(
                last.test).strip() == "__name__ == '__main__'":
            code = ast.unparse(tree.body[:-1]) + "\n" + ast.unparse(last.body)
    except:
        pass
    return code

def as_function(code):
    try:
        body = ast.parse(code).body
        importing = (ast.Import, ast.ImportFrom)
        imports = [line for line in body if isinstance(line, importing)]
        others = [line for line in body if not isinstance(line, importing)]
        function = ast.FunctionDef(
            name="wrapped_function",
            args=ast.arguments(posonlyargs=[], args=[], kwonlyargs=[],
                               kw_defaults=[], defaults=[]),
            body=others, decorator_list=[], lineno=-1)
        return (PREAMBLE + "\n" + ast.unparse(imports) + "\n" +
                ast.unparse(function))
    except Exception:
        return code

def call_with_input(function, text):
    lines = iter(text.split("\n"))
    # The official decorators act from the last to the first: what they set on
    # sys.stdin is gone once sys.stdin itself is replaced.
    with patch("sys.stdin.read", lambda *args: text), \
            patch("sys.stdin.readlines", lambda *args: text.split("\n")), \
            patch("sys.stdin.readline", lambda *args: next(lines)), \
            patch("sys.stdin", MockInput(text)), \
            patch("builtins.open", mock_open(read_data=text)):
        try:
            return function()
        except SystemExit:
            pass

def run_programs(call, report):
    limit = call["limit"]
    module = load(as_function(without_main_guard(call["code"])), limit)
    function = getattr(module, "wrapped_function", None)
    if function is None:
        return report("refused", "no function to call")
    for text in call["inputs"]:
        captured = StringIO()
        captured.close = lambda ignored: 1
        signal.alarm(limit)
        faulthandler.enable()
        standard_output, sys.stdout = sys.stdout, captured
        try:
            start = time.time()
            call_with_input(function, text)
            seconds = time.time() - start
            signal.alarm(0)
        except Exception as error:
            signal.alarm(0)
            return report(failure(error), repr(error)[:300])
        finally:
            signal.alarm(0)
            faulthandler.disable()
            sys.stdout = standard_output
        report("output", captured.getvalue(), seconds)
)py";

// Functions: result against result, in the interpreter's own values.
constexpr absl::string_view kFunction = R"py(
def run_function(call, report):
    limit = call["limit"]
    owner = load(PREAMBLE + "\n\n" + call["code"], limit)
    method = getattr(owner, call["function"], None)
    if method is None:
        return report("refused", "no function to call")
    inputs = [[json.loads(line) for line in text.split("\n")]
              for text in call["inputs"]]
    for arguments in inputs:
        signal.alarm(limit)
        faulthandler.enable()
        try:
            start = time.time()
            result = method(*arguments)
            seconds = time.time() - start
            signal.alarm(0)
            if isinstance(result, tuple):
                result = list(result)
            report("result", tagged(result), seconds)
        except Exception as error:
            signal.alarm(0)
            return report(failure(error), repr(error)[:300])
        finally:
            signal.alarm(0)
            faulthandler.disable()

def main():
    call = json.loads(sys.stdin.buffer.read())
    report = make_reporter(call.pop("token"))
    sys.stdin.close()
    sys.stdin = open(os.open(os.devnull, os.O_RDONLY), encoding="utf-8",
                     closefd=False)
    sys.set_int_max_str_digits(50000)
    signal.signal(signal.SIGALRM, alarm_rang)
    guard()
    signal.alarm(call["limit"])
    try:
        (run_function if call["function"] else run_programs)(call, report)
    except Exception as error:
        report("refused", "Error during testing: " + repr(error)[:300])
    finally:
        signal.alarm(0)

main()
)py";

}  // namespace

std::string LiveCodeBenchDriverSource() {
  return absl::StrCat("PREAMBLE = \"\"\"", PythonPreamble(), "\"\"\"\n",
                      kReports, kGuard, kProgram, kFunction);
}

}  // namespace limbeck
