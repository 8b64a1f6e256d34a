// Which system calls a program that nobody trusts may make.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_SYSTEM_CALL_FILTER_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_SYSTEM_CALL_FILTER_H_

#include <string>

#include "absl/status/statusor.h"

namespace limbeck {

enum class FilterScope {
  // The program has a process namespace of its own: it may signal what it sees.
  kOwnNamespace,
  // It sees others' processes: each process may signal and schedule only the
  // program itself (kOwnProcessPlaceholder stands for its number).
  kShared,
};

// An array of sock_filter, as bytes, for this machine's architecture. Policy:
// a list of calls is allowed, as Python, compilers and C++ programs need them;
// known dangerous ones answer EPERM; all others, and allowed ones with
// arguments that are not, answer ENOSYS, so that libraries fall back to older
// calls; foreign architectures end the process.
absl::StatusOr<std::string> MakeSystemCallFilter(FilterScope scope);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_SYSTEM_CALL_FILTER_H_
