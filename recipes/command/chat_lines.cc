#include "recipes/command/chat_lines.h"

#include <CLI/CLI.hpp>
#include <map>

#include "data/base/status_macros.h"

namespace limbeck {

void AddChatFlags(CLI::App& verb, ChatOptions& options) {
  const auto add_text = [&](const char* name, const char* help, auto set) {
    verb.add_option_function<std::string>(
        name, [&options, set](const std::string& text) { set(options, text); },
        help);
  };
  add_text("--template_name", "Of several named templates; default \"default\"",
           [](ChatOptions& to, const std::string& text) {
             to.set_template_name(text);
           });
  add_text("--date",
           "Today, YYYY-MM-DD, for templates that print it; default: the "
           "template's own",
           [](ChatOptions& to, const std::string& text) { to.set_date(text); });
  add_text("--system_prompt",
           "For conversations without a system message; default: the "
           "template's own; empty: an empty one",
           [](ChatOptions& to, const std::string& text) {
             to.set_system_prompt(text);
           });
  verb.add_option_function<ChatOptions::ThinkTag>(
          "--think_tag",
          [&options](ChatOptions::ThinkTag tag) { options.set_think_tag(tag); },
          "Open think tag at the prompt's end: template (default), open, strip")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, ChatOptions::ThinkTag>{
              {"template", ChatOptions::THINK_TAG_TEMPLATE},
              {"open", ChatOptions::THINK_TAG_OPEN},
              {"strip", ChatOptions::THINK_TAG_STRIP}}));
  verb.add_option_function<ChatOptions::EarlierThoughts>(
          "--earlier_thoughts",
          [&options](ChatOptions::EarlierThoughts wanted) {
            options.set_earlier_thoughts(wanted);
          },
          "Thoughts of earlier turns: template (default), keep, drop")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, ChatOptions::EarlierThoughts>{
              {"template", ChatOptions::EARLIER_THOUGHTS_TEMPLATE},
              {"keep", ChatOptions::EARLIER_THOUGHTS_KEEP},
              {"drop", ChatOptions::EARLIER_THOUGHTS_DROP}}));
  verb.add_option_function<bool>(
      "--enable_thinking",
      [&options](const bool& value) { options.set_enable_thinking(value); },
      "true or false, for templates that ask; default: not told");
}

ChatLines::ChatLines(const std::string& directory, const ChatOptions& options)
    : directory_(directory),
      options_(options),
      format_(ChatFormat::Load(directory, options)) {}

absl::StatusOr<std::string> ChatLines::Render(
    const Json& line, bool add_generation_prompt) const {
  if (line.Find("template_name") != nullptr) {
    ChatOptions options = options_;
    LIMBECK_ASSIGN_OR_RETURN(*options.mutable_template_name(),
                             line.GetString("template_name"));
    LIMBECK_ASSIGN_OR_RETURN(const ChatFormat named,
                             ChatFormat::Load(directory_, options));
    return named.Render(line, add_generation_prompt);
  }
  LIMBECK_RETURN_IF_ERROR(format_.status());
  return format_->Render(line, add_generation_prompt);
}

}  // namespace limbeck
