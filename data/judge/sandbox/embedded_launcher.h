// The launcher's program file, carried inside this library.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_EMBEDDED_LAUNCHER_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_EMBEDDED_LAUNCHER_H_

#include "absl/strings/string_view.h"

namespace limbeck {

// A static executable; see launcher/main.cc.
absl::string_view EmbeddedLauncher();

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_EMBEDDED_LAUNCHER_H_
