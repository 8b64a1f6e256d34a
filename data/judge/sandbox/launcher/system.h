// System calls of the launcher with the words for what went wrong.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_SYSTEM_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_SYSTEM_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace limbeck {

// What went wrong, in words; empty: nothing.
using Failure = std::string;

// "<action>: <reason>" from errno.
Failure SystemFailure(std::string_view action);

// Writes all bytes, going on after interruptions; false on an error.
bool WriteFully(int descriptor, std::string_view bytes);
// Reads to the end; false on an error or beyond `max_bytes`.
bool ReadFully(int descriptor, std::string& bytes, uint64_t max_bytes);

// Writes `text` into an existing file in one call, as /proc and control groups
// want it.
Failure WriteInto(const std::string& path, std::string_view text);
// The file's bytes, at most 64 KiB of them; empty where it cannot be read.
std::string ReadSmallFile(const std::string& path);

// A new file with these bytes and rights; never follows a link.
Failure CreateFile(const std::string& path, std::string_view bytes,
                   mode_t mode);

// Monotonic time in nanoseconds.
int64_t NowNanoseconds();

// Waits for `pid`, going on after interruptions. False: no such child.
bool WaitFor(pid_t pid, int& status);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_SYSTEM_H_
