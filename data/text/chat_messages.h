// What the chat options change in a conversation before a template sees it,
// and in the text that the template makes of it.
#ifndef LIMBECK_DATA_TEXT_CHAT_MESSAGES_H_
#define LIMBECK_DATA_TEXT_CHAT_MESSAGES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "data/text/chat_options.pb.h"

namespace limbeck {

// Unspecified enumerators, dates that are none, and options that contradict
// each other are errors that name the field.
absl::Status CheckChatOptions(const ChatOptions& options);

// Messages ({"role", "content", ...}) with the system prompt and the earlier
// thoughts that the options ask for. Thoughts that stay have their tags hidden
// from the template; RestoreThoughtTags brings them back.
absl::StatusOr<Json> PrepareMessages(const Json& messages,
                                     const ChatOptions& options);
std::string RestoreThoughtTags(std::string text);

// The prompt with the think tag at its end that the options ask for. Error: an
// open tag behind a thought that the template has closed.
absl::StatusOr<std::string> ApplyThinkTag(std::string prompt,
                                          const ChatOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_CHAT_MESSAGES_H_
