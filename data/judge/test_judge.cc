#include "data/judge/test_judge.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/judge/checker_program.h"
#include "data/judge/fair_run.h"
#include "data/judge/function_driver.h"
#include "data/judge/program_command.h"
#include "data/judge/python_value.h"
#include "data/judge/run_verdict.h"

namespace limbeck {
namespace {

TestVerdict JudgeError(const absl::Status& status) {
  return {JudgeVerdict::kJudgeError, std::string(status.message())};
}

TestVerdict Compared(bool same, std::string detail) {
  if (same) return {JudgeVerdict::kAccepted, ""};
  return {JudgeVerdict::kWrongAnswer, std::move(detail)};
}

TestVerdict RunChecker(const JudgeTools& tools, const CheckerSpec& checker,
                       const CheckedFiles& files) {
  const SharedRun together(*tools.gate);  // not beside one that runs alone
  const absl::StatusOr<TestVerdict> verdict =
      checker.kind == CheckerKind::kPython
          ? RunPythonChecker(*tools.runner, tools.python, checker.code, files)
          : RunTestlibChecker(*tools.runner, *tools.compiler, checker.code,
                              tools.checker_headers, files);
  return verdict.ok() ? *verdict : JudgeError(verdict.status());
}

bool IsProgram(const CheckerSpec& checker) {
  return checker.kind == CheckerKind::kPython ||
         checker.kind == CheckerKind::kTestlib;
}

TestVerdict CheckText(const JudgeTools& tools, const CheckerSpec& checker,
                      const CheckedFiles& files) {
  if (IsProgram(checker)) return RunChecker(tools, checker, files);
  OutputComparison compared =
      CompareOutputs(checker, files.expected, files.output);
  return Compared(compared.accepted, std::move(compared.detail));
}

double ToleranceOf(const CheckerSpec& checker) {
  if (checker.kind == CheckerKind::kExact) return 0;
  if (checker.kind == CheckerKind::kFloats) return checker.epsilon;
  return kFunctionTolerance;
}

TestVerdict CheckResult(const JudgeTools& tools, const CheckerSpec& checker,
                        const FunctionReport& report, const JudgeTest& test) {
  if (IsProgram(checker)) {
    return RunChecker(tools, checker, {test.input, test.output, report.text});
  }
  const absl::StatusOr<PythonValue> expected = ParsePythonJson(test.output);
  if (!expected.ok()) return JudgeError(expected.status());
  return Compared(SameResult(report.result, *expected, ToleranceOf(checker)),
                  absl::StrCat("result ", QuoteStart(report.text),
                               ", expected ", QuoteStart(test.output)));
}

// Of a call whose process ended well.
TestVerdict CheckCall(const JudgeTools& tools, const JudgeRequest& request,
                      const FunctionReport& report, const JudgeTest& test) {
  switch (report.kind) {
    case FunctionReport::Kind::kResult:
      return CheckResult(tools, request.checker, report, test);
    case FunctionReport::Kind::kNoJson:
      return {JudgeVerdict::kWrongAnswer, LastLine(report.text)};
    case FunctionReport::Kind::kCompileError:
      return {JudgeVerdict::kCompileError, LastLine(report.text)};
    case FunctionReport::Kind::kRaised:
      break;
  }
  const bool memory = absl::StrContains(report.text, "\nMemoryError");
  return {memory ? JudgeVerdict::kMemoryLimit : JudgeVerdict::kRuntimeError,
          LastLine(report.text)};
}

// A broken test is found before the program runs: nothing that the program
// says may pass for one.
absl::Status CheckTest(const JudgeRequest& request, const JudgeTest& test) {
  if (request.function.empty()) return absl::OkStatus();
  LIMBECK_RETURN_IF_ERROR(CheckFunctionInput(test.input));
  const absl::StatusOr<PythonValue> expected = ParsePythonJson(test.output);
  if (expected.ok() || IsProgram(request.checker)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "expected output of the test is ", expected.status().message()));
}

TestVerdict Decide(const JudgeTools& tools, const JudgeRequest& request,
                   const JudgeTest& test, const FairRun& run,
                   const std::string& token) {
  std::optional<TestVerdict> failure = FailureOf(run, request);
  if (failure.has_value()) return *std::move(failure);
  if (request.function.empty()) {
    return CheckText(tools, request.checker,
                     {test.input, test.output, OutputOf(request, run.result)});
  }
  const absl::StatusOr<FunctionReport> report =
      ParseFunctionReport(run.result.side_channel, token);
  if (!report.ok()) {
    return {JudgeVerdict::kRuntimeError,
            std::string(report.status().message())};
  }
  return CheckCall(tools, request, *report, test);
}

absl::StatusOr<TestOutcome> RunAndDecide(const JudgeTools& tools,
                                         const JudgeRequest& request,
                                         const CppBinary* binary,
                                         const JudgeTest& test) {
  LIMBECK_RETURN_IF_ERROR(CheckTest(request, test));
  LIMBECK_ASSIGN_OR_RETURN(const std::string token, MakeRunToken());
  LIMBECK_ASSIGN_OR_RETURN(
      const FairRun run,
      RunFairly(*tools.runner, *tools.gate,
                CommandFor({&request, &test, tools.python, binary, token}),
                request.time_limit_seconds));
  TestVerdict verdict = Decide(tools, request, test, run, token);
  TestOutcome outcome;
  outcome.test = Measured(run);
  outcome.test.verdict = verdict.verdict;
  outcome.detail = std::move(verdict.detail);
  return outcome;
}

}  // namespace

TestOutcome JudgeOneTest(const JudgeTools& tools, const JudgeRequest& request,
                         const CppBinary* binary, const JudgeTest& test) {
  absl::StatusOr<TestOutcome> outcome =
      RunAndDecide(tools, request, binary, test);
  if (outcome.ok()) return *std::move(outcome);
  TestOutcome failed;
  failed.test.verdict = JudgeVerdict::kJudgeError;
  failed.detail = std::string(outcome.status().message());
  return failed;
}

}  // namespace limbeck
