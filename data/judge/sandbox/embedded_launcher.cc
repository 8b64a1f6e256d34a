#include "data/judge/sandbox/embedded_launcher.h"

#include "data/judge/sandbox/launcher_path.h"

// The assembler copies the file; the build makes it before this one.
__asm__(
    ".section .rodata\n"
    ".balign 16\n"
    ".local limbeck_launcher_begin\n"
    "limbeck_launcher_begin:\n"
    ".incbin \"" LIMBECK_LAUNCHER_PATH
    "\"\n"
    ".local limbeck_launcher_end\n"
    "limbeck_launcher_end:\n"
    ".byte 0\n"
    ".text\n");

extern "C" {
// Private to this file, as the assembler says.
extern const char limbeck_launcher_begin[]
    __attribute__((visibility("hidden")));
extern const char limbeck_launcher_end[] __attribute__((visibility("hidden")));
}

namespace limbeck {

absl::string_view EmbeddedLauncher() {
  return {limbeck_launcher_begin,
          static_cast<size_t>(limbeck_launcher_end - limbeck_launcher_begin)};
}

}  // namespace limbeck
