#include "data/judge/sandbox/control_group_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "data/base/file.h"
#include "data/base/posix.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

// The caller's own place once its group is divided.
constexpr absl::string_view kCallerGroup = "limbeck-caller";
constexpr uint64_t kMaxBytes = uint64_t{1} << 20;

// One write call, as the kernel wants it; 0 or the error's number.
int WriteOnce(const std::string& path, absl::string_view text) {
  const ScopedDescriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return errno;
  return write(file.get(), text.data(), text.size()) ==
                 static_cast<ssize_t>(text.size())
             ? 0
             : errno;
}

bool Lists(const std::string& path, absl::string_view controller) {
  const absl::StatusOr<std::string> text = ReadStream(path, kMaxBytes);
  if (!text.ok()) return false;
  const std::vector<absl::string_view> names =
      absl::StrSplit(absl::StripAsciiWhitespace(*text), absl::ByAnyChar(" \n"));
  for (const absl::string_view name : names) {
    if (name == controller) return true;
  }
  return false;
}

bool HasBoth(const std::string& path) {
  return Lists(path, "memory") && Lists(path, "pids");
}

}  // namespace

absl::StatusOr<std::string> ControlGroupPath(absl::string_view cgroup,
                                             absl::string_view mountinfo) {
  absl::string_view group;
  for (absl::string_view line : absl::StrSplit(cgroup, '\n')) {
    if (absl::ConsumePrefix(&line, "0::")) group = line;
  }
  if (group.empty()) {
    return absl::FailedPreconditionError(
        "this process is in no version 2 control group");
  }
  for (const absl::string_view line : absl::StrSplit(mountinfo, '\n')) {
    // "36 35 98:0 /root /mountpoint options - type source options"
    if (!absl::StrContains(line, " - cgroup2 ")) continue;
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    if (fields.size() < 5) continue;
    absl::string_view below = group;
    if (fields[3] != "/" && !absl::ConsumePrefix(&below, fields[3])) continue;
    absl::ConsumeSuffix(&below, "/");
    return absl::StrCat(fields[4], below);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the version 2 control group ", group, " is not mounted"));
}

absl::StatusOr<std::string> DivideControlGroup(const std::string& folder,
                                               int process) {
  if (!HasBoth(JoinPath(folder, "cgroup.controllers"))) {
    return absl::FailedPreconditionError(
        absl::StrCat("the control group ", folder,
                     " does not have both the memory and the pids controller"));
  }
  const std::string switches = JoinPath(folder, "cgroup.subtree_control");
  if (HasBoth(switches)) return folder;
  constexpr absl::string_view kBoth = "+memory +pids";
  int error = WriteOnce(switches, kBoth);
  if (error == EBUSY) {
    const std::string own = JoinPath(folder, kCallerGroup);
    if (mkdir(own.c_str(), 0755) != 0 && errno != EEXIST) {
      return SystemError("make the control group", own);
    }
    error = WriteOnce(JoinPath(own, "cgroup.procs"), absl::StrCat(process));
    if (error == 0) error = WriteOnce(switches, kBoth);
  }
  if (error == 0) return folder;
  if (error == EBUSY) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the control group ", folder,
        " holds other processes besides this one and cannot be divided"));
  }
  errno = error;
  return SystemError("divide the control group", folder);
}

absl::StatusOr<std::string> FindControlGroupFolder() {
  LIMBECK_ASSIGN_OR_RETURN(const std::string cgroup,
                           ReadStream("/proc/self/cgroup", kMaxBytes));
  LIMBECK_ASSIGN_OR_RETURN(const std::string mountinfo,
                           ReadStream("/proc/self/mountinfo", kMaxBytes));
  LIMBECK_ASSIGN_OR_RETURN(std::string folder,
                           ControlGroupPath(cgroup, mountinfo));
  // An earlier look has moved this process down.
  if (BaseName(folder) == kCallerGroup) folder = DirName(folder);
  if (access(folder.c_str(), W_OK) != 0) {
    return SystemError("make control groups in", folder);
  }
  return DivideControlGroup(folder, getpid());
}

}  // namespace limbeck
