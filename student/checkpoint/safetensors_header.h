// The header of a safetensors file: which tensors lie where.
//
// 8 bytes little-endian length, that many bytes of JSON, then the data. The
// checks are those of the reference reader (safetensors 0.8): at most 100 MB of
// header, no name twice, and tensors that tile the data without hole, overlap
// or rest.
#ifndef LIMBECK_STUDENT_CHECKPOINT_SAFETENSORS_HEADER_H_
#define LIMBECK_STUDENT_CHECKPOINT_SAFETENSORS_HEADER_H_

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

// Bytes before the JSON: its length.
inline constexpr uint64_t kSafetensorsLengthBytes = 8;
inline constexpr absl::string_view kSafetensorsMetadataKey = "__metadata__";

struct SafetensorsDtype {
  const char* name;  // "BF16"
  int bits;          // of one element
  // Absent for formats that ATen here has no type for (F4, C64, ...).
  std::optional<at::ScalarType> type;
};

// nullptr for a name that safetensors 0.8 does not know.
const SafetensorsDtype* FindSafetensorsDtype(absl::string_view name);
const SafetensorsDtype* FindSafetensorsDtype(at::ScalarType type);

struct SafetensorsEntry {
  std::string name;
  std::string dtype;  // as in the file, also when it is unknown
  std::vector<int64_t> shape;
  uint64_t begin = 0;  // bytes from the start of the data
  uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // sorted by name
  std::vector<std::pair<std::string, std::string>> metadata;
  uint64_t data_start = 0;  // byte of the file
};

// `file` is the whole file. Entries of unknown dtypes are let through: what
// they hold cannot be checked against their shape, only their place.
absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(
    absl::string_view file);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_SAFETENSORS_HEADER_H_
