// Names of the chat options' values on command lines and in lines of JSON.
#ifndef LIMBECK_DATA_TEXT_CHAT_OPTIONS_TEXT_H_
#define LIMBECK_DATA_TEXT_CHAT_OPTIONS_TEXT_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/text/chat_options.pb.h"

namespace limbeck {

// "template", "open" or "strip".
absl::StatusOr<ChatOptions::ThinkTag> ThinkTagFromText(absl::string_view text);
// "template", "keep" or "drop".
absl::StatusOr<ChatOptions::EarlierThoughts> EarlierThoughtsFromText(
    absl::string_view text);

// The members of a line that are named as chat options, over `options`. Errors
// name the member.
absl::StatusOr<ChatOptions> ChatOptionsOfLine(const Json& line,
                                              ChatOptions options);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_CHAT_OPTIONS_TEXT_H_
