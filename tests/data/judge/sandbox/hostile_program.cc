// One program with many ways to misbehave, chosen by its first argument; the
// tests run it in the sandbox. Prints what it reached.
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

// Not optimised away: the result goes through a volatile.
volatile unsigned long sink = 0;

[[noreturn]] void Burn() {
  for (;;) sink = sink + 1;
}

void Touch(size_t bytes) {
  auto* memory = static_cast<volatile char*>(malloc(bytes));
  if (memory == nullptr) return;
  for (size_t i = 0; i < bytes; i += 4096) memory[i] = 1;
}

// Processes and memory.

void ForkBomb() {
  for (;;) {
    fork();
  }
}

void MemoryBomb() {
  for (;;) Touch(size_t{1} << 20);
}

// None is over the limit, all together are.
void MemoryOfChildren() {
  for (int i = 0; i < 8; ++i) {
    if (fork() == 0) {
      Touch(size_t{24} << 20);
      pause();
    }
  }
  pause();
}

// Children that nobody waits for count nowhere by themselves.
void CpuOfChildren() {
  signal(SIGCHLD, SIG_IGN);
  for (;;) {
    if (fork() == 0) {
      for (int i = 0; i < 20'000'000; ++i) sink = sink + 1;
      _exit(0);
    }
    usleep(1000);
    while (waitpid(-1, nullptr, 0) > 0) {
    }
  }
}

// Each has gone before anybody looks, and none is to be waited for.
void CpuOfTheForgotten() {
  signal(SIGCHLD, SIG_IGN);
  for (int child = 0; child < 3000; ++child) {
    if (fork() == 0) {
      for (int i = 0; i < 500'000; ++i) sink = sink + 1;
      _exit(0);
    }
    waitpid(-1, nullptr, 0);
  }
}

void EndlessLoop() { Burn(); }
void SleepForever() {
  for (;;) sleep(1000);
}
void StopItself() {
  raise(SIGSTOP);
  puts("went on");
}

void IgnoreSignals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_IGN);
  for (;;) sleep(1000);
}

// A child in a session of its own that keeps all descriptors.
void LeaveDaemon() {
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      signal(SIGHUP, SIG_IGN);
      for (;;) sleep(1000);
    }
    _exit(0);
  }
  wait(nullptr);
  puts("left");
}

void KillAll() {
  kill(-1, SIGKILL);
  kill(1, SIGKILL);
  kill(getppid(), SIGKILL);
  kill(0, SIGUSR1);
  usleep(20'000);
  puts("alive");
}

void Threads() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([] { sink = sink + 1; });
  for (std::thread& thread : threads) thread.join();
  puts("joined");
}

// Output.

void Flood(int descriptor) {
  const std::string block(size_t{1} << 20, 'x');
  for (int i = 0; i < 1024; ++i) {
    if (write(descriptor, block.data(), block.size()) < 0) return;
  }
}
void FloodOutput() { Flood(1); }
void FloodError() { Flood(2); }
void FloodSideChannel() { Flood(3); }

// Files.

void TryToRead(const char* path) {
  const int file = open(path, O_RDONLY);
  if (file < 0) return;
  char buffer[16];
  if (read(file, buffer, sizeof(buffer)) >= 0 || errno == EISDIR) {
    printf("read %s\n", path);
  }
  close(file);
}

void ReadHostFiles() {
  for (const char* path :
       {"/etc/shadow", "/etc/passwd", "/root", "/home", "/proc/1/environ",
        "/proc/self/maps", "/sys/kernel", "/dev/mem", "/dev/zero", "/dev/shm",
        "/dev/kmsg", "/var/log", "/../../etc/passwd", "/run"}) {
    TryToRead(path);
  }
}

void WriteHostFiles() {
  for (const char* path :
       {"/x", "/usr/x", "/usr/bin/x", "/etc/x", "/bin/x", "/lib/x", "/dev/x",
        "/dev/shm/x", "/var/tmp/x", "/home/x", "/root/x", "../x",
        "/proc/sys/kernel/core_pattern"}) {
    const int file = open(path, O_WRONLY | O_CREAT, 0644);
    if (file < 0) continue;
    printf("wrote %s\n", path);
    unlink(path);
  }
  for (const char* path : {"/usr/bin/env", "/bin/sh", "/etc/ld.so.cache"}) {
    if (open(path, O_WRONLY) >= 0 || chmod(path, 0777) == 0 ||
        unlink(path) == 0) {
      printf("changed %s\n", path);
    }
  }
}

void ManyFiles() {
  int made = 0;
  for (; made < 100'000; ++made) {
    const int file =
        open(("f" + std::to_string(made)).c_str(), O_WRONLY | O_CREAT, 0644);
    if (file < 0) break;
    close(file);
  }
  printf("%d\n", made);
}

void HugeFile() {
  signal(SIGXFSZ, SIG_IGN);
  const std::string block(size_t{1} << 16, 'x');
  long long written = 0;
  for (int number = 0; number < 100; ++number) {
    const int file = open(("huge" + std::to_string(number)).c_str(),
                          O_WRONLY | O_CREAT, 0644);
    for (ssize_t count = 0;
         (count = write(file, block.data(), block.size())) > 0;) {
      written += count;
    }
    close(file);
  }
  printf("%lld\n", written);
}

void DeepFolders() {
  int depth = 0;
  while (depth < 2000 && mkdir("d", 0700) == 0 && chdir("d") == 0) ++depth;
  chmod(".", 0);
  printf("%d\n", depth);
}

void Links() {
  symlink("/etc/passwd", "link.txt");
  symlink("/", "root");
  link("/etc/passwd", "hard.txt");
  mkdir("folder.txt", 0755);
  mkfifo("pipe.txt", 0666);
  const int file = open("plain.txt", O_WRONLY | O_CREAT, 0400);
  open("twin.txt", O_WRONLY | O_CREAT, 0644);
  link("twin.txt", "other_twin.txt");
  if (write(file, "plain", 5) == 5) puts("made");
}

// Rights.

void ListDescriptors() {
  for (int number = 0; number < 4096; ++number) {
    if (fcntl(number, F_GETFD) >= 0) printf("%d ", number);
  }
}

extern "C" char** environ;
void ListEnvironment() {
  for (char** entry = environ; *entry != nullptr; ++entry) puts(*entry);
}

void ShowIdentity() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  syscall(SYS_capget, &header, data);
  printf("root %d capabilities %x groups %d\n", getuid() == 0 || geteuid() == 0,
         data[0].permitted | data[0].effective | data[0].inheritable |
             data[1].permitted | data[1].effective,
         getgroups(0, nullptr));
}

void RunSetuid() {
  char program[] = "/bin/su", shell[] = "-c", command[] = "id -u",
       user[] = "root";
  char* argv[] = {program, shell, command, user, nullptr};
  execv(program, argv);
}

void Report(const char* name, long result) {
  if (result >= 0) printf("%s\n", name);
}

void TrySockets() {
  Report("inet", socket(AF_INET, SOCK_STREAM, 0));
  Report("inet6", socket(AF_INET6, SOCK_DGRAM, 0));
  Report("unix", socket(AF_UNIX, SOCK_STREAM, 0));
  Report("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
  Report("packet", socket(AF_PACKET, SOCK_RAW, 0));
  Report("vsock", socket(40, SOCK_STREAM, 0));
  int pair[2];
  Report("inet pair", socketpair(AF_INET, SOCK_STREAM, 0, pair));
  // A service of the machine, by whatever descriptor there may be.
  for (int number = 0; number < 64; ++number) {
    Report("connect", connect(number, nullptr, 0));
  }
}

void TryNamespaces() {
  for (const int flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET,
                         CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWCGROUP}) {
    Report("unshare", unshare(flag));
    Report("clone", syscall(SYS_clone, flag | SIGCHLD, 0, 0, 0, 0));
    Report("setns", setns(0, flag));
  }
  Report("clone3", syscall(435, nullptr, 0));
  Report("mount", mount("none", "/tmp", "tmpfs", 0, nullptr));
  Report("remount",
         mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND, nullptr));
  Report("umount", umount2("/usr", MNT_DETACH));
  Report("pivot_root", syscall(SYS_pivot_root, ".", "."));
  Report("chroot", chroot("."));
  Report("open_tree", syscall(428, AT_FDCWD, "/", 1));
  Report("fsopen", syscall(430, "tmpfs", 0));
  Report("sethostname", sethostname("x", 1));
}

void TryProcesses() {
  Report("ptrace self", ptrace(PTRACE_TRACEME, 0, nullptr, nullptr));
  Report("ptrace parent", ptrace(PTRACE_ATTACH, getppid(), nullptr, nullptr));
  char byte = 0;
  iovec here = {&byte, 1}, there = {&byte, 1};
  Report("process_vm_readv",
         process_vm_readv(getppid(), &here, 1, &there, 1, 0));
  Report("pidfd_open", syscall(434, getppid(), 0));
  Report("kcmp", syscall(SYS_kcmp, getpid(), getppid(), 0, 0, 0));
  const rlimit limit = {1, 1};
  Report("prlimit", prlimit(getppid(), RLIMIT_CPU, &limit, nullptr));
  Report("setpriority", setpriority(PRIO_USER, 0, -5));
  Report("own signals", fcntl(0, F_SETOWN, getppid()));
  Report("choose signals", fcntl(0, F_SETSIG, SIGKILL));
  Report("pdeathsig", prctl(PR_SET_PDEATHSIG, 0));
  Report("dumpable", prctl(PR_SET_DUMPABLE, 1));
  Report("subreaper", prctl(PR_SET_CHILD_SUBREAPER, 1));
  Report("seccomp", prctl(PR_SET_SECCOMP, 2, nullptr));
  Report("personality", syscall(SYS_personality, 0x0040000));
  const rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
  Report("raise CPU", setrlimit(RLIMIT_CPU, &more));
  Report("raise processes", setrlimit(RLIMIT_NPROC, &more));
  Report("raise files", setrlimit(RLIMIT_FSIZE, &more));
}

void TryKernel() {
  char page[128] = {};
  Report("bpf", syscall(SYS_bpf, 0, page, sizeof(page)));
  Report("perf_event_open", syscall(SYS_perf_event_open, page, 0, -1, -1, 0));
  Report("userfaultfd", syscall(SYS_userfaultfd, 0));
  Report("userfaultfd user", syscall(SYS_userfaultfd, 1));
  Report("io_uring", syscall(425, 8, page));
  Report("add_key", syscall(SYS_add_key, "user", "x", "y", 1, -3));
  Report("keyctl", syscall(SYS_keyctl, 0, -3, 1, 0, 0));
  Report("memfd", syscall(SYS_memfd_create, "x", 0));
  Report("memfd_secret", syscall(447, 0));
  Report("open_by_handle_at", syscall(SYS_open_by_handle_at, 0, page, 0));
  Report("name_to_handle_at",
         syscall(SYS_name_to_handle_at, AT_FDCWD, "/", page, page, 0));
  Report("fanotify", syscall(SYS_fanotify_init, 0, 0));
  Report("init_module", syscall(SYS_init_module, page, 0, ""));
  Report("kexec", syscall(SYS_kexec_load, 0, 0, nullptr, 0));
  Report("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0, nullptr));
  Report("swapon", syscall(SYS_swapon, "x", 0));
  Report("acct", syscall(SYS_acct, "x"));
  Report("syslog", syscall(SYS_syslog, 3, page, 10));
  Report("mknod", mknod("device", S_IFCHR | 0666, 0x103));
  Report("execveat", syscall(SYS_execveat, 0, "", page, page, 0x1000));
}

void TryMemory() {
  void* shared = mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Report("shared anonymous", shared == MAP_FAILED ? -1 : 0);
  Report("shmget", shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
  Report("semget", syscall(SYS_semget, 0, 1, IPC_CREAT | 0600));
  Report("msgget", syscall(SYS_msgget, 0, IPC_CREAT | 0600));
  Report("mq_open", syscall(SYS_mq_open, "x", O_CREAT | O_RDWR, 0600, nullptr));
  Report("pageout", madvise(const_cast<unsigned long*>(&sink), 0, 21));
  Report("mlock", mlock(const_cast<unsigned long*>(&sink), sizeof(sink)));
  const int zero = open("/dev/zero", O_RDWR);
  Report("shared zero", zero < 0 || mmap(nullptr, 4096, PROT_READ, MAP_SHARED,
                                         zero, 0) == MAP_FAILED
                            ? -1
                            : 0);
}

void TryIdentity() {
  Report("setuid", setuid(0));
  Report("setresuid", setresuid(0, 0, 0));
  Report("setgid", setgid(0));
  const gid_t group = 0;
  Report("setgroups", setgroups(1, &group));
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct all[2] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
  Report("capset", syscall(SYS_capset, &header, all));
  Report("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0));
  Report("chown", chown(".", 0, 0));
}

// Calls of the 32-bit interface have other numbers: 1 is exit there.
void ForeignCall() {
#ifdef __x86_64__
  long result = 0;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
  printf("reached %ld\n", result > 0 ? 1L : 0L);
#endif
}

// The 64-bit calls with 32-bit pointers have a bit of their own.
void ForeignBit() {
#ifdef __x86_64__
  printf("reached %ld\n", syscall(0x40000000L | SYS_getpid));
#endif
}

void Crash() { raise(SIGSEGV); }
void Abort() { abort(); }

struct Mode {
  const char* name;
  void (*run)();
};

constexpr Mode kModes[] = {{"fork_bomb", ForkBomb},
                           {"memory_bomb", MemoryBomb},
                           {"memory_of_children", MemoryOfChildren},
                           {"cpu_of_children", CpuOfChildren},
                           {"cpu_of_the_forgotten", CpuOfTheForgotten},
                           {"endless_loop", EndlessLoop},
                           {"sleep", SleepForever},
                           {"stop_itself", StopItself},
                           {"ignore_signals", IgnoreSignals},
                           {"daemon", LeaveDaemon},
                           {"kill_all", KillAll},
                           {"threads", Threads},
                           {"flood_output", FloodOutput},
                           {"flood_error", FloodError},
                           {"flood_side_channel", FloodSideChannel},
                           {"read_host_files", ReadHostFiles},
                           {"write_host_files", WriteHostFiles},
                           {"many_files", ManyFiles},
                           {"huge_file", HugeFile},
                           {"deep_folders", DeepFolders},
                           {"links", Links},
                           {"descriptors", ListDescriptors},
                           {"environment", ListEnvironment},
                           {"identity", ShowIdentity},
                           {"setuid_program", RunSetuid},
                           {"try_sockets", TrySockets},
                           {"try_namespaces", TryNamespaces},
                           {"try_processes", TryProcesses},
                           {"try_kernel", TryKernel},
                           {"try_memory", TryMemory},
                           {"try_identity", TryIdentity},
                           {"foreign_call", ForeignCall},
                           {"foreign_bit", ForeignBit},
                           {"crash", Crash},
                           {"abort", Abort}};

}  // namespace

int main(int argc, char** argv) {
  for (const Mode& mode : kModes) {
    if (argc > 1 && strcmp(argv[1], mode.name) == 0) {
      mode.run();
      return 0;
    }
  }
  return 99;
}
