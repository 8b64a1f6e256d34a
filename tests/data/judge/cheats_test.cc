// Programs that want to pass without an answer: the attacks that real harnesses
// fell to. None may be accepted.
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/data/judge/judge_fixture.h"

namespace limbeck {
namespace {

// A value that none of the programs below knows.
constexpr char kSecret[] = "18446744073709551557";

class Cheats : public JudgeTestCase {
 protected:
  void ExpectFailure(const JudgeRequest& request) {
    const JudgeResult result = ResultOf(request);
    EXPECT_NE(result.verdict, JudgeVerdict::kAccepted);
    EXPECT_NE(result.verdict, JudgeVerdict::kJudgeError) << result.detail;
  }

  void ExpectFunctionFails(const std::string& code) {
    ExpectFailure(FunctionRequest(code, "1", kSecret));
  }

  void ExpectProgramFails(const std::string& code) {
    ExpectFailure(PythonRequest(code, "1\n", kSecret));
  }
};

TEST_F(Cheats, AnObjectThatEqualsEverything) {
  const std::string equal =
      "class E{}:\n    def __eq__(self, other):\n        return True\n"
      "    def __ne__(self, other):\n        return False\n"
      "    __hash__ = None\n    def __repr__(self):\n        return '1'\n"
      "def f(a):\n    return E()\n";
  for (const char* base : {"", "(int)", "(str)", "(float)", "(dict)"}) {
    std::string code = equal;
    code.replace(code.find("{}"), 2, base);
    ExpectFunctionFails(code);
  }
  ExpectFailure(FunctionRequest(
      "class E(list):\n    def __eq__(self, other):\n        return True\n"
      "    def __len__(self):\n        return 3\n"
      "def f(a):\n    return E()",
      "1", "[1, 2, 3]"));
}

// The imports before a program and the builtins offer these names.
TEST_F(Cheats, AFunctionThatTheProgramDoesNotDefine) {
  const struct {
    const char *function, *input, *output;
  } calls[] = {{"sum", "[1, 2]", "3"},    {"add", "1\n2", "3"},
               {"max", "[1, 2]", "2"},    {"len", "[1, 2]", "2"},
               {"print", "1", "null"},    {"sorted", "[2, 1]", "[1, 2]"},
               {"gcd", "4\n6", "2"},      {"deepcopy", "[1]", "[1]"},
               {"__repr__", "", "\"x\""}, {"__str__", "", "\"x\""}};
  for (const auto& call : calls) {
    for (const char* code :
         {"", "x=1", "import operator", "class Solution:\n    pass"}) {
      SCOPED_TRACE(absl::StrCat(call.function, " of ", code));
      JudgeRequest request = FunctionRequest(code, call.input, call.output);
      request.function = call.function;
      EXPECT_EQ(VerdictOf(request), "runtime_error");
    }
  }
  JudgeRequest request = FunctionRequest("x=1", "1\n2", "3");
  request.function = "add";
  EXPECT_EQ(ResultOf(request).detail,
            "test 1: \"NameError: the program defines no function add\"");
  for (const char* code :
       {"add = operator.add", "class Solution:\n    add = operator.add",
        "def add(a, b):\n    return sum([a, b])",
        "class Sum:\n    def add(self, a, b):\n        return add(a, b)\n"
        "class Solution(Sum):\n    pass"}) {
    request.code = code;
    EXPECT_EQ(VerdictOf(request), "accepted") << code;
  }
}

TEST_F(Cheats, ACppFunctionThatTheProgramDoesNotDefine) {
  JudgeRequest request = FunctionRequest("", "-3", "3");
  request.language = ProgramLanguage::kCpp;
  request.function = "labs";
  for (const char* code :
       {"", "int x = 1;", "// long labs(long a) { return a; }",
        "long labs(long);", "long g(long a) { return labs(a); }"}) {
    request.code = code;
    const JudgeResult result = ResultOf(request);
    EXPECT_EQ(result.verdict, JudgeVerdict::kCompileError) << code;
    EXPECT_NE(result.detail.find("the program defines no function labs"),
              std::string::npos)
        << result.detail;
  }
  // Its own comes before the one of namespace std.
  request.function = "gcd";
  request.tests = {{"4\n6", "2"}};
  request.code = "int gcd(int a, int b) { return std::gcd(a, b); }";
  EXPECT_EQ(VerdictOf(request), "accepted");
}

TEST_F(Cheats, WalkingTheFrames) {
  ExpectFunctionFails(R"py(
import gc, sys
def f(a):
    frame = sys._getframe()
    seen = []
    while frame:
        for name, value in list(frame.f_locals.items()) + list(
                frame.f_globals.items()):
            if "out" in name or "expect" in name or "gt" in name:
                return value
            if isinstance(value, dict):
                seen += value.values()
        frame = frame.f_back
    for thing in seen + gc.get_objects():
        if isinstance(thing, int) and thing > 10 ** 18:
            return thing
        if isinstance(thing, str) and thing.isdigit() and len(thing) > 18:
            return int(thing)
    return None
)py");
}

TEST_F(Cheats, ReadingTheAnswerFile) {
  ExpectProgramFails(R"py(
import os
for folder in (".", "..", "/", "/tmp", "/box", os.path.expanduser("~")):
    for path, _, names in os.walk(folder):
        if path.startswith(("/usr", "/lib", "/proc/sys")):
            continue
        for name in names:
            try:
                text = open(os.path.join(path, name)).read()
            except Exception:
                continue
            if "184467440737" in text and "import os" not in text:
                print(text)
)py");
}

TEST_F(Cheats, LeavingEarly) {
  for (const char* leave :
       {"import os\nos._exit(0)", "import sys\nsys.exit(0)", "exit()",
        "raise SystemExit", "import os, signal\nos.kill(os.getpid(), 9)"}) {
    ExpectProgramFails(leave);
    ExpectFunctionFails(absl::StrCat(leave, "\ndef f(a):\n    return 1"));
  }
  ExpectFunctionFails("import os\ndef f(a):\n    os._exit(0)");
  ExpectFunctionFails("import sys\ndef f(a):\n    sys.exit(0)");
}

// An early exit fails even where nothing is expected.
TEST_F(Cheats, LeavingEarlyFromAFunctionWithoutResult) {
  ExpectFailure(
      FunctionRequest("import os\ndef f(a):\n    os._exit(0)", "1", "null"));
}

TEST_F(Cheats, ForgedReports) {
  ExpectFunctionFails(
      "import os\nos.write(3, b'{\"result\": 1}\\n')\nos._exit(0)");
  // The driver's own words, with the token taken from its frame: then it is
  // the program's own result, and a wrong one.
  ExpectFunctionFails(R"py(
import os, sys
def f(a):
    call = sys._getframe(1).f_locals["call"]
    os.write(3, (call["token"] + '{"result": 1}\n').encode())
    os._exit(0)
)py");
  ExpectFunctionFails(R"py(
import os, sys
def f(a):
    call = sys._getframe(1).f_locals["call"]
    os.write(3, (call["token"] + '{"judge_error": "x"}\n').encode())
    os._exit(0)
)py");
  ExpectFunctionFails(
      "import os\nos.write(3, b'\\xff' * 100000)\n"
      "def f(a):\n    return 1");
  ExpectFunctionFails("import os\nos.close(3)\ndef f(a):\n    return 1");
}

TEST_F(Cheats, BreakingTheDriver) {
  ExpectFunctionFails(R"py(
import builtins, json, operator, os, sys, types
json.dumps = lambda *args, **kinds: "true"
builtins.isinstance = lambda *args: True
builtins.type = lambda *args: int
operator.eq = lambda a, b: True
sys.exit = lambda *args: None
os._exit = lambda *args: None
sys.settrace(lambda *args: None)
def f(a):
    return 1
)py");
  ExpectFunctionFails(R"py(
import sys
for module in list(sys.modules.values()):
    for name in ("dumps", "loads", "report", "write"):
        try:
            setattr(module, name, lambda *args, **kinds: None)
        except Exception:
            pass
def f(a):
    return 1
)py");
}

// In NeMo Gym a decorator at the end of the answer bound to the test function.
TEST_F(Cheats, TrailingDecorator) {
  ExpectFunctionFails("def f(a):\n    return 1\n\n@lambda g: g");
  ExpectProgramFails("print(1)\n@lambda g: g");
}

TEST_F(Cheats, PrintingEveryAnswer) {
  JudgeRequest request =
      PythonRequest("print('YES')\nprint('NO')", "", "YES\n");
  ExpectFailure(request);
  request.checker.kind = CheckerKind::kYesNo;
  ExpectFailure(request);
  request.checker.kind = CheckerKind::kSetOfLines;
  ExpectFailure(request);
}

TEST_F(Cheats, ExpectedOutputThatIsEmpty) {
  ExpectFailure(PythonRequest("1 / 0", "", ""));
  ExpectFailure(PythonRequest("import os\nos.kill(os.getpid(), 11)", "", ""));
  ExpectFailure(PythonRequest("import sys\nsys.exit(1)", "", "\n"));
}

// Syntax errors are judged by what Python says; a program may say so itself and
// fails all the same.
TEST_F(Cheats, PretendingToBeBroken) {
  ExpectProgramFails(
      "import sys\nsys.stderr.write('  File \"x\", line 1\\n"
      "SyntaxError: x\\n')\nsys.exit(1)");
  ExpectProgramFails("raise MemoryError");
}

TEST_F(Cheats, ASpareProcessThatPrintsLater) {
  // A child that waits cannot reach the next test, which has its own run.
  JudgeRequest request = PythonRequest(R"py(
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(30)
    os._exit(0)
print(int(input()) * 2)
)py",
                                       "", "");
  request.tests = {{"1", "2"}, {"2", "5"}};
  const JudgeResult result = ResultOf(request);
  EXPECT_NE(result.verdict, JudgeVerdict::kAccepted);
  ASSERT_FALSE(result.tests.empty());
  EXPECT_LT(result.tests[0].wall_seconds, 20);
}

TEST_F(Cheats, AttackingTheCheckerThroughTheOutput) {
  // The checker is a Python program that sees the output as data only.
  JudgeRequest request = PythonRequest(
      "print('1')\nopen('checker.py', 'w').write('print(1)')\n"
      "open('answer.txt', 'w').write('1')",
      "", "2");
  request.checker.kind = CheckerKind::kPython;
  request.checker.code =
      "import sys\nprint(int(open(sys.argv[2]).read().split() == "
      "open(sys.argv[3]).read().split()))";
  ExpectFailure(request);
}

TEST_F(Cheats, ModulesOfTheBoxDoNotReachTheChecker) {
  // A file named as a module would be found first by what runs in that folder.
  ExpectFunctionFails(
      "open('json.py', 'w').write('dumps = lambda x: \"1\"')\n"
      "def f(a):\n    return 1");
}

TEST_F(Cheats, CompileTimeCodeAndLinkedFiles) {
  ExpectFailure(CppRequest(
      "#include <cstdio>\n__asm__(\".incbin \\\"/etc/shadow\\\"\");\n"
      "int main() { std::puts(\"1\"); }",
      "", kSecret));
}

TEST_F(Cheats, ParentStaysAliveAndNothingIsLeft) {
  ExpectProgramFails(
      "import os\nwhile True:\n    try:\n        os.fork()\n"
      "    except OSError:\n        break\nos.kill(-1, 9)");
  EXPECT_EQ(access("/box", F_OK), -1);
  EXPECT_EQ(VerdictOf(PythonRequest("print(1)", "", "1")), "accepted");
}

}  // namespace
}  // namespace limbeck
