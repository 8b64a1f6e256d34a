// limbeck render: chat messages to the text that a model reads.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "data/base/status_macros.h"
#include "data/text/reasoning_format.h"
#include "recipes/artefact_path.h"
#include "recipes/chat_lines.h"
#include "recipes/commands.h"
#include "recipes/jsonl_filter.h"

namespace limbeck {
namespace {

struct RenderArguments {
  std::string tokenizer;
  std::string input = "-";
};

absl::StatusOr<Json> Render(const absl::Status& chat_template,
                            const Json& line) {
  LIMBECK_RETURN_IF_ERROR(chat_template);
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<Message> messages,
                           GetMessages(line));
  LIMBECK_ASSIGN_OR_RETURN(const bool prompt,
                           line.GetBool("add_generation_prompt", false));
  LIMBECK_ASSIGN_OR_RETURN(std::string text, RenderMessages(messages, prompt));
  Json out = Json::Object();
  out.Set("text", std::move(text));
  return out;
}

absl::Status RenderCommand(const RenderArguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string folder,
                           FindTokenizerPath(arguments.tokenizer));
  // What is wrong with the template is every line's error.
  const absl::Status chat_template = CheckChatTemplate(folder);
  return RunLineFilter(arguments.input, [&](const Json& line) {
    return Render(chat_template, line);
  });
}

}  // namespace

void AddRenderCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<RenderArguments>();
  CLI::App* verb = AddVerb(
      app, "render",
      "Filter: {\"messages\", \"add_generation_prompt\"} -> {\"text\"}",
      "echo '{\"messages\": [{\"role\": \"user\", \"content\": \"1+1?\"}], "
      "\"add_generation_prompt\": true}' | limbeck render --tokenizer "
      "recipes/quickstart/teacher");
  verb->add_option("--tokenizer", arguments->tokenizer,
                   "Folder with tokenizer_config.json or chat_template.jinja")
      ->required();
  verb->add_option("input", arguments->input, "JSONL file, - for stdin");
  verb->callback([arguments, &result] { result = RenderCommand(*arguments); });
}

}  // namespace limbeck
