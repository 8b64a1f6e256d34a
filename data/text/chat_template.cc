// Files of a tokenizer's folder, and the interpreter behind them.
#include "data/text/chat_template.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/text/jinja/interpreter.h"
#include "data/text/jinja/parser.h"
#include "data/text/tokenizer_config.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxTemplateBytes = uint64_t{16} << 20;

// [{"name": "default", "template": "..."}, ...]
absl::StatusOr<std::string> NamedTemplate(const Json& list,
                                          absl::string_view name) {
  std::string known;
  for (const Json& entry : list.array()) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string found, entry.GetString("name"));
    if (found == name) return entry.GetString("template");
    absl::StrAppend(&known, known.empty() ? "" : ", ", found);
  }
  return absl::NotFoundError(
      absl::StrCat("no chat template '", name, "', known are ", known));
}

}  // namespace

struct ChatTemplate::Tree {
  jinja::Block block;
};

absl::StatusOr<ChatTemplate> ChatTemplate::Parse(std::string text) {
  auto tree = std::make_shared<Tree>();
  LIMBECK_ASSIGN_OR_RETURN(tree->block, jinja::ParseTemplate(text));
  ChatTemplate result;
  result.text_ = std::move(text);
  result.tree_ = std::move(tree);
  return result;
}

absl::StatusOr<std::string> ChatTemplate::Render(
    const Json& variables, const std::string& date) const {
  jinja::RenderOptions options;
  options.date = date;
  jinja::Dict dict;
  for (const JsonMember& member : variables.object()) {
    dict.emplace_back(member.first, jinja::Value::FromJson(member.second));
  }
  return jinja::Run(tree_->block, dict, options);
}

absl::StatusOr<ChatTemplate> LoadChatTemplate(const std::string& directory,
                                              absl::string_view name) {
  const std::string file = JoinPath(directory, "chat_template.jinja");
  const std::string config_file = JoinPath(directory, "tokenizer_config.json");
  std::string where = file;
  std::string text;
  if (FileExists(file)) {
    LIMBECK_ASSIGN_OR_RETURN(text, ReadFile(file, kMaxTemplateBytes));
  } else {
    where = config_file;
    LIMBECK_ASSIGN_OR_RETURN(const Json config, ReadConfigObject(config_file));
    const Json* entry = config.Find("chat_template");
    if (entry == nullptr || entry->is_null()) {
      return absl::NotFoundError(absl::StrCat(
          "neither ", file, " nor ", config_file, " has a chat template"));
    }
    if (entry->is_array()) {
      LIMBECK_ASSIGN_OR_RETURN(
          text, NamedTemplate(*entry, name.empty() ? "default" : name));
    } else {
      LIMBECK_ASSIGN_OR_RETURN(text, config.GetString("chat_template"));
    }
  }
  absl::StatusOr<ChatTemplate> parsed = ChatTemplate::Parse(std::move(text));
  if (parsed.ok()) return parsed;
  return absl::Status(
      parsed.status().code(),
      absl::StrCat(where, ": chat template, ", parsed.status().message()));
}

absl::StatusOr<Json> TemplateTokens(const std::string& directory) {
  Json tokens = Json::Object();
  for (const char* name :
       {"special_tokens_map.json", "tokenizer_config.json"}) {
    LIMBECK_ASSIGN_OR_RETURN(const Json config,
                             ReadConfigObject(JoinPath(directory, name)));
    for (const JsonMember& member : config.object()) {
      if (!absl::EndsWith(member.first, "_token")) continue;
      const Json* content = member.second.Find("content");
      const Json& value = content != nullptr ? *content : member.second;
      if (value.is_string()) tokens.Set(member.first, value);
    }
  }
  return tokens;
}

}  // namespace limbeck
