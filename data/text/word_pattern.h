// The patterns of GPT-2 and its descendants as scanners: what they differ in
// are values, not code.
#ifndef LIMBECK_DATA_TEXT_WORD_PATTERN_H_
#define LIMBECK_DATA_TEXT_WORD_PATTERN_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "data/text/unicode_classes.h"

namespace limbeck {

// The alternatives, in the order in which they are tried:
//   contractions          's|'t|'re|'ve|'m|'ll|'d
//   ascii_words           one ASCII punctuation mark or symbol, [A-Za-z]+
//   words                 [word_prefixes, no line break]?[word_classes]+
//   numbers               number_prefix_space ? at most max_digits of \p{N}
//   others                 ?[other_classes]+ and line breaks behind, if asked
//   line breaks           \s*[\r\n]+, if asked
//   white space           \s+(?!\S)|\s+
struct WordPattern {
  enum class Contractions { kNone, kLowerCase, kAnyCase };

  Contractions contractions = Contractions::kAnyCase;
  bool ascii_words = false;
  ClassSet word_prefixes = 0;
  bool word_prefix_is_space = false;  // ' ' is the only prefix
  ClassSet word_classes = kLetters;
  size_t max_digits = 1;  // 0: numbers match nowhere
  bool number_prefix_is_space = false;
  ClassSet other_classes = 0;
  bool line_breaks = true;  // behind others, and as pieces of their own
};

// Bytes that the pattern takes at byte `at` of the text, which is not its end;
// 0: no alternative matches there.
size_t MatchWord(const WordPattern& pattern, absl::string_view text, size_t at);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_WORD_PATTERN_H_
