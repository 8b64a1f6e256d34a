// The safetensors container: 8-byte little-endian header length, JSON header,
// contiguous data. Overlaps, holes, overflows and unknown dtypes are refused.
#ifndef LIMBECK_STUDENT_SAFETENSORS_H_
#define LIMBECK_STUDENT_SAFETENSORS_H_

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

class SafetensorsFile {
 public:
  // Maps the file; tensors are views of the mapping (read-only: clone before
  // writing) and keep it alive.
  static absl::StatusOr<SafetensorsFile> Open(const std::string& path);

  const std::vector<std::string>& names() const { return names_; }
  // NotFound names the tensor and the file.
  absl::StatusOr<at::Tensor> Get(absl::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& metadata() const {
    return metadata_;
  }

 private:
  SafetensorsFile() = default;

  std::string path_;
  std::vector<std::string> names_;   // sorted
  std::vector<at::Tensor> tensors_;  // of names_
  std::vector<std::pair<std::string, std::string>> metadata_;
};

// Writes tensors (any device, any strides) in the given order, atomically.
absl::Status WriteSafetensors(
    const std::string& path,
    const std::vector<std::pair<std::string, at::Tensor>>& tensors,
    const std::vector<std::pair<std::string, std::string>>& metadata = {});

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_SAFETENSORS_H_
