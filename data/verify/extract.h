// Where the answer stands in a model's text: the rules of the sound mode.
#ifndef LIMBECK_DATA_VERIFY_EXTRACT_H_
#define LIMBECK_DATA_VERIFY_EXTRACT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck {

// Which places count.
enum class AnswerPlace {
  kStated,   // a box, else a sentence that says so, else the bare answer
  kBoxOnly,  // a box or nothing
};

// What marked the text as the answer; in this order they are looked for.
enum class AnswerMark {
  kNone,
  kBox,          // the last balanced \boxed{} or \fbox{}
  kFinalAnswer,  // "final answer is X", "Final answer: X"
  kAnswer,       // "answer: X", "answer is X"
  kBare,         // the text is the answer
};

struct FoundAnswer {
  AnswerMark mark = AnswerMark::kNone;
  std::string text;  // as it stands there, outer $ and emphasis taken off
  std::vector<std::string> boxes;  // of a list of boxes, in order; else empty
};

// "box", "final answer", "answer", "bare"; kNone: "none".
absl::string_view AnswerMarkName(AnswerMark mark);

// The part in which an answer may stand: what follows the last </think>.
// Thinking that never ends holds no answer: nullopt.
std::optional<absl::string_view> AnswerPart(absl::string_view output);

// The last balanced \boxed{...} (or \fbox{...}) of the text; none: nullopt.
std::optional<std::string> ExtractBoxed(absl::string_view text);

// The last balanced box of the part in which an answer may stand.
std::optional<std::string> ExtractBoxedAnswer(absl::string_view output);

// The answer of a whole output or a bare one. Boxes with nothing between them
// but commas, "and" and "or" are one list: "\boxed{1} and \boxed{2}" gives
// "1,2". A box that is opened and never closed, with no other, is no answer.
FoundAnswer FindAnswer(absl::string_view output,
                       AnswerPlace place = AnswerPlace::kStated);

// The last "answer: X", "answer is X" or "answer $X$" of `text`, X to the end
// of its sentence or of the displayed formula that begins there. With
// `final_only` only behind the word "final"; what such a sentence says of
// something ("Final answer: The area is X") is X.
std::optional<std::string> StatedAnswer(absl::string_view text,
                                        bool final_only);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_EXTRACT_H_
