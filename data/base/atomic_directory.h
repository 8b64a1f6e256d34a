// Folders that are either whole or absent: filled beside their place, then
// renamed.
#ifndef LIMBECK_DATA_BASE_ATOMIC_DIRECTORY_H_
#define LIMBECK_DATA_BASE_ATOMIC_DIRECTORY_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace limbeck {

// Lets `fill` write into an empty folder beside `directory`, then puts it in
// that place, also of a folder that exists; a file there is an error. When
// anything fails the new folder is removed and an old one stays. Trailing
// slashes of `directory` mean nothing; parents are created.
absl::Status WriteDirectoryAtomically(
    const std::string& directory,
    absl::FunctionRef<absl::Status(const std::string& folder)> fill);

}  // namespace limbeck

#endif  // LIMBECK_DATA_BASE_ATOMIC_DIRECTORY_H_
