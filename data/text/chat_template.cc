// Files of a tokenizer's folder, and the interpreter behind them.
#include "data/text/chat_template.h"

#include <optional>
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
constexpr absl::string_view kDefaultName = "default";
constexpr absl::string_view kMoreTemplates = "additional_chat_templates";

// A text and the file that it stands in.
struct TemplateText {
  std::string text;
  std::string where;
};

absl::Status AtFile(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(path, ": ", status.message()));
}

absl::Status NoSuchTemplate(absl::string_view name, absl::string_view known) {
  return absl::InvalidArgumentError(
      absl::StrCat("no chat template '", name, "', known are ", known));
}

// [{"name": "default", "template": "..."}, ...]
absl::StatusOr<std::string> NamedTemplate(const Json& list,
                                          absl::string_view name) {
  std::string known;
  for (const Json& entry : list.array()) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string found, entry.GetString("name"));
    if (found == name) return entry.GetString("template");
    absl::StrAppend(&known, known.empty() ? "" : ", ", found);
  }
  return NoSuchTemplate(name, known);
}

// A text, a list of named ones, or nothing.
absl::StatusOr<std::optional<std::string>> TemplateOfConfig(
    const Json& config, absl::string_view name) {
  const Json* entry = config.Find("chat_template");
  if (entry == nullptr || entry->is_null()) return std::nullopt;
  if (entry->is_array()) {
    LIMBECK_ASSIGN_OR_RETURN(std::string text, NamedTemplate(*entry, name));
    return text;
  }
  if (name != kDefaultName) return NoSuchTemplate(name, kDefaultName);
  LIMBECK_ASSIGN_OR_RETURN(std::string text, config.GetString("chat_template"));
  return text;
}

// As transformers saves several: chat_template.jinja is the default, others are
// additional_chat_templates/NAME.jinja.
absl::StatusOr<std::optional<TemplateText>> TemplateFile(
    const std::string& directory, absl::string_view name) {
  const std::string default_path = JoinPath(directory, "chat_template.jinja");
  if (!FileExists(default_path)) return std::nullopt;
  TemplateText found;
  found.where = default_path;
  if (name != kDefaultName) {
    const std::string folder = JoinPath(directory, kMoreTemplates);
    found.where = JoinPath(folder, absl::StrCat(name, ".jinja"));
    // The name comes from outside: it stays inside the folder.
    if (absl::StrContains(name, '/') || !FileExists(found.where)) {
      return AtFile(folder, NoSuchTemplate(name, kDefaultName));
    }
  }
  LIMBECK_ASSIGN_OR_RETURN(found.text,
                           ReadFile(found.where, kMaxTemplateBytes));
  return found;
}

absl::StatusOr<TemplateText> FindTemplate(const std::string& directory,
                                          absl::string_view name) {
  LIMBECK_ASSIGN_OR_RETURN(std::optional<TemplateText> file,
                           TemplateFile(directory, name));
  if (file.has_value()) return *std::move(file);
  for (const char* config_name :
       {"tokenizer_config.json", "chat_template.json"}) {
    TemplateText found;
    found.where = JoinPath(directory, config_name);
    LIMBECK_ASSIGN_OR_RETURN(const Json config, ReadConfigObject(found.where));
    absl::StatusOr<std::optional<std::string>> text =
        TemplateOfConfig(config, name);
    if (!text.ok()) return AtFile(found.where, text.status());
    if (!text->has_value()) continue;
    found.text = **std::move(text);
    return found;
  }
  return absl::NotFoundError(
      absl::StrCat(directory,
                   " has no chat template: neither "
                   "chat_template.jinja nor an entry of tokenizer_config.json "
                   "or chat_template.json"));
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
  LIMBECK_ASSIGN_OR_RETURN(
      TemplateText found,
      FindTemplate(directory, name.empty() ? kDefaultName : name));
  absl::StatusOr<ChatTemplate> parsed =
      ChatTemplate::Parse(std::move(found.text));
  if (parsed.ok()) return parsed;
  return absl::Status(parsed.status().code(),
                      absl::StrCat(found.where, ": chat template, ",
                                   parsed.status().message()));
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
