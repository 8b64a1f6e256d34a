// Checked system calls shared by the file implementations of data/base.
#ifndef LIMBECK_DATA_BASE_POSIX_H_
#define LIMBECK_DATA_BASE_POSIX_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

// Closes a descriptor at the end of a scope; for descriptors only read from.
class ScopedDescriptor {
 public:
  explicit ScopedDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~ScopedDescriptor();
  ScopedDescriptor(const ScopedDescriptor&) = delete;
  ScopedDescriptor& operator=(const ScopedDescriptor&) = delete;

  int get() const { return descriptor_; }

 private:
  const int descriptor_;
};

// "cannot <action> <path>: <reason>" from errno, with the matching code.
absl::Status SystemError(absl::string_view action, absl::string_view path);

// Writes all bytes, going on after interruptions and short writes.
absl::Status WriteAll(int descriptor, absl::string_view bytes,
                      absl::string_view path);

// Descriptor open for reading, closed on exec. Regular files only: a pipe
// could keep the program waiting and a device never end, so both are refused
// at once.
absl::StatusOr<int> OpenForReading(const std::string& path);
// The same for pipes and devices too; waits for a named pipe's writer.
absl::StatusOr<int> OpenStream(const std::string& path);

// At most `bytes` into `buffer`; 0 at the end of the file.
absl::StatusOr<size_t> ReadSome(int descriptor, char* buffer, size_t bytes,
                                absl::string_view path);

// Size of a regular file; anything else (directory, pipe, device) is an error.
absl::StatusOr<uint64_t> RegularFileSize(int descriptor,
                                         absl::string_view path);
// The same from the mode and size that stat gave.
absl::StatusOr<uint64_t> SizeOfRegularFile(mode_t mode, off_t size,
                                           absl::string_view path);

// Calls `visit` with pieces of the regular file in order.
absl::Status ForEachPiece(
    const std::string& path,
    const std::function<absl::Status(absl::string_view)>& visit);
// The same from an open descriptor to its end; errors name `path`.
absl::Status ForEachPieceOf(
    int descriptor, absl::string_view path,
    const std::function<absl::Status(absl::string_view)>& visit);

}  // namespace limbeck

#endif  // LIMBECK_DATA_BASE_POSIX_H_
