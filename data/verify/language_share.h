// In which scripts a text is written: a rule for outputs that mix languages.
#ifndef LIMBECK_DATA_VERIFY_LANGUAGE_SHARE_H_
#define LIMBECK_DATA_VERIFY_LANGUAGE_SHARE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace limbeck {

// Known: the larger languages of the Latin, Cyrillic, Greek, Arabic, Hebrew,
// Devanagari, Bengali, Tamil, Telugu and Thai scripts, Chinese, Japanese and
// Korean. `language` is a BCP 47 tag; what follows its first "-" is ignored.
absl::Status CheckLanguage(absl::string_view language);

// Share of the words of `text` that are written in the language's scripts, 0 to
// 1; 1 for a text without words. A word is a run of at least two letters of one
// script, or one ideograph or kana; formulas ($..$, \(..\), \[..\]), LaTeX
// commands and fenced code are left out. Unknown languages have share 0.
double LanguageShare(absl::string_view text, absl::string_view language);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_LANGUAGE_SHARE_H_
