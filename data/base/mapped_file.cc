// Reading: a file as a read-only mapping, or whole in memory.
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/posix.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

absl::Status TooLarge(absl::string_view path, uint64_t size,
                      uint64_t max_bytes) {
  return absl::ResourceExhaustedError(absl::StrCat(path, " has ", size,
                                                   " bytes or more, at most ",
                                                   max_bytes, " are accepted"));
}

// Whatever size was expected: files can grow, and those of /proc have none.
absl::StatusOr<std::string> ReadToEnd(int descriptor, absl::string_view path,
                                      uint64_t expected, uint64_t max_bytes) {
  std::string content;
  content.reserve(expected);
  LIMBECK_RETURN_IF_ERROR(ForEachPieceOf(
      descriptor, path, [&](absl::string_view piece) -> absl::Status {
        if (piece.size() > max_bytes - content.size()) {
          return TooLarge(path, content.size() + piece.size(), max_bytes);
        }
        content.append(piece.data(), piece.size());
        return absl::OkStatus();
      }));
  return content;
}

}  // namespace

absl::StatusOr<std::shared_ptr<MappedFile>> MappedFile::Open(
    const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const int descriptor, OpenForReading(path));
  const ScopedDescriptor closer(descriptor);
  LIMBECK_ASSIGN_OR_RETURN(const uint64_t size,
                           RegularFileSize(descriptor, path));
  // mmap refuses an empty range.
  if (size == 0) return std::shared_ptr<MappedFile>(new MappedFile({}));
  void* memory =
      mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, /*offset=*/0);
  if (memory == MAP_FAILED) return SystemError("map", path);
  return std::shared_ptr<MappedFile>(new MappedFile(
      absl::string_view(static_cast<const char*>(memory), size)));
}

MappedFile::~MappedFile() {
  if (bytes_.empty()) return;
  munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     uint64_t max_bytes) {
  LIMBECK_ASSIGN_OR_RETURN(const int descriptor, OpenForReading(path));
  const ScopedDescriptor closer(descriptor);
  LIMBECK_ASSIGN_OR_RETURN(const uint64_t size,
                           RegularFileSize(descriptor, path));
  if (size > max_bytes) return TooLarge(path, size, max_bytes);
  return ReadToEnd(descriptor, path, size, max_bytes);
}

absl::StatusOr<std::string> ReadStream(const std::string& path,
                                       uint64_t max_bytes) {
  LIMBECK_ASSIGN_OR_RETURN(const int descriptor, OpenStream(path));
  const ScopedDescriptor closer(descriptor);
  return ReadToEnd(descriptor, path, 0, max_bytes);
}

}  // namespace limbeck
