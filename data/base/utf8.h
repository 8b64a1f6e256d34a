// UTF-8 at the level of single sequences (RFC 3629).
#ifndef LIMBECK_DATA_BASE_UTF8_H_
#define LIMBECK_DATA_BASE_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

// Bytes (1 to 4) of the well-formed sequence that `bytes` begins with; 0 where
// it begins with none: overlong forms, surrogates, numbers above U+10FFFF,
// cut sequences, empty text.
size_t Utf8SequenceBytes(absl::string_view bytes);

// Whether more bytes can make `bytes` one well-formed sequence: false for empty
// texts and for whole sequences.
bool IsUtf8Prefix(absl::string_view bytes);

bool IsValidUtf8(absl::string_view bytes);

// Appends the sequence of a code point (at most U+10FFFF, no surrogate).
void AppendUtf8(uint32_t code_point, std::string* out);

inline constexpr absl::string_view kReplacementCharacter = "\xEF\xBF\xBD";

}  // namespace limbeck

#endif  // LIMBECK_DATA_BASE_UTF8_H_
