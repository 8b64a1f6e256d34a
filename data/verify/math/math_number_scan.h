// Numbers as people write them: separators, repeating decimals, exponents.
#ifndef LIMBECK_DATA_VERIFY_MATH_MATH_NUMBER_SCAN_H_
#define LIMBECK_DATA_VERIFY_MATH_MATH_NUMBER_SCAN_H_

#include "absl/strings/string_view.h"
#include "data/verify/math/math_tokens.h"

namespace limbeck {

struct NumberScan {
  MathToken token;           // kNumber
  size_t length = 0;         // bytes read; 0: over a limit
  unsigned ambiguities = 0;  // Ambiguity bits met
};

// Reads the number at the front of `text`, which begins with a digit or with a
// point and a digit. `inside_brackets`: a plain comma separates items there.
NumberScan ScanNumber(absl::string_view text, bool inside_brackets,
                      unsigned reading);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_MATH_NUMBER_SCAN_H_
