// Whether an answer is right: extraction and comparison. Plain numbers and
// exact strings here; everything else is "unknown".
#ifndef LIMBECK_DATA_VERIFY_VERIFY_H_
#define LIMBECK_DATA_VERIFY_VERIFY_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "data/records.pb.h"

namespace limbeck {

inline constexpr int kVerifierVersion = 3;

// The last balanced \boxed{...} (or \fbox{...}) of the text; none: nullopt.
std::optional<std::string> ExtractBoxed(absl::string_view text);

// The answer of a whole output or of a bare answer: last balanced \boxed{};
// for AnswerKind INTEGER and STRING a text without box and without line break
// is taken as the bare answer itself.
std::optional<std::string> ExtractAnswer(absl::string_view text,
                                         AnswerKind kind);

// Canonical decimal digits ("-12") of an integer answer: blanks, a leading
// plus, leading zeros, thousands separators in groups of three (",", "{,}",
// "\,"), a trailing ".0...", a degree sign and surrounding $, braces or \text{}
// are dropped; a typeset minus is a minus. Nothing symbolic, no units.
// nullopt: no integer.
std::optional<std::string> NormalizeInteger(absl::string_view text);

// The same for a gold answer, which may stand in a \boxed{}.
std::optional<std::string> NormalizeIntegerGold(absl::string_view gold);

// Why no answer at all can be judged against `gold`; empty when some can.
std::string WhyUndecidable(absl::string_view gold, AnswerKind kind);

// Verdict for a model's text (a whole answer or a bare one) against `gold`.
// Integers and, of kind MATH, those whose gold answer is an integer: a plain
// number is right or wrong, any other answer ("84/2", "42 apples") is
// VERDICT_UNKNOWN, and so is everything where WhyUndecidable says why. No
// answer is wrong. Never a guess; the detail gives the reason.
Verification VerifyAnswer(absl::string_view gold, absl::string_view answer,
                          AnswerKind kind);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_VERIFY_H_
