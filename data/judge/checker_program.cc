#include "data/judge/checker_program.h"

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/judge/program_command.h"

namespace limbeck {
namespace {

constexpr char kInput[] = "input.txt";
constexpr char kAnswer[] = "answer.txt";
constexpr char kOutput[] = "output.txt";

// testlib.h, enum TResult and its exit codes outside of Windows and Codeforces.
constexpr int kOk = 0;
constexpr int kWrongAnswer = 1;
constexpr int kPresentationError = 2;
constexpr int kDirt = 4;
constexpr int kPoints = 7;
constexpr int kUnexpectedEnd = 8;

SandboxCommand CheckerCommand(const CheckedFiles& files) {
  SandboxCommand command;
  command.environment = ProgramEnvironment();
  command.files = {{kInput, std::string(files.input), false},
                   {kAnswer, std::string(files.expected), false},
                   {kOutput, std::string(files.output), false}};
  const uint64_t bytes =
      files.input.size() + files.expected.size() + files.output.size();
  command.limits.cpu_seconds = 10;
  command.limits.wall_seconds = 60;
  command.limits.memory_bytes = uint64_t{1} << 30;
  command.limits.output_bytes = uint64_t{1} << 20;
  command.limits.file_bytes = bytes + (uint64_t{64} << 20);
  return command;
}

TestVerdict CheckerFailed(const SandboxResult& result) {
  std::string detail =
      absl::StrCat("the checker failed (", SandboxOutcomeName(result.outcome));
  if (result.outcome == SandboxOutcome::kExited) {
    absl::StrAppend(&detail, ", exit code ", result.exit_code);
  }
  return {JudgeVerdict::kJudgeError,
          absl::StrCat(detail, "): ", LastLine(result.error))};
}

TestVerdict ReadPythonChecker(const SandboxResult& result) {
  if (result.outcome != SandboxOutcome::kExited || result.exit_code != 0) {
    return CheckerFailed(result);
  }
  const absl::string_view said = absl::StripAsciiWhitespace(result.output);
  double points = 0;
  if (!absl::SimpleAtod(said, &points)) {
    return {JudgeVerdict::kJudgeError,
            absl::StrCat("the checker printed ", QuoteStart(said),
                         ", expected 1 or 0")};
  }
  if (points == 1 || points == 100) return {JudgeVerdict::kAccepted, ""};
  return {JudgeVerdict::kWrongAnswer,
          absl::StrCat("the checker printed ", said)};
}

TestVerdict ReadTestlibChecker(const SandboxResult& result) {
  if (result.outcome != SandboxOutcome::kExited) return CheckerFailed(result);
  switch (result.exit_code) {
    case kOk:
      return {JudgeVerdict::kAccepted, ""};
    case kWrongAnswer:
    case kPresentationError:
    case kDirt:
    case kPoints:
    case kUnexpectedEnd:
      return {JudgeVerdict::kWrongAnswer,
              absl::StrCat("the checker said ", LastLine(result.error),
                           ", exit code ", result.exit_code)};
    default:
      return CheckerFailed(result);
  }
}

}  // namespace

absl::StatusOr<TestVerdict> RunPythonChecker(const ProgramRunner& runner,
                                             const std::string& python,
                                             const std::string& code,
                                             const CheckedFiles& files) {
  SandboxCommand command = CheckerCommand(files);
  command.files.push_back({"checker.py", code, false});
  command.argv = PythonArguments(python, "checker.py");
  command.argv.insert(command.argv.end(), {kInput, kAnswer, kOutput});
  LIMBECK_ASSIGN_OR_RETURN(const SandboxResult result, runner.Run(command));
  return ReadPythonChecker(result);
}

absl::StatusOr<TestVerdict> RunTestlibChecker(
    const ProgramRunner& runner, const CppCompiler& compiler,
    const std::string& code, const std::vector<SandboxFile>& headers,
    const CheckedFiles& files) {
  LIMBECK_ASSIGN_OR_RETURN(const std::shared_ptr<const CppBinary> checker,
                           compiler.Compile(code, headers));
  if (checker->binary.empty() && headers.empty() &&
      absl::StrContains(checker->error, "testlib.h")) {
    return TestVerdict{JudgeVerdict::kJudgeError,
                       "the checker includes testlib.h, which is not given: "
                       "name the file with --testlib"};
  }
  if (checker->binary.empty()) {
    return TestVerdict{JudgeVerdict::kJudgeError,
                       absl::StrCat("the checker does not compile: ",
                                    QuoteStart(checker->error))};
  }
  SandboxCommand command = CheckerCommand(files);
  command.files.push_back({"checker", checker->binary, true});
  command.argv = {"./checker", kInput, kOutput, kAnswer};
  LIMBECK_ASSIGN_OR_RETURN(const SandboxResult result, runner.Run(command));
  return ReadTestlibChecker(result);
}

}  // namespace limbeck
