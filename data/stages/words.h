// Words of a text with their byte positions.
#ifndef LIMBECK_DATA_STAGES_WORDS_H_
#define LIMBECK_DATA_STAGES_WORDS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck {

struct Word {
  std::string text;
  size_t begin = 0;  // bytes [begin, end) of the text
  size_t end = 0;
};

// Maximal runs of letters and digits, ASCII letters in lower case; bytes above
// 127 count as letters. "x=2." is "x", "2".
std::vector<Word> ContentWords(absl::string_view text);

// Words [first, first + count) joined by blanks.
std::string JoinWords(const std::vector<Word>& words, size_t first,
                      size_t count);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_WORDS_H_
