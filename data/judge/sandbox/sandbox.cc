#include "data/judge/sandbox/sandbox.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <cmath>
#include <cstring>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/judge/sandbox/launch.h"
#include "data/judge/sandbox/launch_kit.h"

namespace limbeck {
namespace {

constexpr double kMaxSeconds = 86400;
constexpr uint64_t kMaxBytes = uint64_t{1} << 40;
constexpr uint64_t kMaxProcesses = 4096;
constexpr size_t kMaxFiles = 1000;
constexpr size_t kMaxNameBytes = 255;

absl::Status CheckName(absl::string_view what, absl::string_view name) {
  if (!name.empty() && name.size() <= kMaxNameBytes && name != "." &&
      name != ".." && !absl::StrContains(name, '/') &&
      !absl::StrContains(name, absl::string_view("\0", 1))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(what, " '", name, "' is not one path component of 1 to ",
                   kMaxNameBytes, " bytes"));
}

absl::Status CheckText(absl::string_view what, absl::string_view text) {
  if (!absl::StrContains(text, absl::string_view("\0", 1))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(what, " holds a zero byte"));
}

absl::Status CheckSeconds(absl::string_view what, double seconds) {
  if (seconds > 0 && seconds <= kMaxSeconds) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " is ", seconds, ", not in (0, ", kMaxSeconds, "]"));
}

absl::Status CheckCount(absl::string_view what, uint64_t count, uint64_t max) {
  if (count > 0 && count <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " is ", count, ", not in 1 to ", max));
}

absl::Status CheckLimits(const SandboxLimits& limits) {
  LIMBECK_RETURN_IF_ERROR(CheckSeconds("cpu_seconds", limits.cpu_seconds));
  LIMBECK_RETURN_IF_ERROR(CheckSeconds("wall_seconds", limits.wall_seconds));
  LIMBECK_RETURN_IF_ERROR(
      CheckCount("memory_bytes", limits.memory_bytes, kMaxBytes));
  LIMBECK_RETURN_IF_ERROR(
      CheckCount("output_bytes", limits.output_bytes, kMaxBytes));
  LIMBECK_RETURN_IF_ERROR(
      CheckCount("error_bytes", limits.error_bytes, kMaxBytes));
  LIMBECK_RETURN_IF_ERROR(
      CheckCount("file_bytes", limits.file_bytes, kMaxBytes));
  return CheckCount("processes", limits.processes, kMaxProcesses);
}

absl::Status CheckFiles(const SandboxCommand& command) {
  std::set<absl::string_view> names;
  for (const SandboxFile& file : command.files) {
    LIMBECK_RETURN_IF_ERROR(CheckName("file name", file.name));
    if (!names.insert(file.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("file name '", file.name, "' is there twice"));
    }
  }
  for (const std::string& name : command.collect) {
    LIMBECK_RETURN_IF_ERROR(CheckName("name to collect", name));
  }
  LIMBECK_RETURN_IF_ERROR(
      CheckCount("number of files + 1", command.files.size() + 1, kMaxFiles));
  return CheckCount("number of names to collect + 1",
                    command.collect.size() + 1, kMaxFiles);
}

absl::Status CheckCommand(const SandboxCommand& command) {
  if (command.argv.empty() || !(absl::StartsWith(command.argv[0], "/") ||
                                absl::StartsWith(command.argv[0], "./"))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "program '", command.argv.empty() ? "" : command.argv[0],
        "' is neither an absolute path nor ./name of a file in the box"));
  }
  for (const std::string& argument : command.argv) {
    LIMBECK_RETURN_IF_ERROR(CheckText("an argument", argument));
  }
  for (const std::string& entry : command.environment) {
    LIMBECK_RETURN_IF_ERROR(CheckText("an environment entry", entry));
    if (entry.find('=') == std::string::npos || entry[0] == '=') {
      return absl::InvalidArgumentError(
          absl::StrCat("environment entry '", entry, "' is not NAME=value"));
    }
  }
  LIMBECK_RETURN_IF_ERROR(CheckFiles(command));
  return CheckLimits(command.limits);
}

absl::Status CheckOptions(const SandboxOptions& options) {
  for (const std::string& folder : options.read_only_folders) {
    if (!absl::StartsWith(folder, "/") || folder == "/" ||
        absl::StrContains(folder, "/..") || !IsDirectory(folder)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "read-only folder '", folder,
          "' is not the absolute path of an existing folder below /"));
    }
  }
  if (IsDirectory(options.scratch_directory)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "scratch directory '", options.scratch_directory, "' is no folder"));
}

uint64_t Nanoseconds(double seconds) {
  return static_cast<uint64_t>(std::llround(seconds * 1e9));
}

LaunchPlan MakePlan(const LaunchKit& kit, const SandboxOptions& options,
                    IsolationLevel level, const SandboxCommand& command) {
  LaunchPlan plan = kit.NewPlan(level);
  plan.argv = command.argv;
  plan.environment = command.environment;
  for (const SandboxFile& file : command.files) {
    plan.files.push_back({file.name, file.content, file.executable});
  }
  plan.collect = command.collect;
  plan.read_only_folders = options.read_only_folders;
  plan.cpu_nanoseconds = Nanoseconds(command.limits.cpu_seconds);
  plan.wall_nanoseconds = Nanoseconds(command.limits.wall_seconds);
  plan.memory_bytes = command.limits.memory_bytes;
  plan.file_bytes = command.limits.file_bytes;
  plan.processes = command.limits.processes;
  plan.side_channel = command.side_channel;
  return plan;
}

// What is over a limit when all is counted at the end decides as well, so that
// the outcome does not depend on when somebody looked.
SandboxOutcome OutcomeOf(const LaunchOutput& output, const LaunchPlan& plan) {
  const LaunchReport& report = output.report;
  if (report.stop == LaunchStop::kMemory ||
      report.peak_bytes > plan.memory_bytes) {
    return SandboxOutcome::kMemoryLimit;
  }
  const int status = static_cast<int>(report.wait_status);
  const bool signalled = WIFSIGNALED(status);
  if (report.stop == LaunchStop::kCpu ||
      report.cpu_nanoseconds > plan.cpu_nanoseconds ||
      (signalled && WTERMSIG(status) == SIGXCPU)) {
    return SandboxOutcome::kCpuLimit;
  }
  if (report.stop == LaunchStop::kWall ||
      report.wall_nanoseconds > plan.wall_nanoseconds) {
    return SandboxOutcome::kWallLimit;
  }
  if (output.output_too_long) return SandboxOutcome::kOutputLimit;
  return signalled ? SandboxOutcome::kSignalled : SandboxOutcome::kExited;
}

std::string Describe(const SandboxResult& result, const SandboxLimits& limits,
                     LaunchStop stop) {
  switch (result.outcome) {
    case SandboxOutcome::kExited:
      return absl::StrCat("exited with code ", result.exit_code);
    case SandboxOutcome::kSignalled:
      if (stop == LaunchStop::kProcesses) {
        return absl::StrCat("killed: more than ", limits.processes,
                            " processes");
      }
      return absl::StrCat("ended by signal ", result.signal, " (",
                          strsignal(result.signal), ")");
    case SandboxOutcome::kCpuLimit:
      return absl::StrFormat("used %.3f s of CPU time, the limit is %g s",
                             result.cpu_seconds, limits.cpu_seconds);
    case SandboxOutcome::kWallLimit:
      return absl::StrFormat("ran for %.3f s, the limit is %g s",
                             result.wall_seconds, limits.wall_seconds);
    case SandboxOutcome::kMemoryLimit:
      return absl::StrFormat("used %d bytes of memory, the limit is %d",
                             result.peak_bytes, limits.memory_bytes);
    case SandboxOutcome::kOutputLimit:
      return absl::StrCat("wrote more than ", limits.output_bytes,
                          " bytes of output");
  }
  return "";
}

SandboxResult MakeResult(LaunchOutput output, const LaunchPlan& plan,
                         IsolationLevel level, const SandboxLimits& limits) {
  SandboxResult result;
  const LaunchReport& report = output.report;
  const int status = static_cast<int>(report.wait_status);
  result.outcome = OutcomeOf(output, plan);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  result.cpu_seconds = static_cast<double>(report.cpu_nanoseconds) * 1e-9;
  result.wall_seconds = static_cast<double>(report.wall_nanoseconds) * 1e-9;
  result.peak_bytes = report.peak_bytes;
  result.waited_seconds = static_cast<double>(report.waited_nanoseconds) * 1e-9;
  result.isolation = level;
  result.detail = Describe(result, limits, report.stop);
  result.output = std::move(output.output);
  result.error = std::move(output.error);
  result.side_channel = std::move(output.side_channel);
  result.collected = std::move(output.report.collected);
  return result;
}

absl::Status TooWeak(const IsolationReport& report, IsolationLevel wanted) {
  std::string text = absl::StrCat("this machine isolates at level ",
                                  IsolationName(report.level), ", level ",
                                  IsolationName(wanted), " is asked for");
  for (const IsolationObstacle& obstacle : report.obstacles) {
    if (obstacle.level > wanted) continue;
    absl::StrAppend(&text, "; ", IsolationName(obstacle.level), ": ",
                    obstacle.reason, ". ", obstacle.advice);
  }
  return absl::FailedPreconditionError(text);
}

}  // namespace

absl::string_view SandboxOutcomeName(SandboxOutcome outcome) {
  switch (outcome) {
    case SandboxOutcome::kExited:
      return "exited";
    case SandboxOutcome::kSignalled:
      return "signalled";
    case SandboxOutcome::kCpuLimit:
      return "cpu_limit";
    case SandboxOutcome::kWallLimit:
      return "wall_limit";
    case SandboxOutcome::kMemoryLimit:
      return "memory_limit";
    case SandboxOutcome::kOutputLimit:
      return "output_limit";
  }
  return "exited";
}

Sandbox::Sandbox(SandboxOptions options, IsolationLevel level,
                 std::unique_ptr<const LaunchKit> kit)
    : options_(std::move(options)), level_(level), kit_(std::move(kit)) {}

Sandbox::~Sandbox() = default;

absl::StatusOr<std::unique_ptr<Sandbox>> Sandbox::Create(
    SandboxOptions options) {
  LIMBECK_RETURN_IF_ERROR(CheckOptions(options));
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<LaunchKit> kit,
                           LaunchKit::Create(options.scratch_directory));
  IsolationLevel level = IsolationLevel::kNone;
  if (options.exact_isolation.has_value()) {
    level = *options.exact_isolation;
    LIMBECK_RETURN_IF_ERROR(kit->Try(level));
    if (level < options.min_isolation) {
      return absl::InvalidArgumentError(
          absl::StrCat("exact_isolation ", IsolationName(level),
                       " is weaker than min_isolation ",
                       IsolationName(options.min_isolation)));
    }
  } else {
    const IsolationReport report = FindStrongestLevel(*kit);
    level = report.level;
    if (level < options.min_isolation) {
      return TooWeak(report, options.min_isolation);
    }
  }
  return std::unique_ptr<Sandbox>(
      new Sandbox(std::move(options), level, std::move(kit)));
}

absl::StatusOr<SandboxResult> Sandbox::Run(
    const SandboxCommand& command) const {
  LIMBECK_RETURN_IF_ERROR(CheckCommand(command));
  const LaunchPlan plan = MakePlan(*kit_, options_, level_, command);
  const LaunchInput input = {command.standard_input,
                             command.limits.output_bytes,
                             command.limits.error_bytes};
  LIMBECK_ASSIGN_OR_RETURN(LaunchOutput output,
                           Launch(kit_->image(), plan, input));
  return MakeResult(std::move(output), plan, level_, command.limits);
}

}  // namespace limbeck
