// From the text of a bare answer to its tree.
#ifndef LIMBECK_DATA_VERIFY_MATH_MATH_PARSER_H_
#define LIMBECK_DATA_VERIFY_MATH_MATH_PARSER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/verify/math/expression.h"
#include "data/verify/math/math_options.h"

namespace limbeck {

struct ParsedMath {
  ExpressionPtr root;
  unsigned ambiguities = 0;  // Ambiguity bits (math_tokens.h) that were met
};

// Reads `text` under one reading of what is ambiguous (mask of Ambiguity bits).
absl::StatusOr<ParsedMath> ParseMath(absl::string_view text,
                                     const MathOptions& options,
                                     unsigned reading);

// The words of a text without markup: lower case, single blanks, no
// punctuation, no leading article. "\text{The east.}" -> "east".
std::string PlainWords(absl::string_view text);

// A run of letters that is prose rather than a product of variables.
bool IsProse(absl::string_view letters);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_MATH_PARSER_H_
