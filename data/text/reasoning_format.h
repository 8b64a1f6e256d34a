// The chat and reasoning format as one pure function and its inverse.
//
//   <|user|>QUESTION<|end|><|assistant|><think>
//   THOUGHT</think>ANSWER<|end|>
//
// The prompt ends with the open think tag (as R1's template does), so a
// trace's raw output starts inside the thought.
#ifndef LIMBECK_DATA_TEXT_REASONING_FORMAT_H_
#define LIMBECK_DATA_TEXT_REASONING_FORMAT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/records.pb.h"

namespace limbeck {

inline constexpr absl::string_view kSystemTag = "<|system|>";
inline constexpr absl::string_view kUserTag = "<|user|>";
inline constexpr absl::string_view kAssistantTag = "<|assistant|>";
inline constexpr absl::string_view kEndTag = "<|end|>";
inline constexpr absl::string_view kThinkOpenTag = "<think>";
inline constexpr absl::string_view kThinkCloseTag = "</think>";

// All tags, in a fixed order: a tokenizer for this format has each as one
// added token.
const std::vector<std::string>& ReasoningFormatTags();

// Messages as text. With add_generation_prompt the text ends in
// "<|assistant|><think>\n". Errors: no message, an unknown role, two
// consecutive messages of one role, a tag inside a message's content.
absl::StatusOr<std::string> RenderMessages(const std::vector<Message>& messages,
                                           bool add_generation_prompt);
// The inverse for text without generation prompt.
absl::StatusOr<std::vector<Message>> ParseMessages(absl::string_view text);

// The text that a model has to produce for a given thought and answer:
// THOUGHT</think>ANSWER (the end tag is a token of its own). Empty thought:
// "</think>ANSWER".
std::string RenderOutput(absl::string_view thought, absl::string_view answer);

// Where a prompt leaves the thought of the turn that it asks for.
enum class ThoughtState { kNotBegun, kOpen, kClosed };

// The end of a prompt that belongs to the turn: from the think tag on that
// nothing but blanks follows, "<think>\n" or "<think>\n\n</think>\n\n".
absl::string_view TurnPrefix(absl::string_view prompt);
ThoughtState ThoughtStateAfter(absl::string_view prompt);

// How an output splits into thought and answer, as byte offsets into it.
struct OutputParts {
  bool well_formed = false;        // exactly one close tag, no second open tag
  std::string problem;             // why it is not well formed
  bool has_thought = true;         // false: all of it is answer
  bool repaired_open_tag = false;  // the output repeats the prompt's <think>
  Span think;                      // meaningful when well_formed
  Span answer;                     // text after the close tag, end tag cut off
};
// Never fails: every byte string has parts. The answer is looked for only
// after the last close tag.
OutputParts SplitOutput(absl::string_view raw_output);
// The same after another prompt: a closed thought leaves only the answer; one
// not begun is the output's own, which may do without.
OutputParts SplitOutput(absl::string_view raw_output, ThoughtState state);

// The chat template as Jinja text, written into tokenizer_config.json.
absl::string_view ReasoningChatTemplate();
// SHA-256 (hex) of the template text.
std::string ReasoningFormatFingerprint();

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_REASONING_FORMAT_H_
