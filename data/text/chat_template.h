// The chat template that ships with a tokenizer: messages to the text that a
// model reads.
#ifndef LIMBECK_DATA_TEXT_CHAT_TEMPLATE_H_
#define LIMBECK_DATA_TEXT_CHAT_TEMPLATE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"

namespace limbeck {

// Runs the subset of Jinja that the templates of the model families use, as
// transformers drives jinja2: trim_blocks, lstrip_blocks, its tojson, break and
// continue, generation blocks. Immutable and thread-safe; steps, output and
// depth are bounded.
class ChatTemplate {
 public:
  // Errors name the line; constructs outside the subset are refused by name.
  static absl::StatusOr<ChatTemplate> Parse(std::string text);

  // Variables: an object such as {"messages": [...], "add_generation_prompt":
  // true, "bos_token": "<s>"}. date: "YYYY-MM-DD" where the template asks for
  // today's. Errors: what the template raises, its message alone (Aborted);
  // others with the line.
  absl::StatusOr<std::string> Render(const Json& variables,
                                     const std::string& date) const;

  const std::string& text() const { return text_; }

 private:
  struct Tree;
  ChatTemplate() = default;
  std::string text_;
  std::shared_ptr<const Tree> tree_;
};

// The template `name` ("default" if empty) of a tokenizer's folder:
// chat_template.jinja and additional_chat_templates/NAME.jinja, else the entry
// of tokenizer_config.json or chat_template.json (a text, or a list of named
// ones). NotFound where the folder has no template at all.
absl::StatusOr<ChatTemplate> LoadChatTemplate(const std::string& directory,
                                              absl::string_view name);

// What transformers hands to every template besides the messages: bos_token,
// eos_token, pad_token, unk_token and the other named tokens that
// tokenizer_config.json (and special_tokens_map.json) give.
absl::StatusOr<Json> TemplateTokens(const std::string& directory);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_CHAT_TEMPLATE_H_
