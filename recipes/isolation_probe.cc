#include "recipes/isolation_probe.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace limbeck {
namespace {

// Linux 5.13; older headers lack the name.
constexpr long kLandlockCreateRuleset = 444;
constexpr unsigned kLandlockVersionFlag = 1;

// Whether `attempt` succeeds in a child, which it may change at will. The
// child calls nothing but system calls.
bool SucceedsInChild(bool (*attempt)()) {
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) _exit(attempt() ? 0 : 1);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool EnterNamespaces() {
  return unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID |
                 CLONE_NEWIPC) == 0;
}

bool InstallFilter() {
  sock_filter allow_all[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const sock_fprog program = {1, allow_all};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool HasLandlock() {
  return syscall(kLandlockCreateRuleset, nullptr, 0, kLandlockVersionFlag) > 0;
}

// The group of this process in the unified hierarchy can be divided.
bool CanMakeCgroups() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, 3, "0::") != 0) continue;
    const std::string group = "/sys/fs/cgroup" + line.substr(3);
    return access((group + "/cgroup.procs").c_str(), W_OK) == 0 &&
           access(group.c_str(), W_OK) == 0;
  }
  return false;
}

}  // namespace

IsolationFacts ProbeIsolation() {
  IsolationFacts facts;
  facts.namespaces = SucceedsInChild(EnterNamespaces);
  facts.seccomp_filter = SucceedsInChild(InstallFilter);
  facts.landlock = HasLandlock();
  facts.cgroup_writable = CanMakeCgroups();
  facts.root = geteuid() == 0;
  return facts;
}

std::string IsolationLevel(const IsolationFacts& facts) {
  if (!facts.seccomp_filter) return "none";
  if (facts.namespaces) return facts.cgroup_writable ? "A" : "B";
  return facts.landlock && facts.root ? "C" : "D";
}

}  // namespace limbeck
