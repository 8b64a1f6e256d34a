#include "data/judge/sandbox/launcher/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace limbeck {
namespace {

// https://docs.kernel.org/userspace-api/landlock.html; the C library's headers
// may be older than the kernel, so the numbers are here.
constexpr long kCreateRuleset = 444, kAddRule = 445, kRestrictSelf = 446;
constexpr uint32_t kAskVersion = 1;
constexpr int kRulePathBeneath = 1;

constexpr uint64_t kExecute = 1 << 0, kWriteFile = 1 << 1, kReadFile = 1 << 2,
                   kReadFolder = 1 << 3;
constexpr uint64_t kRefer = 1 << 13, kTruncate = 1 << 14, kDevice = 1 << 15;
constexpr uint64_t kVersion1 = (1 << 13) - 1;  // the thirteen first rights

struct Ruleset {
  uint64_t files = 0;
  uint64_t network = 0;  // version 4: nothing is allowed of what is handled
  uint64_t scoped = 0;   // version 6: signals and abstract sockets stay inside
};

struct __attribute__((packed)) PathRule {
  uint64_t allowed = 0;
  int32_t parent = -1;
};

Ruleset HandledBy(int64_t version) {
  Ruleset rules;
  rules.files = kVersion1;
  if (version >= 2) rules.files |= kRefer;
  if (version >= 3) rules.files |= kTruncate;
  if (version >= 5) rules.files |= kDevice;
  if (version >= 4) rules.network = 3;
  if (version >= 6) rules.scoped = 3;
  return rules;
}

size_t SizeKnownTo(int64_t version) {
  if (version >= 6) return sizeof(Ruleset);
  return version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

// Absent paths are fine: they cannot be reached either.
Failure Allow(int ruleset, const std::string& path, uint64_t rights) {
  const int descriptor = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (descriptor < 0) return "";
  struct stat about = {};
  if (fstat(descriptor, &about) == 0 && !S_ISDIR(about.st_mode)) {
    rights &= kExecute | kWriteFile | kReadFile | kTruncate | kDevice;
  }
  PathRule rule;
  rule.allowed = rights;
  rule.parent = descriptor;
  Failure failure;
  if (syscall(kAddRule, ruleset, kRulePathBeneath, &rule, 0) != 0) {
    failure = SystemFailure("landlock rule for " + path);
  }
  close(descriptor);
  return failure;
}

Failure AllowAll(int ruleset, const LaunchPlan& plan, uint64_t handled) {
  constexpr uint64_t kRead = kExecute | kReadFile | kReadFolder;
  for (const char* path : {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64",
                           "/etc/alternatives", "/etc/ld.so.cache"}) {
    if (Failure f = Allow(ruleset, path, kRead); !f.empty()) return f;
  }
  for (const char* path :
       {"/dev/null", "/dev/full", "/dev/random", "/dev/urandom"}) {
    Failure f = Allow(ruleset, path, kReadFile | kWriteFile);
    if (!f.empty()) return f;
  }
  for (const std::string& path : plan.read_only_folders) {
    if (Failure f = Allow(ruleset, path, kRead); !f.empty()) return f;
  }
  return Allow(ruleset, ".", handled & ~kDevice);  // the box
}

}  // namespace

Failure RestrictPaths(const LaunchPlan& plan) {
  const int64_t version = syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  if (version < 1) return SystemFailure("landlock");
  const Ruleset rules = HandledBy(version);
  const int ruleset = static_cast<int>(
      syscall(kCreateRuleset, &rules, SizeKnownTo(version), 0));
  if (ruleset < 0) return SystemFailure("landlock ruleset");
  Failure failure = AllowAll(ruleset, plan, rules.files);
  if (failure.empty() && syscall(kRestrictSelf, ruleset, 0) != 0) {
    failure = SystemFailure("landlock restrict");
  }
  close(ruleset);
  return failure;
}

}  // namespace limbeck
