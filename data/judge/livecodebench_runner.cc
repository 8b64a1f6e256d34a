#include "data/judge/livecodebench_runner.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/judge/function_driver.h"
#include "data/judge/output_checker.h"
#include "data/judge/program_command.h"
#include "data/judge/python_value.h"
#include "data/judge/run_verdict.h"

namespace limbeck {
namespace {

// The official runner sets no memory limit; without any, one program could
// take the machine.
constexpr uint64_t kMemoryBytes = uint64_t{4} << 30;
constexpr uint64_t kReportBytes = uint64_t{256} << 20;
constexpr double kBusySeconds = 0.3;  // of 6: the alarm may be the machine's

// One line of the driver.
struct Report {
  std::string kind;
  PythonValue value;
  double seconds = 0;
};

absl::StatusOr<Report> ParseReport(absl::string_view line) {
  LIMBECK_ASSIGN_OR_RETURN(PythonValue parsed, ParsePythonJson(line));
  PythonDict* dict = std::get_if<PythonDict>(&parsed.value);
  Report report;
  if (dict == nullptr || dict->values.size() != 3) {
    return absl::InvalidArgumentError("report of no known form");
  }
  const auto* kind = std::get_if<std::string>(&dict->values[0].value);
  const auto* seconds = std::get_if<double>(&dict->values[2].value);
  if (kind == nullptr || seconds == nullptr) {
    return absl::InvalidArgumentError("report of no known form");
  }
  report.kind = *kind;
  report.seconds = *seconds;
  LIMBECK_ASSIGN_OR_RETURN(report.value,
                           UntagPythonValue(std::move(dict->values[1])));
  return report;
}

// What the driver said in order; whatever lacks the token is not its word.
std::vector<Report> ParseReports(absl::string_view bytes,
                                 absl::string_view token) {
  std::vector<Report> reports;
  for (absl::string_view line : absl::StrSplit(bytes, '\n')) {
    if (!absl::ConsumePrefix(&line, token)) continue;
    absl::StatusOr<Report> report = ParseReport(line);
    if (report.ok()) reports.push_back(*std::move(report));
  }
  return reports;
}

SandboxCommand DriverCommand(const std::string& python,
                             const JudgeRequest& request,
                             const std::string& token) {
  Json inputs = Json::Array();
  for (const JudgeTest& test : request.tests) inputs.Push(test.input);
  Json call = Json::Object();
  call.Set("token", token);
  call.Set("code", request.code);
  call.Set("function", request.function);
  call.Set("limit", kLiveCodeBenchSeconds);
  call.Set("inputs", std::move(inputs));
  SandboxCommand command;
  command.argv = PythonArguments(python, "runner.py");
  command.environment = ProgramEnvironment();
  command.files = {{"runner.py", LiveCodeBenchDriverSource(), false}};
  command.standard_input = WriteJson(call);
  command.side_channel = true;
  const double seconds =
      (kLiveCodeBenchSeconds + 1) * static_cast<double>(request.tests.size()) +
      5;
  command.limits.cpu_seconds = seconds;
  command.limits.wall_seconds = seconds;
  command.limits.memory_bytes = kMemoryBytes;
  command.limits.output_bytes = kReportBytes;
  return command;
}

TestVerdict Failed(JudgeVerdict verdict, const Report& report) {
  const auto* text = std::get_if<std::string>(&report.value.value);
  return {verdict, text == nullptr ? "" : QuoteStart(*text)};
}

TestVerdict CompareText(const Report& report, const JudgeTest& test) {
  const auto* text = std::get_if<std::string>(&report.value.value);
  CheckerSpec checker;
  checker.kind = CheckerKind::kLiveCodeBench;
  OutputComparison compared =
      CompareOutputs(checker, test.output, text == nullptr ? "" : *text);
  if (compared.accepted) return {JudgeVerdict::kAccepted, ""};
  return {JudgeVerdict::kWrongAnswer, std::move(compared.detail)};
}

TestVerdict CompareResult(const Report& report, const PythonValue& expected) {
  if (PythonEqual(report.value, expected)) return {JudgeVerdict::kAccepted, ""};
  return {JudgeVerdict::kWrongAnswer,
          absl::StrCat("result is another ", PythonTypeName(report.value))};
}

// `expected` of functions; nullptr where programs print.
TestVerdict VerdictOf(const Report& report, const JudgeTest& test,
                      const PythonValue* expected) {
  if (report.kind == "output" && expected == nullptr) {
    return CompareText(report, test);
  }
  if (report.kind == "result" && expected != nullptr) {
    return CompareResult(report, *expected);
  }
  return Failed(report.kind == "timeout" ? JudgeVerdict::kTimeLimit
                                         : JudgeVerdict::kRuntimeError,
                report);
}

// The process ended before this test had a report.
TestVerdict Unreported(const SandboxResult& result) {
  switch (result.outcome) {
    case SandboxOutcome::kWallLimit:
    case SandboxOutcome::kCpuLimit:
      return {JudgeVerdict::kTimeLimit, "the limit of the whole run"};
    case SandboxOutcome::kMemoryLimit:
      return {JudgeVerdict::kMemoryLimit, result.detail};
    default:
      return {JudgeVerdict::kRuntimeError,
              absl::StrCat("the program ended the runner: ", result.detail, " ",
                           LastLine(result.error))};
  }
}

// All expected results of functions, read before anything runs, as there; an
// error there fails the program, not the judge.
absl::StatusOr<std::vector<PythonValue>> ExpectedResults(
    const JudgeRequest& request) {
  std::vector<PythonValue> expected;
  if (request.function.empty()) return expected;
  for (const JudgeTest& test : request.tests) {
    LIMBECK_ASSIGN_OR_RETURN(PythonValue value, ParsePythonJson(test.output));
    expected.push_back(std::move(value));
  }
  return expected;
}

JudgeResult Judged(const JudgeRequest& request, const SandboxResult& run,
                   const std::string& token,
                   const std::vector<PythonValue>& expected) {
  const std::vector<Report> reports = ParseReports(run.side_channel, token);
  JudgeResult result;
  result.verdict = JudgeVerdict::kAccepted;
  for (size_t i = 0; i < request.tests.size(); ++i) {
    const TestVerdict verdict =
        i < reports.size()
            ? VerdictOf(reports[i], request.tests[i],
                        expected.empty() ? nullptr : &expected[i])
            : Unreported(run);
    JudgedTest test;
    test.verdict = verdict.verdict;
    test.wall_seconds = i < reports.size() ? reports[i].seconds : 0;
    test.cpu_seconds = test.wall_seconds;  // the driver's clock, as there
    test.peak_mebibytes =
        static_cast<double>(run.peak_bytes) / static_cast<double>(1 << 20);
    result.tests.push_back(test);
    if (verdict.verdict == JudgeVerdict::kAccepted) continue;
    result.verdict = verdict.verdict;
    result.detail = absl::StrCat("test ", i + 1, ": ", verdict.detail);
    break;
  }
  return result;
}

struct Attempt {
  SandboxResult run;
  JudgeResult result;
};

// A busy program that hit a limit by the wall clock; a sleeper would sleep
// again.
bool MayBeTheMachine(const Attempt& attempt) {
  return attempt.result.verdict == JudgeVerdict::kTimeLimit &&
         attempt.run.cpu_seconds >= kBusySeconds;
}

}  // namespace

absl::StatusOr<JudgeResult> RunLiveCodeBench(const ProgramRunner& runner,
                                             MachineGate& gate,
                                             const std::string& python,
                                             const JudgeRequest& request) {
  const absl::StatusOr<std::vector<PythonValue>> expected =
      ExpectedResults(request);
  if (!expected.ok()) {
    JudgeResult refused;
    refused.verdict = JudgeVerdict::kRuntimeError;
    refused.detail = absl::StrCat("the runner fails on a test's output: ",
                                  expected.status().message());
    return refused;
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string token, MakeRunToken());
  const SandboxCommand command = DriverCommand(python, request, token);
  Attempt attempt;
  {
    const SharedRun together(gate);
    LIMBECK_ASSIGN_OR_RETURN(attempt.run, runner.Run(command));
  }
  attempt.result = Judged(request, attempt.run, token, *expected);
  if (!MayBeTheMachine(attempt)) return std::move(attempt.result);
  const LoneRun alone(gate);
  LIMBECK_ASSIGN_OR_RETURN(attempt.run, runner.Run(command));
  attempt.result = Judged(request, attempt.run, token, *expected);
  for (JudgedTest& test : attempt.result.tests) test.runs = 2;
  return std::move(attempt.result);
}

}  // namespace limbeck
