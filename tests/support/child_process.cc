#include "tests/support/child_process.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>

#include "data/base/check.h"
#include "data/base/posix.h"

namespace limbeck {
namespace {

[[noreturn]] void RunLimited(uint64_t max_bytes, int report,
                             const std::function<absl::Status()>& work) {
  // Without this the kernel ends the process instead of failing the write.
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {max_bytes, max_bytes};
  LIMBECK_CHECK_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const absl::Status status = work();
  const std::string message(status.message());
  LIMBECK_CHECK(WriteAll(report, message, "pipe").ok());
  _exit(static_cast<int>(status.code()));
}

std::string ReadToEnd(int descriptor) {
  std::string all;
  std::array<char, 4096> piece;
  while (true) {
    const auto count = ReadSome(descriptor, piece.data(), piece.size(), "pipe");
    LIMBECK_CHECK(count.ok());
    if (*count == 0) return all;
    all.append(piece.data(), *count);
  }
}

}  // namespace

absl::Status RunWithFileSizeLimit(uint64_t max_bytes,
                                  const std::function<absl::Status()>& work) {
  std::array<int, 2> report;
  LIMBECK_CHECK_EQ(pipe(report.data()), 0);
  const pid_t child = fork();
  LIMBECK_CHECK_GE(child, 0);
  if (child == 0) RunLimited(max_bytes, report[1], work);
  close(report[1]);
  const ScopedDescriptor closer(report[0]);
  const std::string message = ReadToEnd(report[0]);
  int outcome = 0;
  LIMBECK_CHECK_EQ(waitpid(child, &outcome, 0), child);
  if (!WIFEXITED(outcome)) {
    return absl::InternalError("the child did not end by itself");
  }
  return absl::Status(static_cast<absl::StatusCode>(WEXITSTATUS(outcome)),
                      message);
}

bool RunAndKill(const std::function<void()>& work) {
  const pid_t child = fork();
  LIMBECK_CHECK_GE(child, 0);
  if (child == 0) {
    work();
    std::raise(SIGKILL);
  }
  int outcome = 0;
  LIMBECK_CHECK_EQ(waitpid(child, &outcome, 0), child);
  return WIFSIGNALED(outcome) && WTERMSIG(outcome) == SIGKILL;
}

}  // namespace limbeck
