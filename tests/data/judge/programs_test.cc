// Programs in the real sandbox: the cases of code_contests'
// tester_sandboxer_test and of DMOJ's testsuite, written anew.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/thread_pool.h"
#include "tests/data/judge/judge_fixture.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using testing::HasSubstr;

constexpr char kCat[] = R"py(
import sys
while True:
    text = sys.stdin.read(1024)
    if not text:
        break
    sys.stdout.write(text)
)py";

class Programs : public JudgeTestCase {};

std::string LargeInput() {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    for (int j = 0; j < 10; ++j) absl::StrAppend(&text, "this is long. ");
    absl::StrAppend(&text, "\n");
  }
  return text;
}

TEST_F(Programs, Hello) {
  EXPECT_EQ(VerdictOf(PythonRequest("print('hello')", "", "hello\n")),
            "accepted");
}

TEST_F(Programs, Cat) {
  JudgeRequest request = PythonRequest(kCat, "", "");
  request.checker.kind = CheckerKind::kExact;
  request.tests = {{"hello", "hello"},
                   {"42\n", "42\n"},
                   {"\xC2\xA3 is unicode", "\xC2\xA3 is unicode"},
                   {LargeInput(), LargeInput()}};
  const JudgeResult result = ResultOf(request);
  EXPECT_EQ(result.verdict, JudgeVerdict::kAccepted) << result.detail;
  EXPECT_EQ(result.tests.size(), 4u);
  EXPECT_GE(result.isolation, IsolationLevel::kB);
}

TEST_F(Programs, LongLineOfOutputAndOfErrors) {
  const std::string line(500000, 'x');
  EXPECT_EQ(VerdictOf(PythonRequest(kCat, line, line)), "accepted");
  EXPECT_EQ(VerdictOf(PythonRequest(
                "import sys\nsys.stderr.write(sys.stdin.read())", line, "")),
            "accepted");
}

TEST_F(Programs, SyntaxErrorIsACompileError) {
  const JudgeResult result = ResultOf(PythonRequest(")", "", ""));
  EXPECT_EQ(result.verdict, JudgeVerdict::kCompileError);
  EXPECT_THAT(result.detail, HasSubstr("SyntaxError"));
  EXPECT_TRUE(result.tests.empty());
  EXPECT_EQ(VerdictOf(PythonRequest("if 1:\nx", "", "")), "compile_error");
}

TEST_F(Programs, SyntaxErrorThatIsRaisedIsNot) {
  EXPECT_EQ(VerdictOf(PythonRequest("eval(')')", "", "")), "runtime_error");
}

TEST_F(Programs, FailedAssertion) {
  const JudgeResult result = ResultOf(PythonRequest("assert 1 == 2", "", ""));
  EXPECT_EQ(result.verdict, JudgeVerdict::kRuntimeError);
  EXPECT_THAT(result.detail, HasSubstr("AssertionError"));
}

TEST_F(Programs, SixteenInParallel) {
  ThreadPool pool(16);
  std::vector<JudgeResult> results(16);
  LIMBECK_ASSERT_OK(ParallelFor(&pool, 16, [&](int64_t i) {
    results[static_cast<size_t>(i)] =
        ResultOf(PythonRequest("print('hello')", "", "hello"));
    return absl::OkStatus();
  }));
  for (const JudgeResult& result : results) {
    EXPECT_EQ(result.verdict, JudgeVerdict::kAccepted) << result.detail;
  }
}

TEST_F(Programs, EndlessLoopIsStopped) {
  JudgeRequest request = PythonRequest(
      "import math\nx = 1.\nwhile True:\n    x += math.sin(x)", "", "");
  request.time_limit_seconds = 0.5;
  const JudgeResult result = ResultOf(request);
  EXPECT_EQ(result.verdict, JudgeVerdict::kTimeLimit) << result.detail;
  ASSERT_EQ(result.tests.size(), 1u);
  EXPECT_GT(result.tests[0].cpu_seconds, 0.5);
  EXPECT_LT(result.tests[0].wall_seconds, 10);
}

TEST_F(Programs, SleepCountsOnTheWallOnly) {
  JudgeRequest request =
      PythonRequest("import time\ntime.sleep(1)\nprint(1)", "", "1");
  request.time_limit_seconds = 0.8;
  const JudgeResult result = ResultOf(request);
  EXPECT_EQ(result.verdict, JudgeVerdict::kAccepted) << result.detail;
  ASSERT_EQ(result.tests.size(), 1u);
  EXPECT_GE(result.tests[0].wall_seconds, 1);
  EXPECT_LT(result.tests[0].cpu_seconds, 0.8);
  request.code = "import time\ntime.sleep(60)";
  request.time_limit_seconds = 0.2;
  EXPECT_EQ(VerdictOf(request), "time_limit");
}

TEST_F(Programs, UnicodeInTheSource) {
  EXPECT_EQ(VerdictOf(PythonRequest("print('money')  # \xC2\xA3\xC2\xA3", "",
                                    "money")),
            "accepted");
}

TEST_F(Programs, NoStateIsLeftBehind) {
  JudgeRequest request = PythonRequest(
      "import os\nassert not os.path.exists('x'), 'left'\n"
      "open('x', 'w').write('1')\n"
      "open('/tmp/y', 'x').write('1')\n",
      "", "");
  request.tests = {{"", ""}, {"", ""}};
  EXPECT_EQ(VerdictOf(request), "accepted");
  EXPECT_EQ(VerdictOf(request), "accepted");
}

TEST_F(Programs, ReadingBehindTheInputFails) {
  EXPECT_EQ(VerdictOf(PythonRequest("input()", "", "")), "runtime_error");
  EXPECT_EQ(
      VerdictOf(PythonRequest("print(input() + input())", "just one\n", "")),
      "runtime_error");
}

TEST_F(Programs, SameRunTwiceIsTheSame) {
  // Hashes of strings, time zone and locale are fixed.
  const std::string code =
      "import time, sys\nprint(hash('a'), list({'a', 'b', 'c'}), "
      "time.tzname[0], sys.getfilesystemencoding())";
  JudgeRequest request = PythonRequest(code, "", "x");
  const std::string first = ResultOf(request).detail;
  EXPECT_THAT(first, HasSubstr("UTC"));
  EXPECT_EQ(ResultOf(request).detail, first);
}

TEST_F(Programs, MemoryLimit) {
  JudgeRequest request =
      PythonRequest("x = bytearray(400 << 20)\nprint(len(x))", "", "419430400");
  request.memory_limit_mebibytes = 128;
  EXPECT_EQ(VerdictOf(request), "memory_limit");
  request.memory_limit_mebibytes = 1024;
  EXPECT_EQ(VerdictOf(request), "accepted");
}

TEST_F(Programs, TooMuchOutput) {
  const JudgeResult result = ResultOf(PythonRequest(
      "import sys\nblock = 'x' * (1 << 20)\nfor i in range(1024):\n"
      "    sys.stdout.write(block)",
      "", "x"));
  EXPECT_EQ(result.verdict, JudgeVerdict::kRuntimeError) << result.detail;
}

TEST_F(Programs, DeepRecursion) {
  EXPECT_EQ(VerdictOf(PythonRequest(
                "import sys\nfrom functools import lru_cache\n"
                "sys.setrecursionlimit(10 ** 6)\n@lru_cache(None)\n"
                "def f(n):\n    return 0 if n == 0 else 1 + f(n - 1)\n"
                "print(f(30000))",
                "", "30000")),
            "accepted");
}

TEST_F(Programs, HugeIntegersPrint) {
  EXPECT_EQ(
      VerdictOf(PythonRequest("print(len(str(10 ** 20000)))", "", "20001")),
      "accepted");
}

TEST_F(Programs, BinaryOutputIsBytes) {
  JudgeRequest request = PythonRequest(
      "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])",
      std::string("a\0b", 3), std::string("b\0a", 3));
  request.checker.kind = CheckerKind::kExact;
  EXPECT_EQ(VerdictOf(request), "accepted");
}

TEST_F(Programs, FileMode) {
  JudgeRequest request = PythonRequest(
      "n = int(open('sum.in').read())\nopen('sum.out', 'w').write(str(n + 1))",
      "41", "42");
  request.input_file = "sum.in";
  request.output_file = "sum.out";
  EXPECT_EQ(VerdictOf(request), "accepted");
  request.code = "print(42)";
  EXPECT_EQ(VerdictOf(request), "wrong_answer");
}

TEST_F(Programs, PythonChecker) {
  JudgeRequest request = PythonRequest("print(3, 4)", "7\n", "1 6\n");
  request.checker.kind = CheckerKind::kPython;
  request.checker.code = R"py(
import sys
goal = int(open(sys.argv[1]).read())
answer = open(sys.argv[2]).read().split()
output = open(sys.argv[3]).read().split()
print(int(len(answer) == len(output) and sum(map(int, output)) == goal))
)py";
  EXPECT_EQ(VerdictOf(request), "accepted");
  request.code = "print(3, 5)";
  EXPECT_EQ(VerdictOf(request), "wrong_answer");
  request.code = "print('x', 'y')";  // int() raises
  EXPECT_EQ(VerdictOf(request), "judge_error");
}

// Functions.

class Functions : public JudgeTestCase {};

TEST_F(Functions, FunctionsAndMethods) {
  JudgeRequest request = FunctionRequest("def f(a, b):\n    return a + b",
                                         "[1, 2]\n[3]", "[1, 2, 3]");
  EXPECT_EQ(VerdictOf(request), "accepted");
  request.code =
      "class Solution:\n    def f(self, a: List[int], b: List[int]) -> "
      "Optional[List[int]]:\n        return sorted(Counter(a + b))";
  EXPECT_EQ(VerdictOf(request), "accepted");
  request.code = "class Solution:\n    pass\ndef f(a, b):\n    return a + b";
  EXPECT_EQ(VerdictOf(request), "accepted");
  request.code = "def g(a, b):\n    return a + b";
  EXPECT_EQ(VerdictOf(request), "runtime_error");
}

TEST_F(Functions, ResultsAreComparedAsJson) {
  const auto verdict = [&](const std::string& result,
                           const std::string& expected) {
    return VerdictOf(FunctionRequest(
        absl::StrCat("def f(a):\n    return ", result), "1", expected));
  };
  EXPECT_EQ(verdict("[(1, 2), (3,)]", "[[1, 2], [3]]"), "accepted");
  EXPECT_EQ(verdict("0.1 + 0.2", "0.3"), "accepted");
  EXPECT_EQ(verdict("[0.1 + 0.2]", "[0.3]"), "accepted");
  EXPECT_EQ(verdict("0.31", "0.3"), "wrong_answer");
  EXPECT_EQ(verdict("{1: 'x'}", "{\"1\": \"x\"}"), "accepted");
  EXPECT_EQ(verdict("defaultdict(int, {'a': 2})", "{\"a\": 2}"), "accepted");
  EXPECT_EQ(verdict("10 ** 40", "1" + std::string(40, '0')), "accepted");
  EXPECT_EQ(verdict("{1, 2}", "[1, 2]"), "wrong_answer");
  EXPECT_EQ(verdict("None", "null"), "accepted");
  EXPECT_EQ(verdict("'1'", "1"), "wrong_answer");
  EXPECT_EQ(verdict("print('noise') or 1", "1"), "accepted");
}

TEST_F(Functions, ExactAndFloatsChangeTheTolerance) {
  JudgeRequest request =
      FunctionRequest("def f(a):\n    return 0.1 + 0.2", "1", "0.3");
  request.checker.kind = CheckerKind::kExact;
  EXPECT_EQ(VerdictOf(request), "wrong_answer");
  request.checker = {CheckerKind::kFloats, 0.1, ""};
  request.code = "def f(a):\n    return 0.35";
  EXPECT_EQ(VerdictOf(request), "accepted");
}

TEST_F(Functions, HowTheyFail) {
  const auto verdict = [&](const std::string& code) {
    return VerdictOf(FunctionRequest(code, "1", "1"));
  };
  EXPECT_EQ(verdict("def f(a):\n    return a +"), "compile_error");
  EXPECT_EQ(verdict("def f(a):\n    raise ValueError('x')"), "runtime_error");
  EXPECT_EQ(verdict("def f(a, b):\n    return 1"), "runtime_error");
  EXPECT_EQ(verdict("def f(a):\n    return f(a)"), "runtime_error");
  EXPECT_EQ(verdict("1 / 0"), "runtime_error");
}

TEST_F(Functions, ABrokenTestIsAJudgeError) {
  JudgeRequest request = FunctionRequest("def f(a):\n    return 1", "[1", "1");
  const JudgeResult input = ResultOf(request);
  EXPECT_EQ(input.verdict, JudgeVerdict::kJudgeError);
  EXPECT_THAT(input.detail, HasSubstr("argument 1"));
  request.tests = {{"1", "[1"}};
  EXPECT_EQ(VerdictOf(request), "judge_error");
}

// C++.

class CppPrograms : public JudgeTestCase {};

TEST_F(CppPrograms, SumCrashLoopAndMemoryInOneProgram) {
  JudgeRequest request = CppRequest(
      R"cc(
#include <bits/stdc++.h>
        int main() {
          long long a, b;
          std::string what;
          std::cin >> what >> a >> b;
          if (what == "sum") std::cout << a + b << std::endl;
          if (what == "exit") return static_cast<int>(a);
          if (what == "crash") *reinterpret_cast<volatile int*>(a) = 1;
          if (what == "throw") throw std::runtime_error("x");
          if (what == "loop")
            for (volatile int i = 0;; ++i)
              ;
          if (what == "memory") {
            std::vector<char> bytes(static_cast<size_t>(a) << 20, 'x');
            std::cout << bytes.size() << std::endl;
          }
          if (what == "stack") {
            std::function<long long(long long)> f = [&](long long n) {
              volatile char frame[200] = {0};
              return n == 0 ? frame[0] : 1 + f(n - 1);
            };
            std::cout << f(a) << std::endl;
          }
        }
      )cc",
      "", "");
  request.time_limit_seconds = 1;
  request.all_tests = true;
  request.tests = {{"sum 1 2", "3"},
                   {"sum 1 2", "4"},
                   {"exit 1 0", ""},
                   {"crash 0 0", ""},
                   {"throw 0 0", ""},
                   {"loop 0 0", ""},
                   {"memory 64 0", "67108864"},
                   {"memory 500 0", ""},
                   {"stack 200000 0", "200000"}};
  const JudgeResult result = ResultOf(request);
  std::vector<std::string> verdicts;
  for (const JudgedTest& test : result.tests) {
    verdicts.push_back(JudgeVerdictName(test.verdict));
  }
  EXPECT_THAT(verdicts, testing::ElementsAre(
                            "accepted", "wrong_answer", "runtime_error",
                            "runtime_error", "runtime_error", "time_limit",
                            "accepted", "memory_limit", "accepted"))
      << result.detail;
  EXPECT_EQ(result.verdict, JudgeVerdict::kWrongAnswer);
}

TEST_F(CppPrograms, Functions) {
  JudgeRequest request = CppRequest(R"cc(
                                      class Solution {
                                       public:
                                        vector<vector<double>> f(vector<int>& a, const string& s, bool negate) {
                                          if (s == "throw") throw runtime_error(s);
                                          if (s == "leave") exit(0);
                                          a.push_back(static_cast<int>(s.size()));
                                          vector<double> row;
                                          for (int x : a) row.push_back((negate ? -x : x) / 3.0);
                                          return {row, {}};
                                        }
                                      };
                                    )cc",
                                    "", "");
  request.function = "f";
  request.all_tests = true;
  request.tests = {
      {"[3, 6]\n\"\\u00e9\"\ntrue", "[[-1, -2, -0.6666666667], []]"},
      {"[3, 6]\n\"\\u00e9\"\ntrue", "[[-1, -2, -0.67], []]"},
      {"[]\n\"throw\"\ntrue", "[]"},
      {"[]\n\"leave\"\ntrue", "[]"},
      {"[1.5]\n\"\"\ntrue", "[]"}};
  const JudgeResult result = ResultOf(request);
  std::vector<std::string> verdicts;
  for (const JudgedTest& test : result.tests) {
    verdicts.push_back(JudgeVerdictName(test.verdict));
  }
  EXPECT_THAT(verdicts,
              testing::ElementsAre("accepted", "wrong_answer", "runtime_error",
                                   "runtime_error", "runtime_error"))
      << result.detail;
}

TEST_F(CppPrograms, CompileErrors) {
  const JudgeResult result = ResultOf(CppRequest("int main() { x; }", "", ""));
  EXPECT_EQ(result.verdict, JudgeVerdict::kCompileError);
  EXPECT_THAT(result.detail, HasSubstr("was not declared"));
  EXPECT_TRUE(result.tests.empty());
}

// An endless file, files of the host, more output than fits: the compiler is
// as shut in as the program.
TEST_F(CppPrograms, CompilerIsShutInToo) {
  EXPECT_EQ(
      VerdictOf(CppRequest("#include \"/etc/shadow\"\nint main() {}", "", "")),
      "compile_error");
  EXPECT_EQ(
      VerdictOf(CppRequest("#include \"/dev/urandom\"\nint main() {}", "", "")),
      "compile_error");
  EXPECT_EQ(VerdictOf(CppRequest("char bytes[400 << 20] = {1};\nint main() {}",
                                 "", "")),
            "compile_error");
}

TEST_F(CppPrograms, TestlibStyleChecker) {
  JudgeRequest request = PythonRequest("print(input()[::-1])", "abc\n", "x");
  request.checker.kind = CheckerKind::kTestlib;
  request.checker.code = R"cc(
#include <cstdio>
#include <fstream>
#include <string>
    int main(int argc, char** argv) {
      std::string input, output, answer;
      std::ifstream(argv[1]) >> input;
      std::ifstream(argv[2]) >> output;
      std::ifstream(argv[3]) >> answer;
      if (argc != 4 || answer != "x") return 3;
      std::fprintf(stderr, "first letter is %c\n", output[0]);
      return output[0] == input.back() ? 0 : 1;
    }
  )cc";
  EXPECT_EQ(VerdictOf(request), "accepted");
  request.code = "print(input())";
  const JudgeResult result = ResultOf(request);
  EXPECT_EQ(result.verdict, JudgeVerdict::kWrongAnswer);
  EXPECT_THAT(result.detail, HasSubstr("first letter is a"));
  request.tests[0].output = "y";
  EXPECT_EQ(VerdictOf(request), "judge_error");
}

}  // namespace
}  // namespace limbeck
