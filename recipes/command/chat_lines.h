// Chat messages of a filter's line, and the format that renders them.
#ifndef LIMBECK_RECIPES_COMMAND_CHAT_LINES_H_
#define LIMBECK_RECIPES_COMMAND_CHAT_LINES_H_

#include <string>

#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "data/text/chat_format.h"
#include "data/text/chat_options.pb.h"

namespace CLI {
class App;
}  // namespace CLI

namespace limbeck {

// --template_name, --think_tag, --earlier_thoughts, --date, --system_prompt and
// --enable_thinking of a verb. `options` must live as long as the verb.
void AddChatFlags(CLI::App& verb, ChatOptions& options);

// The chat format of a tokenizer's folder.
class ChatLines {
 public:
  // What is wrong with the template is every line's error.
  ChatLines(const std::string& directory, const ChatOptions& options);

  // {"messages": [...], ...}: members named as chat options go before those of
  // the flags, every other one but "id" is a variable of the template, beside
  // bos_token and its kin. add_generation_prompt: where the line does not say.
  absl::StatusOr<std::string> Render(const Json& line,
                                     bool add_generation_prompt) const;

 private:
  const std::string directory_;
  const ChatOptions options_;
  const absl::StatusOr<ChatFormat> format_;
};

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_COMMAND_CHAT_LINES_H_
