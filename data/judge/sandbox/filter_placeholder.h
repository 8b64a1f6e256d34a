// A number in the system call filter that the launcher replaces.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_FILTER_PLACEHOLDER_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_FILTER_PLACEHOLDER_H_

#include <cstdint>

namespace limbeck {

// Stands for the program's own process number, which is known only in its
// process. Larger than any number that Linux gives.
inline constexpr uint32_t kOwnProcessPlaceholder = 0x7ead5e1f;

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_FILTER_PLACEHOLDER_H_
