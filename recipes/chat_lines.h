// Chat messages of a filter's line, and the template that renders them.
#ifndef LIMBECK_RECIPES_CHAT_LINES_H_
#define LIMBECK_RECIPES_CHAT_LINES_H_

#include <string>

#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "data/text/chat_template.h"

namespace limbeck {

struct ChatOptions {
  std::string template_name;  // of several; empty: "default"
  std::string date;           // "YYYY-MM-DD", for templates that ask for today
};

// The chat template of a tokenizer's folder.
class ChatLines {
 public:
  // What is wrong with the template is every line's error.
  ChatLines(const std::string& directory, const ChatOptions& options);

  // {"messages": [...], ...}: every member but "id" is a variable of the
  // template, beside bos_token and its kin. add_generation_prompt: where the
  // line does not say. "date" of a line goes before that of the options.
  absl::StatusOr<std::string> Render(const Json& line,
                                     bool add_generation_prompt) const;

 private:
  const ChatOptions options_;
  absl::StatusOr<ChatTemplate> template_;
  absl::StatusOr<Json> tokens_;
};

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_CHAT_LINES_H_
