#include "recipes/chat_lines.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/text/reasoning_format.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxTemplateFileBytes = uint64_t{16} << 20;
constexpr size_t kShownTemplateBytes = 60;

absl::StatusOr<Role> ParseRole(const std::string& name) {
  if (name == "system") return ROLE_SYSTEM;
  if (name == "user") return ROLE_USER;
  if (name == "assistant") return ROLE_ASSISTANT;
  return absl::InvalidArgumentError(absl::StrCat(
      "role is '", name, "', known are system, user and assistant"));
}

absl::StatusOr<Message> GetMessage(const Json& item) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string role, item.GetString("role"));
  Message message;
  LIMBECK_ASSIGN_OR_RETURN(const Role parsed, ParseRole(role));
  message.set_role(parsed);
  LIMBECK_ASSIGN_OR_RETURN(*message.mutable_content(),
                           item.GetString("content"));
  return message;
}

struct ChatTemplate {
  std::string file;
  std::string text;  // empty: the folder has none
};

absl::StatusOr<ChatTemplate> ReadChatTemplate(const std::string& directory) {
  ChatTemplate found;
  found.file = JoinPath(directory, "chat_template.jinja");
  if (FileExists(found.file)) {
    LIMBECK_ASSIGN_OR_RETURN(found.text,
                             ReadFile(found.file, kMaxTemplateFileBytes));
    return found;
  }
  found.file = JoinPath(directory, "tokenizer_config.json");
  if (!FileExists(found.file)) return found;
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(found.file, kMaxTemplateFileBytes));
  LIMBECK_ASSIGN_OR_RETURN(const Json config, ParseJson(text));
  const Json* value = config.Find("chat_template");
  if (value == nullptr || value->is_null()) return found;
  // Some folders have a list of named templates.
  found.text = value->is_string() ? value->string() : WriteJson(*value);
  return found;
}

}  // namespace

absl::StatusOr<std::vector<Message>> GetMessages(const Json& line) {
  const Json* list = line.Find("messages");
  if (list == nullptr || !list->is_array()) {
    return absl::InvalidArgumentError(
        "\"messages\" is missing or no array of {\"role\", \"content\"}");
  }
  std::vector<Message> messages;
  for (const Json& item : list->array()) {
    absl::StatusOr<Message> message = GetMessage(item);
    if (!message.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "messages[", messages.size(), "]: ", message.status().message()));
    }
    messages.push_back(*std::move(message));
  }
  return messages;
}

absl::Status CheckChatTemplate(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const ChatTemplate found,
                           ReadChatTemplate(directory));
  if (found.text.empty()) {
    return absl::NotFoundError(
        absl::StrCat("neither ", directory, "/chat_template.jinja nor ",
                     found.file, " has a chat template"));
  }
  if (absl::StripSuffix(found.text, "\n") ==
      absl::StripSuffix(ReasoningChatTemplate(), "\n")) {
    return absl::OkStatus();
  }
  return absl::UnimplementedError(absl::StrCat(
      found.file, " has a chat template that is not the reasoning format: \"",
      found.text.substr(0, kShownTemplateBytes), "...\""));
}

}  // namespace limbeck
