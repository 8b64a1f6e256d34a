// Reading: a file as a read-only mapping, or whole in memory.
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/posix.h"
#include "data/base/status_macros.h"

namespace limbeck {

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
  const auto too_large = [&](uint64_t size) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path, " has ", size, " bytes or more, at most ", max_bytes,
                     " are accepted"));
  };
  std::string content;
  if (absl::StatusOr<uint64_t> size = FileSize(path); size.ok()) {
    if (*size > max_bytes) return too_large(*size);
    content.reserve(*size);
  }
  // Read to the end all the same: pipes have no size, and files can grow.
  LIMBECK_RETURN_IF_ERROR(ForEachPiece(path, [&](absl::string_view piece) {
    if (piece.size() > max_bytes - content.size()) {
      return absl::Status(too_large(content.size() + piece.size()));
    }
    content.append(piece.data(), piece.size());
    return absl::OkStatus();
  }));
  return content;
}

}  // namespace limbeck
