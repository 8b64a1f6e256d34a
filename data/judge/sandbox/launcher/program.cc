#include "data/judge/sandbox/launcher/program.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "data/judge/sandbox/filter_placeholder.h"
#include "data/judge/sandbox/launcher/landlock.h"
#include "data/judge/sandbox/launcher/root_view.h"
#include "data/judge/sandbox/launcher/system.h"

namespace limbeck {
namespace {

// Libraries, arenas and what programs reserve without touching it.
constexpr uint64_t kReservedBytes = uint64_t{4} << 30;
constexpr rlim_t kMaxOpenFiles = 256;
// One byte: less than any core file, and unlike 0 it also keeps a core pattern
// that is a pipe from being started (core(5), kernel's do_coredump).
constexpr rlim_t kNoCoreFile = 1;

Failure SetLimit(__rlimit_resource resource, uint64_t value, const char* name) {
  rlimit now = {};
  if (getrlimit(resource, &now) != 0) return SystemFailure(name);
  // Never above what the system allows us.
  const rlim_t bound = std::min<rlim_t>(value, now.rlim_max);
  const rlimit wanted = {bound, bound};
  return setrlimit(resource, &wanted) == 0 ? "" : SystemFailure(name);
}

Failure SetLimits(const LaunchPlan& plan, const ProgramIdentity& identity) {
  // The launcher counts precisely; the kernel's limit is the second lock.
  const uint64_t cpu_seconds = plan.cpu_nanoseconds / 1'000'000'000 + 2;
  const struct {
    __rlimit_resource resource;
    uint64_t value;
    const char* name;
  } limits[] = {
      {RLIMIT_CPU, cpu_seconds, "limit CPU time"},
      // Resident memory is what counts. Each thread may reserve a stack.
      {RLIMIT_AS, plan.memory_bytes * (plan.processes + 1) + kReservedBytes,
       "limit address space"},
      {RLIMIT_STACK, plan.memory_bytes, "limit stack"},
      {RLIMIT_FSIZE, plan.file_bytes, "limit file size"},
      {RLIMIT_NOFILE, kMaxOpenFiles, "limit open files"},
      {RLIMIT_NPROC, plan.processes + identity.other_processes,
       "limit processes"},
      {RLIMIT_CORE, kNoCoreFile, "limit core files"},
      {RLIMIT_MEMLOCK, 0, "limit locked memory"},
      {RLIMIT_MSGQUEUE, 0, "limit message queues"},
  };
  for (const auto& limit : limits) {
    Failure f = SetLimit(limit.resource, limit.value, limit.name);
    if (!f.empty()) return f;
  }
  return "";
}

Failure DropPrivileges(const ProgramIdentity& identity) {
  // Without capabilities these two fail, and change nothing for us.
  prctl(PR_SET_SECUREBITS,
        SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP_LOCKED |
            SECBIT_KEEP_CAPS_LOCKED,
        0, 0, 0);
  for (int capability = 0; capability < 64; ++capability) {
    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  if (identity.change) {
    const uid_t user = identity.user;
    if (setgroups(0, nullptr) != 0) return SystemFailure("drop the groups");
    if (setresgid(user, user, user) != 0) return SystemFailure("setresgid");
    if (setresuid(user, user, user) != 0) return SystemFailure("setresuid");
  }
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capset, &header, none) != 0) {
    return SystemFailure("drop the capabilities");
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return SystemFailure("set no_new_privs");
  }
  return "";
}

// The filter lets a process signal itself only where it has no process
// namespace; its number is known just now.
Failure InstallFilter(const LaunchPlan& plan) {
  if (plan.filter.empty()) return "";
  std::vector<sock_filter> program(plan.filter.size() / sizeof(sock_filter));
  std::memcpy(program.data(), plan.filter.data(),
              program.size() * sizeof(sock_filter));
  for (sock_filter& instruction : program) {
    if (BPF_CLASS(instruction.code) == BPF_JMP &&
        instruction.k == kOwnProcessPlaceholder) {
      instruction.k = static_cast<uint32_t>(getpid());
    }
  }
  const sock_fprog whole = {static_cast<unsigned short>(program.size()),
                            program.data()};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0) == 0
             ? ""
             : SystemFailure("install the system call filter");
}

void ResetSignals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

Failure ShutIn(const LaunchPlan& plan, const ProgramIdentity& identity) {
  setsid();
  umask(022);
  ResetSignals();
  if (Failure f = SetLimits(plan, identity); !f.empty()) return f;
  if (Failure f = DropPrivileges(identity); !f.empty()) return f;
  // Cleared by the change of user, hence here.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (plan.level == LaunchLevel::kLandlock) {
    if (Failure f = RestrictPaths(plan); !f.empty()) return f;
  }
  return InstallFilter(plan);
}

bool Has(const std::vector<std::string>& environment, const char* name) {
  return std::any_of(
      environment.begin(), environment.end(),
      [name](const std::string& entry) { return entry.rfind(name, 0) == 0; });
}

std::vector<std::string> CompleteEnvironment(const LaunchPlan& plan,
                                             const std::string& box) {
  std::vector<std::string> environment = plan.environment;
  const bool own_root = plan.level >= LaunchLevel::kNamespaces;
  const std::string temporary = own_root ? kBoxTemporaryPath : box;
  if (!Has(environment, "PATH=")) {
    environment.push_back("PATH=/usr/local/bin:/usr/bin:/bin");
  }
  if (!Has(environment, "HOME=")) environment.push_back("HOME=" + box);
  if (!Has(environment, "TMPDIR=")) {
    environment.push_back("TMPDIR=" + temporary);
  }
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

void BecomeProgram(const LaunchPlan& plan, const ProgramIdentity& identity,
                   const std::string& box, int failure_descriptor) {
  // Right above the program's own descriptors, everything else closes.
  constexpr int kFailure = kSideChannelDescriptor + 1;
  dup3(failure_descriptor, kFailure, O_CLOEXEC);
  close_range(kFailure + 1, ~0U, 0);
  std::vector<std::string> environment = CompleteEnvironment(plan, box);
  std::vector<std::string> argv = plan.argv;
  const std::vector<char*> environment_pointers = Pointers(environment);
  const std::vector<char*> argv_pointers = Pointers(argv);
  Failure failure = ShutIn(plan, identity);
  if (failure.empty()) {
    if (argv.empty()) _exit(0);
    execve(argv[0].c_str(), argv_pointers.data(), environment_pointers.data());
    failure = SystemFailure("start " + argv[0]);
  }
  WriteFully(kFailure, failure);
  _exit(127);
}

}  // namespace limbeck
