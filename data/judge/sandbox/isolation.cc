#include "data/judge/sandbox/isolation.h"

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/judge/sandbox/launch_kit.h"

namespace limbeck {
namespace {

constexpr IsolationLevel kLevels[] = {IsolationLevel::kNone, IsolationLevel::kD,
                                      IsolationLevel::kC, IsolationLevel::kB,
                                      IsolationLevel::kA};

}  // namespace

absl::string_view IsolationName(IsolationLevel level) {
  switch (level) {
    case IsolationLevel::kNone:
      return "none";
    case IsolationLevel::kD:
      return "D";
    case IsolationLevel::kC:
      return "C";
    case IsolationLevel::kB:
      return "B";
    case IsolationLevel::kA:
      return "A";
  }
  return "none";
}

absl::StatusOr<IsolationLevel> ParseIsolation(absl::string_view name) {
  for (const IsolationLevel level : kLevels) {
    if (name == IsolationName(level)) return level;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("isolation level '", name, "' is none of A, B, C, D, none"));
}

IsolationReport ProbeIsolation() {
  absl::StatusOr<std::unique_ptr<LaunchKit>> kit = LaunchKit::Create("/tmp");
  if (kit.ok()) return FindStrongestLevel(**kit);
  IsolationReport report;
  report.obstacles.push_back({IsolationLevel::kNone,
                              std::string(kit.status().message()),
                              "Nothing can be run here."});
  return report;
}

}  // namespace limbeck
