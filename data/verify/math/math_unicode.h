// Mathematical characters of Unicode in the spelling of LaTeX.
#ifndef LIMBECK_DATA_VERIFY_MATH_MATH_UNICODE_H_
#define LIMBECK_DATA_VERIFY_MATH_MATH_UNICODE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

// "√3 ≤ x²" -> "\sqrt 3 \le  x^{2}". Characters without such a meaning stay.
std::string SpellUnicodeInLatex(absl::string_view text);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_MATH_UNICODE_H_
