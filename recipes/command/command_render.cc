// limbeck render: chat messages to the text that a model reads.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>

#include "data/base/status_macros.h"
#include "recipes/command/chat_lines.h"
#include "recipes/command/commands.h"
#include "recipes/console/jsonl_filter.h"
#include "recipes/run/artefact_path.h"

namespace limbeck {
namespace {

struct RenderArguments {
  std::string tokenizer;
  std::string input = "-";
  ChatOptions chat;
};

absl::Status RenderCommand(const RenderArguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string folder,
                           FindTokenizerPath(arguments.tokenizer));
  const ChatLines chat(folder, arguments.chat);
  return RunLineFilter(
      arguments.input, [&](const Json& line) -> absl::StatusOr<Json> {
        LIMBECK_ASSIGN_OR_RETURN(
            std::string text,
            chat.Render(line, /*add_generation_prompt=*/false));
        Json out = Json::Object();
        out.Set("text", std::move(text));
        return out;
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
  AddChatFlags(*verb, arguments->chat);
  verb->add_option("input", arguments->input, "JSONL file, - for stdin");
  verb->callback([arguments, &result] { result = RenderCommand(*arguments); });
}

}  // namespace limbeck
