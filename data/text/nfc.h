// Unicode normalization form C (Unicode Standard Annex #15) with the data that
// the library `tokenizers` has: of Unicode 9.0. Marks that are younger are
// never reordered, composites that are younger neither made nor taken apart.
#ifndef LIMBECK_DATA_TEXT_NFC_H_
#define LIMBECK_DATA_TEXT_NFC_H_

#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

// Whether every character is one that NFC leaves alone wherever it stands. Then
// ToNfc(text) is the text itself.
bool IsPlainNfc(absl::string_view text);

// Bytes that are no UTF-8 stay as they are and take no part.
std::string ToNfc(absl::string_view text);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_NFC_H_
