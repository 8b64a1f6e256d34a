#include "data/judge/sandbox/system_call_filter.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "data/base/posix.h"
#include "data/base/status_macros.h"
#include "data/judge/sandbox/filter_placeholder.h"

namespace limbeck {
namespace {

// Files, memory, time, signals, threads: what acts on the process itself, its
// own files and its children. Names that an architecture or an older
// libseccomp lacks are passed over.
constexpr const char* kAllowed[] = {
    // Reading and writing.
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv",
    "pwritev", "preadv2", "pwritev2", "lseek", "_llseek", "open", "openat",
    "creat", "close", "close_range", "dup", "dup2", "dup3", "pipe", "pipe2",
    "flock", "fsync", "fdatasync", "ftruncate", "ftruncate64", "truncate",
    "truncate64", "fallocate", "fadvise64", "fadvise64_64", "sendfile",
    "sendfile64", "copy_file_range", "sync_file_range",
    // Looking at and arranging files.
    "stat", "stat64", "fstat", "fstat64", "lstat", "lstat64", "newfstatat",
    "fstatat64", "statx", "statfs", "statfs64", "fstatfs", "fstatfs64",
    "access", "faccessat", "faccessat2", "getdents", "getdents64", "getcwd",
    "chdir", "fchdir", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat",
    "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat",
    "readlink", "readlinkat", "chmod", "fchmod", "fchmodat", "umask", "utime",
    "utimes", "utimensat", "futimesat",
    // Waiting.
    "select", "_newselect", "pselect6", "poll", "ppoll", "epoll_create",
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
    "eventfd", "eventfd2", "timerfd_create", "timerfd_settime",
    "timerfd_gettime", "signalfd", "signalfd4", "pause", "nanosleep",
    "clock_nanosleep",
    // A pair of sockets is a pipe; there is nobody else to talk to.
    "sendto", "recvfrom", "shutdown", "getsockname", "getsockopt",
    // Memory. mmap and madvise have their own rules.
    "brk", "mprotect", "munmap", "mremap", "msync", "mincore",
    // Time.
    "clock_gettime", "clock_gettime64", "clock_getres", "gettimeofday", "time",
    "times", "getitimer", "setitimer", "alarm", "timer_create", "timer_settime",
    "timer_gettime", "timer_getoverrun", "timer_delete",
    // Signals of its own. rt_sigaction has its own rule.
    "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigsuspend",
    "rt_sigtimedwait", "sigaltstack", "restart_syscall",
    // Who it is.
    "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid",
    "getresuid", "getresgid", "getpgrp", "getpgid", "getsid", "setpgid",
    "setsid", "getgroups", "getrusage", "getrlimit", "ugetrlimit", "setrlimit",
    "sysinfo", "uname", "getcpu", "capget", "getrandom", "getpriority",
    // Processes and threads. clone has its own rule.
    "fork", "vfork", "execve", "exit", "exit_group", "wait4", "waitpid",
    "waitid", "set_tid_address", "set_robust_list", "get_robust_list", "futex",
    "futex_waitv", "futex_time64", "rseq", "membarrier", "arch_prctl",
    "set_thread_area", "set_tls", "sched_yield", "sched_getaffinity",
    "sched_getparam", "sched_getscheduler", "sched_get_priority_max",
    "sched_get_priority_min", "sched_rr_get_interval"};

// Answer EPERM, so that an attempt gets a plain "no". clone3 and openat2 are
// not here: their callers fall back on ENOSYS.
constexpr const char* kRefused[] = {"ptrace",
                                    "process_vm_readv",
                                    "process_vm_writev",
                                    "process_madvise",
                                    "process_mrelease",
                                    "kcmp",
                                    "pidfd_open",
                                    "pidfd_getfd",
                                    "pidfd_send_signal",
                                    "mount",
                                    "umount",
                                    "umount2",
                                    "pivot_root",
                                    "chroot",
                                    "mount_setattr",
                                    "move_mount",
                                    "open_tree",
                                    "fsopen",
                                    "fsconfig",
                                    "fsmount",
                                    "fspick",
                                    "unshare",
                                    "setns",
                                    "bpf",
                                    "perf_event_open",
                                    "keyctl",
                                    "add_key",
                                    "request_key",
                                    "userfaultfd",
                                    "io_uring_setup",
                                    "io_uring_enter",
                                    "io_uring_register",
                                    "memfd_create",
                                    "memfd_secret",
                                    "execveat",
                                    "open_by_handle_at",
                                    "name_to_handle_at",
                                    "fanotify_init",
                                    "kexec_load",
                                    "kexec_file_load",
                                    "init_module",
                                    "finit_module",
                                    "delete_module",
                                    "reboot",
                                    "swapon",
                                    "swapoff",
                                    "acct",
                                    "quotactl",
                                    "syslog",
                                    "sethostname",
                                    "setdomainname",
                                    "settimeofday",
                                    "adjtimex",
                                    "clock_settime",
                                    "clock_adjtime",
                                    "iopl",
                                    "ioperm",
                                    "modify_ldt",
                                    "personality",
                                    "mknod",
                                    "mknodat",
                                    "socket",
                                    "connect",
                                    "bind",
                                    "listen",
                                    "accept",
                                    "accept4",
                                    "sendmsg",
                                    "sendmmsg",
                                    "recvmsg",
                                    "recvmmsg",
                                    "shmget",
                                    "shmat",
                                    "shmctl",
                                    "shmdt",
                                    "semget",
                                    "semop",
                                    "semctl",
                                    "semtimedop",
                                    "msgget",
                                    "msgsnd",
                                    "msgrcv",
                                    "msgctl",
                                    "mq_open",
                                    "setuid",
                                    "setgid",
                                    "setreuid",
                                    "setregid",
                                    "setresuid",
                                    "setresgid",
                                    "setgroups",
                                    "setfsuid",
                                    "setfsgid",
                                    "capset",
                                    "seccomp",
                                    "chown",
                                    "fchown",
                                    "lchown",
                                    "fchownat",
                                    "setxattr",
                                    "lsetxattr",
                                    "fsetxattr",
                                    "mlock",
                                    "mlock2",
                                    "mlockall",
                                    "lookup_dcookie",
                                    "vhangup",
                                    "move_pages",
                                    "migrate_pages",
                                    "mbind",
                                    "set_mempolicy",
                                    "sched_setattr",
                                    "sched_setscheduler",
                                    "sched_setparam",
                                    "ioprio_set",
                                    "vmsplice",
                                    "splice",
                                    "tee"};

// No new namespaces, and nothing that another process could trace.
constexpr uint64_t kForbiddenCloneFlags =
    CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
    CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_PTRACE | CLONE_PARENT;

// Shared memory without a file is memory that no count of resident pages sees
// once it is given back with madvise.
constexpr uint64_t kNeverTogether[] = {MAP_SHARED, MAP_ANONYMOUS};

// Without those that move pages to where no count of resident pages sees them.
constexpr int kAdvice[] = {MADV_NORMAL,     MADV_RANDOM,   MADV_SEQUENTIAL,
                           MADV_WILLNEED,   MADV_DONTNEED, MADV_FREE,
                           MADV_DONTFORK,   MADV_DOFORK,   MADV_HUGEPAGE,
                           MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP};

constexpr unsigned long kTerminalCalls[] = {
    TCGETS, TIOCGWINSZ, TIOCGPGRP, FIONBIO, FIONREAD, FIOCLEX, FIONCLEX};
constexpr unsigned long kOwnOptions[] = {
    PR_SET_NAME,    PR_GET_NAME,         PR_GET_DUMPABLE, PR_GET_PDEATHSIG,
    PR_GET_SECCOMP, PR_GET_NO_NEW_PRIVS, PR_CAPBSET_READ, PR_GET_TIMERSLACK};

// Without F_SETOWN and F_SETSIG, which make the kernel send signals.
constexpr int kDescriptorCommands[] = {
    F_DUPFD,      F_GETFD,         F_SETFD,      F_GETFL,      F_SETFL,
    F_GETLK,      F_SETLK,         F_SETLKW,     F_OFD_GETLK,  F_OFD_SETLK,
    F_OFD_SETLKW, F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ, F_GET_SEALS};

struct ReleaseFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

// Conditions on an argument, counted from 0.
scmp_arg_cmp Equal(unsigned argument, uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}

scmp_arg_cmp Masked(unsigned argument, uint64_t mask, uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

absl::Status Refused(absl::string_view what, int code) {
  return absl::InternalError(absl::StrCat("libseccomp refuses the rule for ",
                                          what, ": ", std::strerror(-code)));
}

absl::Status AddRule(const Filter& filter, uint32_t action, const char* name,
                     absl::Span<const scmp_arg_cmp> conditions) {
  const int call = seccomp_syscall_resolve_name(name);
  if (call == __NR_SCMP_ERROR) return absl::OkStatus();  // not known here
  const int code = seccomp_rule_add_array(
      filter.get(), action, call, static_cast<unsigned>(conditions.size()),
      conditions.data());
  // A call that this architecture does not have.
  if (code == -EDOM || code == -EINVAL) return absl::OkStatus();
  return code == 0 ? absl::OkStatus() : Refused(name, code);
}

absl::Status AllowWhere(const Filter& filter, const char* name,
                        std::vector<scmp_arg_cmp> conditions) {
  return AddRule(filter, SCMP_ACT_ALLOW, name, conditions);
}

absl::Status AllowListed(const Filter& filter) {
  for (const char* name : kAllowed) {
    LIMBECK_RETURN_IF_ERROR(AddRule(filter, SCMP_ACT_ALLOW, name, {}));
  }
  return absl::OkStatus();
}

absl::Status RefuseListed(const Filter& filter) {
  for (const char* name : kRefused) {
    LIMBECK_RETURN_IF_ERROR(AddRule(filter, SCMP_ACT_ERRNO(EPERM), name, {}));
  }
  return absl::OkStatus();
}

// A process that ignores the end of its children lets them vanish with their
// CPU time uncounted, so that signal keeps its default. Asking is fine.
absl::Status AllowHandlers(const Filter& filter) {
  constexpr int kLastSignal = 64;
  for (int number = 1; number <= kLastSignal; ++number) {
    if (number == SIGCHLD) continue;
    LIMBECK_RETURN_IF_ERROR(AllowWhere(
        filter, "rt_sigaction", {Equal(0, static_cast<uint64_t>(number))}));
  }
  return AllowWhere(filter, "rt_sigaction", {Equal(1, 0)});
}

// Calls that are fine with some arguments only.
absl::Status AllowByArguments(const Filter& filter) {
  LIMBECK_RETURN_IF_ERROR(
      AllowWhere(filter, "clone", {Masked(0, kForbiddenCloneFlags, 0)}));
  for (const char* name : {"mmap", "mmap2"}) {
    for (const uint64_t flag : kNeverTogether) {
      LIMBECK_RETURN_IF_ERROR(AllowWhere(filter, name, {Masked(3, flag, 0)}));
    }
  }
  LIMBECK_RETURN_IF_ERROR(
      AllowWhere(filter, "socketpair", {Equal(0, AF_UNIX)}));
  LIMBECK_RETURN_IF_ERROR(AllowWhere(filter, "prlimit64", {Equal(0, 0)}));
  for (const int advice : kAdvice) {
    LIMBECK_RETURN_IF_ERROR(AllowWhere(
        filter, "madvise", {Equal(2, static_cast<uint64_t>(advice))}));
  }
  for (const unsigned long request : kTerminalCalls) {
    LIMBECK_RETURN_IF_ERROR(AllowWhere(filter, "ioctl", {Equal(1, request)}));
  }
  for (const int number : kDescriptorCommands) {
    for (const char* name : {"fcntl", "fcntl64"}) {
      LIMBECK_RETURN_IF_ERROR(
          AllowWhere(filter, name, {Equal(1, static_cast<uint64_t>(number))}));
    }
  }
  for (const unsigned long option : kOwnOptions) {
    LIMBECK_RETURN_IF_ERROR(AllowWhere(filter, "prctl", {Equal(0, option)}));
  }
  return absl::OkStatus();
}

// Calls that act on the process whose number is the first argument.
absl::Status AllowOnProcesses(const Filter& filter, FilterScope scope) {
  constexpr uint64_t kWholeNumber = 0xffffffff;
  for (const char* name : {"kill", "tgkill", "sched_setaffinity"}) {
    if (scope == FilterScope::kOwnNamespace) {
      LIMBECK_RETURN_IF_ERROR(AllowWhere(filter, name, {}));
      continue;
    }
    for (const uint64_t process :
         {uint64_t{0}, uint64_t{kOwnProcessPlaceholder}}) {
      LIMBECK_RETURN_IF_ERROR(
          AllowWhere(filter, name, {Masked(0, kWholeNumber, process)}));
    }
  }
  if (scope == FilterScope::kShared) return absl::OkStatus();
  for (const char* name : {"tkill", "setpriority", "rt_sigqueueinfo"}) {
    LIMBECK_RETURN_IF_ERROR(AllowWhere(filter, name, {}));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Export(const Filter& filter) {
  const ScopedDescriptor file(memfd_create("filter", MFD_CLOEXEC));
  if (file.get() < 0) return SystemError("create", "a memory file");
  if (const int code = seccomp_export_bpf(filter.get(), file.get());
      code != 0) {
    return Refused("exporting", code);
  }
  const off_t size = lseek(file.get(), 0, SEEK_END);
  std::string bytes(static_cast<size_t>(size), '\0');
  if (pread(file.get(), bytes.data(), bytes.size(), 0) != size) {
    return SystemError("read", "the exported filter");
  }
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> MakeSystemCallFilter(FilterScope scope) {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  if (filter == nullptr) {
    return absl::InternalError("libseccomp does not know this architecture");
  }
  // A tree instead of a chain of comparisons, and no change of the caller's
  // own rights: the launcher sets no_new_privs itself.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH,
                   SCMP_ACT_KILL_PROCESS);
  LIMBECK_RETURN_IF_ERROR(AllowListed(filter));
  LIMBECK_RETURN_IF_ERROR(RefuseListed(filter));
  LIMBECK_RETURN_IF_ERROR(AllowByArguments(filter));
  LIMBECK_RETURN_IF_ERROR(AllowHandlers(filter));
  LIMBECK_RETURN_IF_ERROR(AllowOnProcesses(filter, scope));
  return Export(filter);
}

}  // namespace limbeck
