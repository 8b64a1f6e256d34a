// Safetensors files as mapped memory, and their writer.
#ifndef LIMBECK_STUDENT_CHECKPOINT_SAFETENSORS_H_
#define LIMBECK_STUDENT_CHECKPOINT_SAFETENSORS_H_

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/file.h"
#include "data/base/posix.h"
#include "student/checkpoint/safetensors_header.h"

namespace limbeck {

class SafetensorsFile {
 public:
  // Maps the file and checks its header.
  static absl::StatusOr<SafetensorsFile> Open(const std::string& path);

  const std::string& path() const { return path_; }
  // What the file holds, sorted by name; nothing of it is read yet.
  const std::vector<SafetensorsEntry>& entries() const {
    return header_.entries;
  }
  const std::vector<std::string>& names() const { return names_; }  // sorted
  const std::vector<std::pair<std::string, std::string>>& metadata() const {
    return header_.metadata;
  }
  // A view of the mapping (read-only: clone before writing) that keeps it
  // alive; a copy for BOOL and where the file aligns the data badly. NotFound
  // and unknown dtypes name the tensor and the file.
  absl::StatusOr<at::Tensor> Get(absl::string_view name) const;
  // The stored bytes of one of entries(), inside the mapping.
  absl::string_view Bytes(const SafetensorsEntry& entry) const;
  // Copies `count` of them from byte `offset` on. As fast as the system reads:
  // no page of the mapping is touched, and a file that has become shorter is
  // an error.
  absl::Status Read(const SafetensorsEntry& entry, uint64_t offset,
                    uint64_t count, void* out) const;

 private:
  SafetensorsFile() = default;

  std::string path_;
  std::shared_ptr<MappedFile> file_;
  std::shared_ptr<ScopedDescriptor> descriptor_;
  SafetensorsHeader header_;
  std::vector<std::string> names_;
};

// Writes a file tensor by tensor, atomically: the header first, then the bytes
// of each tensor in the given order.
class SafetensorsWriter {
 public:
  struct Item {
    std::string name;
    at::ScalarType dtype;
    std::vector<int64_t> shape;
  };
  static absl::StatusOr<SafetensorsWriter> Create(
      const std::string& path, const std::vector<Item>& items,
      const std::vector<std::pair<std::string, std::string>>& metadata = {});

  // The next bytes of the data, in pieces of any size.
  absl::Status Append(absl::string_view bytes);
  // All bytes that the header promises must be there.
  absl::Status Commit();

 private:
  SafetensorsWriter(std::unique_ptr<AtomicFile> file, uint64_t data_bytes)
      : file_(std::move(file)), missing_bytes_(data_bytes) {}

  std::unique_ptr<AtomicFile> file_;
  uint64_t missing_bytes_;
};

// Writes tensors (any device, any strides) in the given order, atomically.
absl::Status WriteSafetensors(
    const std::string& path,
    const std::vector<std::pair<std::string, at::Tensor>>& tensors,
    const std::vector<std::pair<std::string, std::string>>& metadata = {});

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_SAFETENSORS_H_
