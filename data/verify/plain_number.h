// Numbers as models and gold answers spell them, brought to one spelling.
#ifndef LIMBECK_DATA_VERIFY_PLAIN_NUMBER_H_
#define LIMBECK_DATA_VERIFY_PLAIN_NUMBER_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

struct PlainNumber {
  std::string integer;    // canonical, as NormalizeInteger gives it
  bool is_whole = false;  // nothing but zeros after the point
};

// Takes off blanks, surrounding $, \( \), braces, \text{} and the like, and a
// degree sign at the end.
absl::string_view UnwrapNumber(absl::string_view text);

// One spelling for the typeset signs and thousands separators: minus sign, en
// dash, small and wide hyphen-minus; "1{,}234", "1,\!234", "1\,234".
std::string PlainSigns(absl::string_view text);

// A decimal number without exponent, its integer part canonical.
std::optional<PlainNumber> ParsePlainNumber(absl::string_view text);

// Canonical decimal digits ("-12") of an integer answer: blanks, a leading
// plus, leading zeros, thousands separators in groups of three (",", "{,}",
// "\,"), a trailing ".0...", a degree sign and surrounding $, braces or \text{}
// are dropped; a typeset minus is a minus. Nothing symbolic, no units.
// nullopt: no integer.
std::optional<std::string> NormalizeInteger(absl::string_view text);

// The same for a gold answer, which may stand in a \boxed{}.
std::optional<std::string> NormalizeIntegerGold(absl::string_view gold);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_PLAIN_NUMBER_H_
