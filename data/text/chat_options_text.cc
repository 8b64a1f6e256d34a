#include "data/text/chat_options_text.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/text/chat_messages.h"

namespace limbeck {
namespace {

// The member's text, if it is there.
absl::StatusOr<bool> FindText(const Json& line, absl::string_view name,
                              std::string* text) {
  if (line.Find(name) == nullptr) return false;
  LIMBECK_ASSIGN_OR_RETURN(*text, line.GetString(name));
  return true;
}

}  // namespace

absl::StatusOr<ChatOptions::ThinkTag> ThinkTagFromText(absl::string_view text) {
  if (text == "template") return ChatOptions::THINK_TAG_TEMPLATE;
  if (text == "open") return ChatOptions::THINK_TAG_OPEN;
  if (text == "strip") return ChatOptions::THINK_TAG_STRIP;
  return absl::InvalidArgumentError(absl::StrCat(
      "think_tag is '", text, "'; allowed: template, open, strip"));
}

absl::StatusOr<ChatOptions::EarlierThoughts> EarlierThoughtsFromText(
    absl::string_view text) {
  if (text == "template") return ChatOptions::EARLIER_THOUGHTS_TEMPLATE;
  if (text == "keep") return ChatOptions::EARLIER_THOUGHTS_KEEP;
  if (text == "drop") return ChatOptions::EARLIER_THOUGHTS_DROP;
  return absl::InvalidArgumentError(absl::StrCat(
      "earlier_thoughts is '", text, "'; allowed: template, keep, drop"));
}

absl::StatusOr<ChatOptions> ChatOptionsOfLine(const Json& line,
                                              ChatOptions options) {
  std::string text;
  LIMBECK_ASSIGN_OR_RETURN(bool found, FindText(line, "date", &text));
  if (found) options.set_date(text);
  LIMBECK_ASSIGN_OR_RETURN(found, FindText(line, "system_prompt", &text));
  if (found) options.set_system_prompt(text);
  LIMBECK_ASSIGN_OR_RETURN(found, FindText(line, "think_tag", &text));
  if (found) {
    LIMBECK_ASSIGN_OR_RETURN(const auto value, ThinkTagFromText(text));
    options.set_think_tag(value);
  }
  LIMBECK_ASSIGN_OR_RETURN(found, FindText(line, "earlier_thoughts", &text));
  if (found) {
    LIMBECK_ASSIGN_OR_RETURN(const auto value, EarlierThoughtsFromText(text));
    options.set_earlier_thoughts(value);
  }
  const Json* thinking = line.Find("enable_thinking");
  if (thinking != nullptr && !thinking->is_null()) {
    LIMBECK_ASSIGN_OR_RETURN(const bool value, line.GetBool("enable_thinking"));
    options.set_enable_thinking(value);
  }
  LIMBECK_RETURN_IF_ERROR(CheckChatOptions(options));
  return options;
}

}  // namespace limbeck
