#include "data/judge/sandbox/launcher/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "data/judge/sandbox/launcher/control_group.h"
#include "data/judge/sandbox/launcher/process_sampler.h"
#include "data/judge/sandbox/launcher/system.h"
#include "data/judge/sandbox/launcher/warden.h"

namespace limbeck {
namespace {

// How often the limits are looked at, and so how late they can be noticed.
constexpr int kWatchMilliseconds = 4;

// Outside, the program has the rights of nobody.
constexpr uid_t kNobody = 65534;

pid_t ForkInto(unsigned long flags) {
  return static_cast<pid_t>(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0));
}

// One run; the members are what is known about it so far.
class Supervisor {
 public:
  explicit Supervisor(LaunchPlan& plan) : plan_(plan) {}

  LaunchReport Run();

 private:
  bool has_namespaces() const {
    return plan_.level >= LaunchLevel::kNamespaces;
  }
  Failure StartWarden();
  Failure MapUsers(WardenOrder& order);
  void Watch();
  void ReadMessage();
  void CheckLimits(const ProcessSampler& sampler);
  void Stop(LaunchStop reason);
  void KillRun();
  LaunchReport Conclude();

  LaunchPlan& plan_;
  ControlGroup group_;
  pid_t warden_ = -1;
  int messages_ = -1;
  std::string message_;
  bool ended_ = false;
  bool started_ = false;
  WardenStart start_;
  int64_t begin_ = 0;
  LaunchStop stop_ = LaunchStop::kNothing;
  int64_t stopped_at_ = 0;
  uint64_t sampled_cpu_ = 0;
  uint64_t sampled_peak_ = 0;
  uint64_t waited_ = 0;
};

Failure Supervisor::MapUsers(WardenOrder& order) {
  const std::string folder = "/proc/" + std::to_string(warden_) + "/";
  const std::string user = std::to_string(kProgramUser);
  if (geteuid() == 0) {
    const std::string map =
        "0 0 1\n" + user + " " + std::to_string(kNobody) + " 1\n";
    if (WriteInto(folder + "uid_map", map).empty() &&
        WriteInto(folder + "gid_map", map).empty()) {
      order = WardenOrder::kTwoUsers;
      return "";
    }
  }
  order = WardenOrder::kOneUser;
  WriteInto(folder + "setgroups", "deny");
  const std::string ids = " " + std::to_string(geteuid()) + " 1\n";
  const std::string groups = " " + std::to_string(getegid()) + " 1\n";
  if (Failure f = WriteInto(folder + "uid_map", user + ids); !f.empty()) {
    return f;
  }
  return WriteInto(folder + "gid_map", user + groups);
}

Failure Supervisor::StartWarden() {
  int orders[2], messages[2];
  if (pipe2(orders, O_CLOEXEC) != 0 || pipe2(messages, O_CLOEXEC) != 0) {
    return SystemFailure("pipe");
  }
  constexpr unsigned long kNamespaceFlags =
      CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
      CLONE_NEWUTS | CLONE_NEWCGROUP;
  warden_ = ForkInto(has_namespaces() ? kNamespaceFlags : 0);
  if (warden_ == 0) {
    close(orders[1]);
    close(messages[0]);
    RunWarden(plan_, orders[0], messages[1]);
  }
  if (warden_ < 0) {
    return SystemFailure(has_namespaces() ? "make new namespaces" : "fork");
  }
  close(orders[0]);
  close(messages[1]);
  close_range(0, kSideChannelDescriptor, 0);
  messages_ = messages[0];
  plan_.files.clear();
  auto order = WardenOrder::kOneUser;
  Failure failure;
  if (has_namespaces()) failure = MapUsers(order);
  if (failure.empty()) failure = group_.Hold(warden_);
  // Closed without an order, the pipe ends the warden.
  if (failure.empty())
    WriteFully(orders[1], {reinterpret_cast<char*>(&order), 1});
  close(orders[1]);
  return failure;
}

void Supervisor::Stop(LaunchStop reason) {
  if (stop_ != LaunchStop::kNothing) return;
  stop_ = reason;
  stopped_at_ = NowNanoseconds();
  KillRun();
}

// With the first process of the namespace all others go. Elsewhere the warden
// lives on, to end what the program leaves and to remove its box.
void Supervisor::KillRun() {
  if (has_namespaces()) {
    kill(warden_, SIGKILL);
  } else if (started_ && start_.program > 0) {
    kill(static_cast<pid_t>(start_.program), SIGKILL);
  }
}

void Supervisor::ReadMessage() {
  char buffer[65536];
  const ssize_t count = read(messages_, buffer, sizeof(buffer));
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) {
    ended_ = true;
    return;
  }
  message_.append(buffer, static_cast<size_t>(count));
  if (started_ || message_.size() < sizeof(start_)) return;
  std::memcpy(&start_, message_.data(), sizeof(start_));
  message_.erase(0, sizeof(start_));
  started_ = true;
  begin_ = NowNanoseconds();
  if (stop_ != LaunchStop::kNothing) KillRun();  // asked for too early
}

void Supervisor::Watch() {
  ProcessSampler sampler(warden_);
  while (!ended_) {
    pollfd waiting[] = {{messages_, POLLIN, 0},
                        {kLifelineDescriptor, POLLIN, 0}};
    // Once stopped, the end of the message is all that is waited for.
    const nfds_t count = stop_ == LaunchStop::kNothing ? 2 : 1;
    if (poll(waiting, count, kWatchMilliseconds) < 0 && errno != EINTR) return;
    if (waiting[0].revents != 0) ReadMessage();
    if (count == 2 && waiting[1].revents != 0) Stop(LaunchStop::kCaller);
    if (ended_ || !started_ || stop_ != LaunchStop::kNothing) continue;
    sampler.Sample();
    uint64_t resident = sampler.resident_bytes();
    if (resident > plan_.memory_bytes && sampler.processes().size() > 1) {
      resident = sampler.ProportionalBytes();
    }
    sampled_peak_ = std::max(sampled_peak_, resident);
    sampled_cpu_ = sampler.cpu_nanoseconds();
    CheckLimits(sampler);
    // Without a limit of the kernel's for this user, this is the one.
    if (sampler.processes().size() > plan_.processes) {
      Stop(LaunchStop::kProcesses);
    }
  }
}

void Supervisor::CheckLimits(const ProcessSampler& sampler) {
  if (sampled_peak_ > plan_.memory_bytes) Stop(LaunchStop::kMemory);
  if (sampled_cpu_ > plan_.cpu_nanoseconds) Stop(LaunchStop::kCpu);
  if (static_cast<uint64_t>(NowNanoseconds() - begin_) >
      plan_.wall_nanoseconds) {
    waited_ = sampler.LongestWaitNanoseconds();  // while it is still there
    Stop(LaunchStop::kWall);
  }
}

LaunchReport Supervisor::Conclude() {
  int status = 0;
  rusage usage = {};
  while (wait4(warden_, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  LaunchReport report;
  const bool whole = started_ && DecodeReport(message_, report);
  if (!whole && stop_ == LaunchStop::kNothing) {
    report = LaunchReport();
    report.failure =
        "the warden ended early, wait status " + std::to_string(status);
    return report;
  }
  if (!whole) {
    // Killed with its namespace: the kernel has added up what it reaped.
    report = LaunchReport();
    report.wait_status = SIGKILL;
    const auto& user = usage.ru_utime;
    const auto& system = usage.ru_stime;
    const uint64_t total =
        static_cast<uint64_t>(user.tv_sec + system.tv_sec) * 1'000'000'000 +
        static_cast<uint64_t>(user.tv_usec + system.tv_usec) * 1'000;
    report.cpu_nanoseconds =
        total - std::min(total, start_.own_cpu_nanoseconds);
    report.peak_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
    if (started_) {
      report.wall_nanoseconds = static_cast<uint64_t>(stopped_at_ - begin_);
    }
  }
  report.stop = stop_;
  if (stop_ == LaunchStop::kNothing && group_.RanOutOfMemory()) {
    report.stop = LaunchStop::kMemory;
  }
  report.cpu_nanoseconds = std::max(report.cpu_nanoseconds, sampled_cpu_);
  report.peak_bytes = std::max(report.peak_bytes, sampled_peak_);
  report.waited_nanoseconds = waited_;
  return report;
}

LaunchReport Supervisor::Run() {
  LaunchReport report;
  if (plan_.level == LaunchLevel::kControlGroup) {
    report.failure = group_.Make(plan_);
  }
  if (report.failure.empty()) report.failure = StartWarden();
  if (report.failure.empty()) {
    Watch();
    report = Conclude();
  } else if (warden_ > 0) {
    int status = 0;
    WaitFor(warden_, status);
  }
  group_.Remove();
  return report;
}

}  // namespace

LaunchReport Supervise(LaunchPlan& plan) { return Supervisor(plan).Run(); }

}  // namespace limbeck
