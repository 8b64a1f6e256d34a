#include "recipes/chat_lines.h"

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"

namespace limbeck {

ChatLines::ChatLines(const std::string& directory, const ChatOptions& options)
    : options_(options),
      template_(LoadChatTemplate(directory, options.template_name)),
      tokens_(TemplateTokens(directory)) {}

absl::StatusOr<std::string> ChatLines::Render(
    const Json& line, bool add_generation_prompt) const {
  LIMBECK_RETURN_IF_ERROR(template_.status());
  LIMBECK_RETURN_IF_ERROR(tokens_.status());
  const Json* messages = line.Find("messages");
  if (messages == nullptr || !messages->is_array()) {
    return absl::InvalidArgumentError(
        "\"messages\" is missing or no array of {\"role\", \"content\"}");
  }
  for (size_t i = 0; i < messages->array().size(); ++i) {
    const absl::StatusOr<std::string> role =
        messages->array()[i].GetString("role");
    if (role.ok()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("messages[", i, "]: ", role.status().message()));
  }
  Json variables = *tokens_;
  variables.Set("add_generation_prompt", add_generation_prompt);
  for (const JsonMember& member : line.object()) {
    if (member.first != "id" && member.first != "date") {
      variables.Set(member.first, member.second);
    }
  }
  LIMBECK_RETURN_IF_ERROR(line.GetBool("add_generation_prompt", true).status());
  LIMBECK_ASSIGN_OR_RETURN(const std::string date,
                           line.GetString("date", options_.date));
  return template_->Render(variables, date);
}

}  // namespace limbeck
