#include "data/judge/sandbox/launcher/warden.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "data/judge/sandbox/launcher/box.h"
#include "data/judge/sandbox/launcher/program.h"
#include "data/judge/sandbox/launcher/root_view.h"
#include "data/judge/sandbox/launcher/stragglers.h"
#include "data/judge/sandbox/launcher/system.h"

namespace limbeck {
namespace {

// Private to one run at a time: the launcher's process number is in it. Above
// all numbers that systems give to people and services.
constexpr uid_t kFirstPrivateUser = 2'000'000'000;

constexpr uint64_t kNoProcessLimit = 1'000'000;

struct Surroundings {
  ProgramIdentity identity;
  std::string box = kBoxPath;
  bool scratch = false;  // the box is a folder to be removed
};

uint64_t CpuNanoseconds(const rusage& usage) {
  return static_cast<uint64_t>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
             1'000'000'000 +
         static_cast<uint64_t>(usage.ru_utime.tv_usec +
                               usage.ru_stime.tv_usec) *
             1'000;
}

rusage UsageOf(__rusage_who who) {
  rusage usage = {};
  getrusage(who, &usage);
  return usage;
}

// Before Linux 5.14 processes count for a user over all user namespaces.
bool CountsProcessesPerNamespace() {
  utsname system = {};
  int major = 0, minor = 0;
  return uname(&system) == 0 &&
         sscanf(system.release, "%d.%d", &major, &minor) == 2 &&
         (major > 5 || (major == 5 && minor >= 14));
}

Failure BuildNamespaces(const LaunchPlan& plan, WardenOrder order,
                        Surroundings& around) {
  around.identity.user = kProgramUser;
  around.identity.change = order == WardenOrder::kTwoUsers;
  const uint64_t warden_itself = around.identity.change ? 0 : 1;
  around.identity.other_processes =
      CountsProcessesPerNamespace() ? warden_itself : kNoProcessLimit;
  constexpr std::string_view kHost = "box";
  if (sethostname(kHost.data(), kHost.size()) != 0) {
    return SystemFailure("sethostname");
  }
  return EnterRootView(plan, kProgramUser);
}

Failure BuildScratchBox(const LaunchPlan& plan, Surroundings& around) {
  ProgramIdentity& identity = around.identity;
  if (geteuid() == 0) {
    identity.user = kFirstPrivateUser + static_cast<uid_t>(getppid());
    identity.change = true;
  } else {
    identity.user = geteuid();
    identity.other_processes = CountTasksOf(identity.user);
  }
  around.scratch = true;
  return MakeScratchBox(plan, identity.user, around.box);
}

// The program's number; -1 with `failure` where it did not start.
pid_t StartProgram(const LaunchPlan& plan, const Surroundings& around,
                   Failure& failure) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    failure = SystemFailure("pipe");
    return -1;
  }
  const pid_t program = fork();
  if (program == 0) {
    BecomeProgram(plan, around.identity, around.box, ends[1]);
  }
  if (program < 0) failure = SystemFailure("fork");
  close(ends[1]);
  constexpr uint64_t kMaxText = 4096;
  if (program > 0) ReadFully(ends[0], failure, kMaxText);
  close(ends[0]);
  // The program's own descriptors are none of ours.
  close_range(0, kSideChannelDescriptor, 0);
  return program;
}

// Orphans come to us: they are counted and forgotten.
void AwaitProgram(pid_t program, LaunchReport& report) {
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    if (ended == program) {
      report.wait_status = static_cast<uint64_t>(status);
      return;
    }
    if (ended < 0 && errno != EINTR) return;
  }
}

void EndTheRest(const LaunchPlan& plan, const Surroundings& around) {
  if (plan.level >= LaunchLevel::kNamespaces) {
    kill(-1, SIGKILL);
    while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
    return;
  }
  EndAllChildren(around.identity.change ? around.identity.user : 0);
}

void RunProgram(const LaunchPlan& plan, const Surroundings& around,
                int messages, LaunchReport& report) {
  WardenStart start;
  const int64_t begin = NowNanoseconds();
  const pid_t program = StartProgram(plan, around, report.failure);
  if (!report.failure.empty()) {
    EndTheRest(plan, around);
    return;
  }
  start.program = program;
  start.own_cpu_nanoseconds = CpuNanoseconds(UsageOf(RUSAGE_SELF));
  WriteFully(messages, {reinterpret_cast<const char*>(&start), sizeof(start)});
  AwaitProgram(program, report);
  report.wall_nanoseconds = static_cast<uint64_t>(NowNanoseconds() - begin);
  EndTheRest(plan, around);
  const rusage usage = UsageOf(RUSAGE_CHILDREN);
  report.cpu_nanoseconds = CpuNanoseconds(usage);
  report.peak_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  CollectFilesHere(plan, report);
}

}  // namespace

void RunWarden(LaunchPlan& plan, int orders, int messages) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  close(kPlanDescriptor);
  close(kReportDescriptor);
  close(kLifelineDescriptor);
  // Without an order the supervisor has gone.
  auto order = WardenOrder::kOneUser;
  if (read(orders, &order, sizeof(order)) != sizeof(order)) _exit(1);
  // Where memory runs out, the program is the one to go.
  WriteInto("/proc/self/oom_score_adj", "1000");

  LaunchReport report;
  Surroundings around;
  report.failure = plan.level >= LaunchLevel::kNamespaces
                       ? BuildNamespaces(plan, order, around)
                       : BuildScratchBox(plan, around);
  // The program's peak memory begins at ours.
  plan.files.clear();
  if (report.failure.empty()) RunProgram(plan, around, messages, report);
  if (around.scratch) RemoveScratchBox(around.box);
  if (!report.failure.empty()) {
    const WardenStart none;
    WriteFully(messages, {reinterpret_cast<const char*>(&none), sizeof(none)});
  }
  WriteFully(messages, EncodeReport(report));
  _exit(0);
}

}  // namespace limbeck
