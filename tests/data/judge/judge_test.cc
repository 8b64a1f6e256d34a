// The judge's own decisions, with a runner that only pretends.
#include "data/judge/judge.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/data/judge/fake_runner.h"
#include "tests/data/judge/judge_fixture.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using testing::HasSubstr;

using Answers = std::deque<absl::StatusOr<SandboxResult>>;

JudgeResult Judged(const JudgeRequest& request, Answers answers,
                   JudgeOptions options = {},
                   IsolationLevel level = IsolationLevel::kB) {
  const std::unique_ptr<Judge> judge =
      Judge::CreateWith(std::make_unique<FakeRunner>(std::move(answers), level),
                        std::move(options));
  const absl::StatusOr<JudgeResult> result = judge->Run(request);
  EXPECT_THAT(result, IsOk());
  return result.ok() ? *result : JudgeResult();
}

JudgeRequest ThreeTests() {
  JudgeRequest request = PythonRequest("x", "", "1");
  request.tests = {{"", "1"}, {"", "2"}, {"", "3"}};
  return request;
}

TEST(JudgeDecides, FirstFailingTestIsTheLast) {
  const JudgeResult result =
      Judged(ThreeTests(), {Exited("1"), Exited("7"), Exited("3")});
  EXPECT_EQ(result.verdict, JudgeVerdict::kWrongAnswer);
  ASSERT_EQ(result.tests.size(), 2u);
  EXPECT_EQ(result.tests[0].verdict, JudgeVerdict::kAccepted);
  EXPECT_EQ(result.tests[1].verdict, JudgeVerdict::kWrongAnswer);
  EXPECT_EQ(result.detail, "test 2: line 1 is \"7\", expected \"2\"");
}

TEST(JudgeDecides, AllTestsOnDemand) {
  JudgeRequest request = ThreeTests();
  request.all_tests = true;
  const JudgeResult result =
      Judged(request, {Exited("1"), Exited("", 1), Exited("7")});
  EXPECT_EQ(result.verdict, JudgeVerdict::kRuntimeError);
  ASSERT_EQ(result.tests.size(), 3u);
  EXPECT_EQ(result.tests[2].verdict, JudgeVerdict::kWrongAnswer);
  EXPECT_THAT(result.detail, HasSubstr("test 2: "));
}

TEST(JudgeDecides, JudgeErrorsComeAfterWhatTheProgramDid) {
  JudgeRequest request = ThreeTests();
  request.all_tests = true;
  const JudgeResult result = Judged(
      request, {absl::InternalError("broken"), Exited("7"), Exited("3")});
  EXPECT_EQ(result.verdict, JudgeVerdict::kWrongAnswer);
  EXPECT_EQ(result.tests[0].verdict, JudgeVerdict::kJudgeError);
}

TEST(JudgeDecides, SandboxFailureIsAJudgeError) {
  const JudgeResult result =
      Judged(ThreeTests(), {absl::InternalError("no memory for a pipe")});
  EXPECT_EQ(result.verdict, JudgeVerdict::kJudgeError);
  EXPECT_EQ(result.detail, "test 1: no memory for a pipe");
}

TEST(JudgeDecides, NoTestsIsNoPass) {
  JudgeRequest request = ThreeTests();
  request.tests.clear();
  EXPECT_EQ(Judged(request, {}).verdict, JudgeVerdict::kJudgeError);
}

TEST(JudgeDecides, InteractiveIsSkipped) {
  JudgeRequest request = ThreeTests();
  request.interactive = true;
  const JudgeResult result = Judged(request, {});
  EXPECT_EQ(result.verdict, JudgeVerdict::kJudgeError);
  EXPECT_TRUE(result.skipped);
  EXPECT_THAT(result.detail, HasSubstr("interactive"));
}

TEST(JudgeDecides, EmptyExpectedOutputIsNoPassForACrash) {
  JudgeRequest request = PythonRequest("x", "", "");
  EXPECT_EQ(Judged(request, {Exited("", 1)}).verdict,
            JudgeVerdict::kRuntimeError);
  SandboxResult killed;
  killed.outcome = SandboxOutcome::kSignalled;
  killed.signal = 11;
  EXPECT_EQ(Judged(request, {killed}).verdict, JudgeVerdict::kRuntimeError);
  EXPECT_EQ(Judged(request, {Exited("")}).verdict, JudgeVerdict::kAccepted);
}

TEST(JudgeDecides, WeakIsolationNeverPasses) {
  JudgeOptions options;
  options.unsafe = true;
  const JudgeRequest request = PythonRequest("x", "", "1");
  const JudgeResult passed =
      Judged(request, {Exited("1")}, options, IsolationLevel::kNone);
  EXPECT_EQ(passed.verdict, JudgeVerdict::kJudgeError);
  EXPECT_TRUE(passed.unsafe_pass);
  EXPECT_EQ(passed.isolation, IsolationLevel::kNone);
  const JudgeResult wrong =
      Judged(request, {Exited("2")}, options, IsolationLevel::kD);
  EXPECT_EQ(wrong.verdict, JudgeVerdict::kWrongAnswer);
  EXPECT_FALSE(wrong.unsafe_pass);
}

// What a program printed before it was stopped does not count.
TEST(JudgeDecides, OutcomesOfTheRun) {
  const auto verdict = [](SandboxOutcome outcome) {
    SandboxResult result = Exited("1");
    result.outcome = outcome;
    return Judged(PythonRequest("x", "", "1"), {result}).verdict;
  };
  EXPECT_EQ(verdict(SandboxOutcome::kExited), JudgeVerdict::kAccepted);
  EXPECT_EQ(verdict(SandboxOutcome::kSignalled), JudgeVerdict::kRuntimeError);
  EXPECT_EQ(verdict(SandboxOutcome::kCpuLimit), JudgeVerdict::kTimeLimit);
  EXPECT_EQ(verdict(SandboxOutcome::kWallLimit), JudgeVerdict::kTimeLimit);
  EXPECT_EQ(verdict(SandboxOutcome::kMemoryLimit), JudgeVerdict::kMemoryLimit);
  EXPECT_EQ(verdict(SandboxOutcome::kOutputLimit), JudgeVerdict::kRuntimeError);
}

JudgeVerdict CheckerVerdict(const SandboxResult& checker, CheckerKind kind) {
  JudgeRequest request = PythonRequest("x", "", "1");
  request.checker.kind = kind;
  if (kind == CheckerKind::kPython) {
    return Judged(request, {Exited("1"), checker}).verdict;
  }
  SandboxResult compiled = Exited("");
  compiled.collected = {{"program", "binary"}};
  return Judged(request, {Exited("g++ 12"), Exited("1"), compiled, checker})
      .verdict;
}

TEST(CheckerPrograms, PythonPrintsOneForAccepted) {
  const auto verdict = [](const SandboxResult& result) {
    return CheckerVerdict(result, CheckerKind::kPython);
  };
  EXPECT_EQ(verdict(Exited("1\n")), JudgeVerdict::kAccepted);
  EXPECT_EQ(verdict(Exited("100")), JudgeVerdict::kAccepted);
  EXPECT_EQ(verdict(Exited("0")), JudgeVerdict::kWrongAnswer);
  EXPECT_EQ(verdict(Exited("0.5")), JudgeVerdict::kWrongAnswer);
  EXPECT_EQ(verdict(Exited("")), JudgeVerdict::kJudgeError);
  EXPECT_EQ(verdict(Exited("True")), JudgeVerdict::kJudgeError);
  EXPECT_EQ(verdict(Exited("1", 1)), JudgeVerdict::kJudgeError);
  EXPECT_EQ(verdict(Stopped(SandboxOutcome::kCpuLimit, 10)),
            JudgeVerdict::kJudgeError);
}

TEST(CheckerPrograms, TestlibExitCodes) {
  const auto verdict = [](int exit_code) {
    return CheckerVerdict(Exited("", exit_code), CheckerKind::kTestlib);
  };
  EXPECT_EQ(verdict(0), JudgeVerdict::kAccepted);
  for (int code : {1, 2, 4, 7, 8}) {
    EXPECT_EQ(verdict(code), JudgeVerdict::kWrongAnswer) << code;
  }
  for (int code : {3, 5, 6, 9, 127, 134}) {
    EXPECT_EQ(verdict(code), JudgeVerdict::kJudgeError) << code;
  }
  EXPECT_EQ(CheckerVerdict(Stopped(SandboxOutcome::kSignalled, 0),
                           CheckerKind::kTestlib),
            JudgeVerdict::kJudgeError);
}

TEST(CheckerPrograms, OneThatDoesNotCompileIsAJudgeError) {
  JudgeRequest request = PythonRequest("x", "", "1");
  request.checker.kind = CheckerKind::kTestlib;
  const JudgeResult result =
      Judged(request, {Exited("g++ 12"), Exited("1"), Exited("no", 1)});
  EXPECT_EQ(result.verdict, JudgeVerdict::kJudgeError);
  EXPECT_THAT(result.detail, HasSubstr("does not compile"));
}

TEST(CheckerPrograms, TestlibThatIsNotGivenIsNamed) {
  JudgeRequest request = PythonRequest("x", "", "1");
  request.checker.kind = CheckerKind::kTestlib;
  SandboxResult failed = Exited("", 1);
  failed.error = "fatal error: testlib.h: No such file or directory";
  const JudgeResult result =
      Judged(request, {Exited("g++ 12"), Exited("1"), failed});
  EXPECT_EQ(result.verdict, JudgeVerdict::kJudgeError);
  EXPECT_THAT(result.detail, HasSubstr("name the file with --testlib"));
}

TEST(JudgeRefuses, WhatCannotBeJudged) {
  const std::unique_ptr<Judge> judge =
      Judge::CreateWith(std::make_unique<FakeRunner>(Answers()), {});
  const auto refused = [&](const JudgeRequest& request, const char* text) {
    EXPECT_THAT(judge->Run(request),
                IsError(absl::StatusCode::kInvalidArgument, text));
  };
  JudgeRequest request = FunctionRequest("x", "1", "1");
  request.function = "f()";
  refused(request, "function is \"f()\", expected a name");
  request = FunctionRequest("x", "1", "1");
  request.checker.kind = CheckerKind::kSetOfLines;
  refused(request, "checker set_of_lines compares texts");
  request = PythonRequest("x", "", "");
  request.time_limit_seconds = 0;
  refused(request, "time limit is 0 s");
  request.time_limit_seconds = 1e9;
  refused(request, "time limit is 1e+09 s");
  request = PythonRequest("x", "", "");
  request.memory_limit_mebibytes = 0;
  refused(request, "memory limit is 0 MiB");
  request = PythonRequest("x", "", "");
  request.input_file = "../a";
  refused(request, "file name is \"../a\"");
  request = PythonRequest("x", "", "");
  request.checker = {CheckerKind::kFloats, -1, ""};
  refused(request, "epsilon is -1");
}

TEST(JudgeRefuses, AnInterpreterWithoutAFullPath) {
  for (const char* path : {"python3", "./bin/python3", ""}) {
    JudgeOptions options;
    options.python = path;
    EXPECT_THAT(
        Judge::Create(options),
        IsError(absl::StatusCode::kInvalidArgument, "the absolute path"))
        << path;
  }
  JudgeOptions options;
  options.unsafe = true;
  options.python = "/bin/python3";
  EXPECT_THAT(Judge::Create(options), IsOk());
}

TEST(JudgeRefuses, ALanguageThatIsNotThere) {
  JudgeOptions options;
  options.python = "/usr/bin/no-such-python";
  const std::unique_ptr<Judge> judge =
      Judge::CreateWith(std::make_unique<FakeRunner>(Answers()), options);
  EXPECT_THAT(judge->Run(PythonRequest("x", "", "")),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "no Python at /usr/bin/no-such-python"));
}

// Before the sandbox wonders about the folder around it.
TEST(JudgeRefuses, AnInterpreterThatIsNotThere) {
  for (const std::string path :
       {"/nope", "/tmp/no-such-python3", "/opt/none/bin/python3"}) {
    JudgeOptions options;
    options.python = path;
    EXPECT_THAT(
        Judge::Create(options),
        IsError(absl::StatusCode::kFailedPrecondition,
                "no Python at " + path + "; install it or name another"));
  }
}

// The two ways for the expected output to get in would be standard input and
// files.
TEST(Judge, ExpectedOutputNeverEntersTheProgramsRun) {
  constexpr char kSecret[] = "\"secret answer\"";
  for (VerifyMode mode : {VerifyMode::kSound, VerifyMode::kCompat}) {
    for (JudgeRequest request : {PythonRequest("x", "1", kSecret),
                                 FunctionRequest("x", "1", kSecret)}) {
      JudgeOptions options;
      options.mode = mode;
      auto runner = std::make_unique<FakeRunner>(Answers{Exited("")});
      const FakeRunner& seen = *runner;
      const std::unique_ptr<Judge> judge =
          Judge::CreateWith(std::move(runner), options);
      LIMBECK_ASSERT_OK(judge->Run(request));
      ASSERT_EQ(seen.commands().size(), 1u);
      const SandboxCommand& command = seen.commands()[0];
      EXPECT_EQ(command.standard_input.find("secret answer"),
                std::string::npos);
      for (const SandboxFile& file : command.files) {
        EXPECT_EQ(file.content.find("secret answer"), std::string::npos);
      }
      for (const std::string& word : command.environment) {
        EXPECT_EQ(word.find("secret answer"), std::string::npos);
      }
    }
  }
}

TEST(CppCompiler, EqualSourcesCompileOnceAndErrorsAreKept) {
  SandboxResult compiled = Exited("");
  compiled.collected = {{"program", "binary"}};
  const FakeRunner runner({Exited("g++ 12\nmore"), compiled, Exited("", 1),
                           absl::InternalError("broken"), compiled});
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<CppCompiler> compiler,
                               CppCompiler::Create(&runner, {}));
  EXPECT_EQ(compiler->version(), "g++ 12");
  for (int i = 0; i < 3; ++i) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const std::shared_ptr<const CppBinary> binary,
                                 compiler->Compile("a", {}));
    EXPECT_EQ(binary->binary, "binary");
  }
  for (int i = 0; i < 3; ++i) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const std::shared_ptr<const CppBinary> binary,
                                 compiler->Compile("b", {}));
    EXPECT_EQ(binary->binary, "");
  }
  // A failure of the machine is not kept.
  EXPECT_FALSE(compiler->Compile("c", {}).ok());
  LIMBECK_EXPECT_OK(compiler->Compile("c", {}));
  EXPECT_EQ(runner.commands().size(), 5u);
}

TEST(CppCompiler, OldBinariesLeaveAFullCache) {
  SandboxResult compiled = Exited("");
  compiled.collected = {{"program", std::string(600, 'x')}};
  const FakeRunner runner(
      {Exited("g++ 12"), compiled, compiled, compiled, compiled});
  CppCompilerOptions options;
  options.max_cache_bytes = 1800;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<CppCompiler> compiler,
                               CppCompiler::Create(&runner, options));
  for (const char* source : {"a", "b", "a", "c", "a", "b"}) {
    LIMBECK_EXPECT_OK(compiler->Compile(source, {}));
  }
  // a, b, c, and b once more: it was the oldest when c came.
  EXPECT_EQ(runner.commands().size(), 5u);
}

}  // namespace
}  // namespace limbeck
