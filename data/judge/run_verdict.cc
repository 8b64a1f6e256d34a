#include "data/judge/run_verdict.h"

#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace limbeck {
namespace {

constexpr double kMebibyte = 1 << 20;

// A program that Python could not read ends with the place in the file and the
// error, without the "Traceback" of one that ran.
bool IsPythonSyntaxError(absl::string_view error) {
  return absl::StartsWith(error, "  File \"") &&
         (absl::StrContains(error, "\nSyntaxError: ") ||
          absl::StrContains(error, "\nIndentationError: ") ||
          absl::StrContains(error, "\nTabError: "));
}

bool RanOutOfMemory(absl::string_view error) {
  return absl::StrContains(error, "\nMemoryError") ||
         absl::StrContains(error, "std::bad_alloc");
}

std::string Ending(const SandboxResult& result) {
  if (result.outcome == SandboxOutcome::kSignalled) {
    return absl::StrCat("ended by signal ", result.signal, " (",
                        strsignal(result.signal), ")");
  }
  return absl::StrCat("exit code ", result.exit_code);
}

TestVerdict AfterBadEnd(const SandboxResult& result,
                        const JudgeRequest& request) {
  if (request.language == ProgramLanguage::kPython &&
      IsPythonSyntaxError(result.error)) {
    return {JudgeVerdict::kCompileError, LastLine(result.error)};
  }
  std::string detail = Ending(result);
  if (!result.error.empty()) {
    absl::StrAppend(&detail, ": ", LastLine(result.error));
  }
  return {RanOutOfMemory(result.error) ? JudgeVerdict::kMemoryLimit
                                       : JudgeVerdict::kRuntimeError,
          std::move(detail)};
}

TestVerdict OverTime(const FairRun& run, double time_limit_seconds) {
  const SandboxResult& result = run.result;
  const std::string used = absl::StrFormat(
      "%.2f s of CPU in %.2f s", result.cpu_seconds, result.wall_seconds);
  if (result.outcome == SandboxOutcome::kWallLimit &&
      result.cpu_seconds <= time_limit_seconds) {
    return {JudgeVerdict::kTimeLimit,
            absl::StrFormat("%s, the wall limit is %g s", used,
                            run.wall_limit_seconds)};
  }
  return {JudgeVerdict::kTimeLimit,
          absl::StrFormat("%s, the limit is %g s", used, time_limit_seconds)};
}

}  // namespace

std::string LastLine(absl::string_view text) {
  text = absl::StripTrailingAsciiWhitespace(text);
  return QuoteStart(text.substr(text.rfind('\n') + 1));
}

JudgedTest Measured(const FairRun& run) {
  JudgedTest test;
  test.cpu_seconds = run.result.cpu_seconds;
  test.wall_seconds = run.result.wall_seconds;
  test.peak_mebibytes = static_cast<double>(run.result.peak_bytes) / kMebibyte;
  test.runs = run.runs;
  return test;
}

std::optional<TestVerdict> FailureOf(const FairRun& run,
                                     const JudgeRequest& request) {
  const SandboxResult& result = run.result;
  if (run.starved) {
    return TestVerdict{
        JudgeVerdict::kJudgeError,
        absl::StrFormat("the machine is too busy to time it: %.2f s of CPU in "
                        "%.2f s, of which it waited %.2f s for a core",
                        result.cpu_seconds, result.wall_seconds,
                        result.waited_seconds)};
  }
  if (run.over_time) return OverTime(run, request.time_limit_seconds);
  switch (result.outcome) {
    case SandboxOutcome::kMemoryLimit:
      return TestVerdict{
          JudgeVerdict::kMemoryLimit,
          absl::StrFormat("%.0f MiB at most, the limit is %d MiB",
                          static_cast<double>(result.peak_bytes) / kMebibyte,
                          request.memory_limit_mebibytes)};
    case SandboxOutcome::kOutputLimit:
      return TestVerdict{JudgeVerdict::kRuntimeError,
                         absl::StrCat("too much output: ", result.detail)};
    case SandboxOutcome::kSignalled:
      return AfterBadEnd(result, request);
    case SandboxOutcome::kExited:
      if (result.exit_code != 0) return AfterBadEnd(result, request);
      return std::nullopt;
    case SandboxOutcome::kCpuLimit:
    case SandboxOutcome::kWallLimit:
      break;  // over_time
  }
  return TestVerdict{JudgeVerdict::kJudgeError,
                     "the run ended in no way known"};
}

}  // namespace limbeck
