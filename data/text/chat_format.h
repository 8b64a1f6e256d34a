// How conversations become the text that a model reads: by the chat template
// that ships with its tokenizer, or by the built-in reasoning format where
// there is none. The one place for generation, evaluation, training and the
// filters.
#ifndef LIMBECK_DATA_TEXT_CHAT_FORMAT_H_
#define LIMBECK_DATA_TEXT_CHAT_FORMAT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "data/records.pb.h"
#include "data/text/added_tokens.h"
#include "data/text/chat_options.pb.h"
#include "data/text/chat_template.h"
#include "data/text/tokenizer.h"

namespace limbeck {

struct ChatPrompt {
  std::string text;
  std::string turn_prefix;  // Trace.turn_prefix
};

// Immutable and thread-safe.
class ChatFormat {
 public:
  // The built-in reasoning format.
  static ChatFormat BuiltIn();
  // That of a tokenizer's folder: its chat template; without one the built-in
  // format, if the vocabulary has its tags.
  static absl::StatusOr<ChatFormat> Load(const std::string& directory,
                                         const ChatOptions& options);

  bool is_built_in() const { return is_built_in_; }
  const ChatTemplate& chat_template() const { return template_; }
  const ChatOptions& options() const { return options_; }

  // A conversation: {"messages": [{"role", "content"}...]} and whatever else
  // the template reads. Members of the name of a chat option go before the
  // options of the format.
  absl::StatusOr<std::string> Render(const Json& conversation,
                                     bool add_generation_prompt) const;

  // What a model has to continue. Errors beyond the template's: a control token
  // of the tokenizer inside a message, which would be read as one.
  absl::StatusOr<ChatPrompt> Prompt(const std::vector<Message>& messages) const;

  // The token that ends the assistant's turn: what the template writes behind
  // it, or the tokenizer's eos_token (or first end id) where that is no control
  // token.
  absl::StatusOr<int32_t> TurnEndId(const Tokenizer& tokenizer) const;

  // Whether a plain question can be written at all; the error names the folder
  // and what the template lacks.
  absl::Status Check(const std::string& directory) const;

  // SHA-256 (hex) of the template's text.
  std::string Fingerprint() const;

 private:
  ChatFormat(ChatTemplate chat_template, ChatOptions options, bool is_built_in);
  absl::Status ReadControlTokens(const std::string& directory);
  void AddControlTokens(const Json& entry);
  bool IsControlToken(absl::string_view text) const;
  absl::StatusOr<std::string> RenderWith(const ChatOptions& options,
                                         Json variables,
                                         const Json& messages) const;
  absl::Status CheckControlTokens(const std::vector<Message>& messages) const;
  std::string TextBehindTurn() const;

  ChatTemplate template_;
  ChatOptions options_;
  bool is_built_in_;
  Json tokens_ = Json::Object();  // bos_token and its kin
  std::vector<std::string> control_tokens_;
  AddedTokenMatcher control_matcher_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_CHAT_FORMAT_H_
