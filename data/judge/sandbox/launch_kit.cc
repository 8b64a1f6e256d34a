#include "data/judge/sandbox/launch_kit.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/judge/sandbox/control_group_folder.h"
#include "data/judge/sandbox/system_call_filter.h"

namespace limbeck {
namespace {

std::string NamespaceAdvice(absl::string_view reason) {
  if (absl::StrContains(reason, "mount_setattr")) {
    return "Linux 5.12 or later is needed.";
  }
  return "Allow user namespaces. In a container its seccomp profile forbids "
         "them (docker run --security-opt seccomp=unconfined, or a profile "
         "that allows clone and mount); on Ubuntu set "
         "kernel.apparmor_restrict_unprivileged_userns=0; elsewhere look at "
         "user.max_user_namespaces and kernel.unprivileged_userns_clone.";
}

std::string Advice(IsolationLevel level, absl::string_view reason) {
  switch (level) {
    case IsolationLevel::kA:
      return "Give this process a version 2 control group of its own with the "
             "memory and pids controllers: systemd-run --user --scope -p "
             "Delegate=yes limbeck ...";
    case IsolationLevel::kB:
      return NamespaceAdvice(reason);
    case IsolationLevel::kC:
      return "Use Linux 5.13 or later with landlock in the list of security "
             "modules (kernel parameter lsm=).";
    case IsolationLevel::kD:
      return "Use a kernel with CONFIG_SECCOMP_FILTER.";
    case IsolationLevel::kNone:
      break;
  }
  return "Look at the reason: nothing can be run here.";
}

}  // namespace

LaunchKit::LaunchKit(std::string scratch_directory)
    : scratch_directory_(std::move(scratch_directory)) {}

absl::StatusOr<std::unique_ptr<LaunchKit>> LaunchKit::Create(
    std::string scratch_directory) {
  std::unique_ptr<LaunchKit> kit(new LaunchKit(std::move(scratch_directory)));
  LIMBECK_ASSIGN_OR_RETURN(kit->image_, LauncherImage::Create());
  LIMBECK_ASSIGN_OR_RETURN(kit->own_filter_,
                           MakeSystemCallFilter(FilterScope::kOwnNamespace));
  LIMBECK_ASSIGN_OR_RETURN(kit->shared_filter_,
                           MakeSystemCallFilter(FilterScope::kShared));
  kit->control_group_ = FindControlGroupFolder();
  return kit;
}

LaunchPlan LaunchKit::NewPlan(IsolationLevel level) const {
  LaunchPlan plan;
  plan.level = static_cast<LaunchLevel>(level);
  if (level >= IsolationLevel::kB) {
    plan.filter = own_filter_;
  } else if (level > IsolationLevel::kNone) {
    plan.filter = shared_filter_;
  }
  if (level == IsolationLevel::kA && control_group_.ok()) {
    plan.control_group = *control_group_;
  }
  plan.scratch_directory = scratch_directory_;
  return plan;
}

absl::Status LaunchKit::Try(IsolationLevel level) const {
  if (level == IsolationLevel::kA && !control_group_.ok()) {
    return control_group_.status();
  }
  LaunchPlan plan = NewPlan(level);
  plan.cpu_nanoseconds = plan.wall_nanoseconds = 10'000'000'000;
  plan.memory_bytes = plan.file_bytes = uint64_t{64} << 20;
  plan.processes = 8;
  LIMBECK_ASSIGN_OR_RETURN(const LaunchOutput output,
                           Launch(*image_, plan, LaunchInput()));
  if (output.report.stop == LaunchStop::kNothing &&
      output.report.wait_status == 0) {
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrCat(
      "an empty run ended with wait status ", output.report.wait_status));
}

IsolationReport FindStrongestLevel(const LaunchKit& kit) {
  IsolationReport report;
  for (const IsolationLevel level :
       {IsolationLevel::kA, IsolationLevel::kB, IsolationLevel::kC,
        IsolationLevel::kD, IsolationLevel::kNone}) {
    const absl::Status status = kit.Try(level);
    if (status.ok()) {
      report.level = level;
      return report;
    }
    const std::string reason(status.message());
    report.obstacles.push_back({level, reason, Advice(level, reason)});
  }
  return report;
}

}  // namespace limbeck
