// The character classes that tokenizers' patterns use. Tables of Unicode 16.0,
// written by data/text/make_unicode_tables.py.
#ifndef LIMBECK_DATA_TEXT_UNICODE_CLASSES_H_
#define LIMBECK_DATA_TEXT_UNICODE_CLASSES_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace limbeck {

struct CodePointRange {
  uint32_t first;
  uint32_t last;
};

// Sorted, without overlap.
absl::Span<const CodePointRange> LetterRanges();        // \p{L}
absl::Span<const CodePointRange> NumberRanges();        // \p{N}
absl::Span<const CodePointRange> NfcSensitiveRanges();  // see MayChangeInNfc

// Code point of one well-formed UTF-8 sequence, 1 to 4 bytes.
uint32_t CodePointOf(absl::string_view sequence);

bool IsLetter(uint32_t code_point);
bool IsNumber(uint32_t code_point);
bool IsWhiteSpace(uint32_t code_point);  // \s: the property White_Space
// False for characters that NFC leaves alone wherever they stand: a text of
// such characters only is in NFC.
bool MayChangeInNfc(uint32_t code_point);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_UNICODE_CLASSES_H_
