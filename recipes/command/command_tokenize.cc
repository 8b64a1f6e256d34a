// limbeck tokenize: text to ids and back.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "data/base/status_macros.h"
#include "data/text/tokenizer.h"
#include "recipes/command/commands.h"
#include "recipes/console/jsonl_filter.h"
#include "recipes/run/artefact_path.h"

namespace limbeck {
namespace {

struct TokenizeArguments {
  std::string tokenizer;
  std::string input = "-";
  bool decode = false;
  bool special = false;
};

absl::StatusOr<Json> Encode(const Tokenizer& tokenizer, const Json& line,
                            bool special) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text, line.GetString("text"));
  LIMBECK_ASSIGN_OR_RETURN(
      const std::vector<int32_t> ids,
      special ? tokenizer.EncodeWithSpecial(text) : tokenizer.Encode(text));
  Json list = Json::Array();
  for (const int32_t id : ids) list.Push(id);
  Json out = Json::Object();
  out.Set("ids", std::move(list));
  return out;
}

absl::StatusOr<Json> Decode(const Tokenizer& tokenizer, const Json& line) {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, GetIds(line, "ids"));
  LIMBECK_ASSIGN_OR_RETURN(std::string text, tokenizer.Decode(ids));
  Json out = Json::Object();
  out.Set("text", std::move(text));  // the writer replaces what is no UTF-8
  return out;
}

absl::Status TokenizeCommand(const TokenizeArguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string folder,
                           FindTokenizerPath(arguments.tokenizer));
  LIMBECK_ASSIGN_OR_RETURN(const std::shared_ptr<const Tokenizer> tokenizer,
                           LoadTokenizer(folder));
  return RunLineFilter(arguments.input, [&](const Json& line) {
    return arguments.decode ? Decode(*tokenizer, line)
                            : Encode(*tokenizer, line, arguments.special);
  });
}

}  // namespace

void AddTokenizeCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<TokenizeArguments>();
  CLI::App* verb = AddVerb(
      app, "tokenize",
      "Filter: {\"text\"} -> {\"ids\"}, with --decode {\"ids\"} -> {\"text\"}",
      "echo '{\"text\": \"1 + 1\"}' | limbeck tokenize --tokenizer "
      "recipes/quickstart/teacher");
  verb->add_option("--tokenizer", arguments->tokenizer,
                   "Folder with tokenizer.json or tokenizer.model, or "
                   "WORKSPACE/STAGE")
      ->required();
  verb->add_flag("--decode", arguments->decode, "Ids to text");
  verb->add_flag("--special", arguments->special,
                 "Add what the post-processor adds (bos, eos)")
      ->excludes("--decode");
  verb->add_option("input", arguments->input, "JSONL file, - for stdin");
  verb->callback(
      [arguments, &result] { result = TokenizeCommand(*arguments); });
}

}  // namespace limbeck
