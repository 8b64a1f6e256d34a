// Little-endian integers in byte strings: all formats of the project use them.
#ifndef LIMBECK_DATA_BASE_LITTLE_ENDIAN_H_
#define LIMBECK_DATA_BASE_LITTLE_ENDIAN_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "data/base/check.h"

namespace limbeck {

// Appends `value` as sizeof(Integer) bytes, lowest first.
template <typename Integer>
void AppendLittleEndian(Integer value, std::string* out) {
  const auto bits = static_cast<uint64_t>(value);
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    out->push_back(static_cast<char>(bits >> (8 * i)));
  }
}

// The integer at bytes [offset, offset + sizeof(Integer)), which must exist.
template <typename Integer>
Integer ReadLittleEndian(absl::string_view bytes, size_t offset) {
  LIMBECK_CHECK(offset <= bytes.size() &&
                bytes.size() - offset >= sizeof(Integer));
  uint64_t bits = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[offset + i]);
    bits |= static_cast<uint64_t>(byte) << (8 * i);
  }
  return static_cast<Integer>(bits);
}

}  // namespace limbeck

#endif  // LIMBECK_DATA_BASE_LITTLE_ENDIAN_H_
