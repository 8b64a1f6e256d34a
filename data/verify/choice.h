// Multiple choice: which option an answer names. Letters are read only where
// the text says that they are the answer; "A" is also a word.
#ifndef LIMBECK_DATA_VERIFY_CHOICE_H_
#define LIMBECK_DATA_VERIFY_CHOICE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "data/verify/extract.h"

namespace limbeck {

inline constexpr absl::string_view kDefaultLetters = "ABCD";

// Distinct ASCII capitals, 2 to 26 of them; else an error with the letters.
absl::Status CheckLetters(absl::string_view letters);

struct FoundChoice {
  char letter = 0;     // 0: none
  std::string reason;  // why none: "no option named", "several options named"
};

// Looked for in this order: the last "Answer: X" or "answer is X" (also
// "(X)", "option X", "\boxed{X}"); the last box ("B", "(B)", "B) text", "b");
// the text itself or its last line ("B", "(B)", "**B**"), a single line also
// as "B) text". Two options named together ("A or B") are none.
FoundChoice FindChoice(absl::string_view output, absl::string_view letters,
                       AnswerPlace place = AnswerPlace::kStated);

// The option of a gold answer: "B", "(B) text", "B text", or a line of those.
std::optional<char> GoldChoice(absl::string_view gold,
                               absl::string_view letters);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_CHOICE_H_
