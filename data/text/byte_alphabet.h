// The printable alphabet of byte-level models: GPT-2's table
// (bytes_to_unicode in openai/gpt-2, src/encoder.py).
#ifndef LIMBECK_DATA_TEXT_BYTE_ALPHABET_H_
#define LIMBECK_DATA_TEXT_BYTE_ALPHABET_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

// The character, as UTF-8, that stands for a byte.
const std::string& PrintableByte(uint8_t byte);

// The bytes of a token in that alphabet ("\u0120the" is " the"). False when a
// character is not of the alphabet.
bool BytesOfPrintable(absl::string_view token, std::string* bytes);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_BYTE_ALPHABET_H_
