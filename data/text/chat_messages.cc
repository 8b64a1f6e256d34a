// Tags of earlier thoughts are hidden behind two noncharacters, which Unicode
// keeps for such inner uses: a template that cuts thoughts does not see them.
#include "data/text/chat_messages.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "data/base/status_macros.h"
#include "data/text/reasoning_format.h"

namespace limbeck {
namespace {

constexpr absl::string_view kHiddenOpenTag = "\xEF\xB7\x90";   // U+FDD0
constexpr absl::string_view kHiddenCloseTag = "\xEF\xB7\x91";  // U+FDD1

absl::Status Wrong(absl::string_view field, absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("ChatOptions.", field, " ", problem));
}

bool IsRole(const Json& message, absl::string_view role) {
  const Json* given = message.Find("role");
  return given != nullptr && given->is_string() && given->string() == role;
}

// {"content"} of an assistant's turn as the template shall see it.
absl::StatusOr<std::string> KeepThought(const std::string& content,
                                        const std::string& reasoning) {
  for (const absl::string_view hidden : {kHiddenOpenTag, kHiddenCloseTag}) {
    if (absl::StrContains(content, hidden) ||
        absl::StrContains(reasoning, hidden)) {
      return absl::InvalidArgumentError(
          "holds U+FDD0 or U+FDD1, which stand for the think tags of thoughts "
          "that are kept");
    }
  }
  const std::string whole =
      reasoning.empty() ? content
                        : absl::StrCat(kThinkOpenTag, "\n", reasoning, "\n",
                                       kThinkCloseTag, "\n\n", content);
  return absl::StrReplaceAll(whole, {{kThinkOpenTag, kHiddenOpenTag},
                                     {kThinkCloseTag, kHiddenCloseTag}});
}

std::string DropThought(absl::string_view content) {
  const size_t close = content.rfind(kThinkCloseTag);
  if (close == content.npos) return std::string(content);
  content.remove_prefix(close + kThinkCloseTag.size());
  content.remove_prefix(
      std::min(content.find_first_not_of('\n'), content.size()));
  return std::string(content);
}

absl::StatusOr<Json> WithThought(const Json& message,
                                 ChatOptions::EarlierThoughts wanted) {
  const Json* content = message.Find("content");
  if (content == nullptr || !content->is_string()) return message;
  Json changed = Json::Object();
  for (const JsonMember& member : message.object()) {
    if (member.first != "reasoning_content") {
      changed.Set(member.first, member.second);
    }
  }
  if (wanted == ChatOptions::EARLIER_THOUGHTS_DROP) {
    changed.Set("content", DropThought(content->string()));
    return changed;
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string reasoning,
                           message.GetString("reasoning_content", ""));
  LIMBECK_ASSIGN_OR_RETURN(std::string kept,
                           KeepThought(content->string(), reasoning));
  changed.Set("content", std::move(kept));
  return changed;
}

absl::Status ChangeEarlierThoughts(ChatOptions::EarlierThoughts wanted,
                                   JsonArray& messages) {
  bool is_earlier = false;
  for (size_t i = messages.size(); i-- > 0;) {
    if (IsRole(messages[i], "user")) is_earlier = true;
    if (!is_earlier || !IsRole(messages[i], "assistant")) continue;
    absl::StatusOr<Json> changed = WithThought(messages[i], wanted);
    if (!changed.ok()) {
      return absl::Status(
          changed.status().code(),
          absl::StrCat("messages[", i, "] ", changed.status().message()));
    }
    messages[i] = *std::move(changed);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckChatOptions(const ChatOptions& options) {
  if (options.has_think_tag() &&
      (options.think_tag() == ChatOptions::THINK_TAG_UNSPECIFIED ||
       !ChatOptions::ThinkTag_IsValid(options.think_tag()))) {
    return Wrong("think_tag", absl::StrCat("is ", options.think_tag(),
                                           "; allowed: THINK_TAG_TEMPLATE, "
                                           "THINK_TAG_OPEN, THINK_TAG_STRIP"));
  }
  if (options.has_earlier_thoughts() &&
      (options.earlier_thoughts() ==
           ChatOptions::EARLIER_THOUGHTS_UNSPECIFIED ||
       !ChatOptions::EarlierThoughts_IsValid(options.earlier_thoughts()))) {
    return Wrong("earlier_thoughts",
                 absl::StrCat("is ", options.earlier_thoughts(),
                              "; allowed: EARLIER_THOUGHTS_TEMPLATE, "
                              "EARLIER_THOUGHTS_KEEP, EARLIER_THOUGHTS_DROP"));
  }
  absl::CivilDay day;
  if (options.has_date() && (options.date().size() != 10 ||
                             !absl::ParseCivilTime(options.date(), &day))) {
    return Wrong("date", absl::StrCat("is '", options.date(),
                                      "', which is no day such as 2024-07-26"));
  }
  if (options.has_enable_thinking() && !options.enable_thinking() &&
      options.think_tag() == ChatOptions::THINK_TAG_OPEN) {
    return Wrong("think_tag",
                 "opens the thought that enable_thinking: false leaves out");
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> PrepareMessages(const Json& messages,
                                     const ChatOptions& options) {
  JsonArray prepared = messages.array();
  const bool drops =
      options.earlier_thoughts() == ChatOptions::EARLIER_THOUGHTS_DROP;
  if (drops ||
      options.earlier_thoughts() == ChatOptions::EARLIER_THOUGHTS_KEEP) {
    LIMBECK_RETURN_IF_ERROR(
        ChangeEarlierThoughts(options.earlier_thoughts(), prepared));
  }
  if (options.has_system_prompt() && !prepared.empty() &&
      !IsRole(prepared[0], "system") && !IsRole(prepared[0], "developer")) {
    Json system = Json::Object();
    system.Set("role", "system");
    system.Set("content", options.system_prompt());
    prepared.insert(prepared.begin(), std::move(system));
  }
  return Json(std::move(prepared));
}

std::string RestoreThoughtTags(std::string text) {
  absl::StrReplaceAll(
      {{kHiddenOpenTag, kThinkOpenTag}, {kHiddenCloseTag, kThinkCloseTag}},
      &text);
  return text;
}

absl::StatusOr<std::string> ApplyThinkTag(std::string prompt,
                                          const ChatOptions& options) {
  const ThoughtState state = ThoughtStateAfter(prompt);
  if (options.think_tag() == ChatOptions::THINK_TAG_STRIP &&
      state == ThoughtState::kOpen) {
    prompt.resize(prompt.size() - TurnPrefix(prompt).size());
  }
  if (options.think_tag() != ChatOptions::THINK_TAG_OPEN ||
      state == ThoughtState::kOpen) {
    return prompt;
  }
  if (state == ThoughtState::kClosed) {
    return absl::InvalidArgumentError(absl::StrCat(
        "think_tag is to open the thought, but the template closes it: the "
        "prompt ends with ",
        TurnPrefix(prompt)));
  }
  absl::StrAppend(&prompt, kThinkOpenTag, "\n");
  return prompt;
}

}  // namespace limbeck
