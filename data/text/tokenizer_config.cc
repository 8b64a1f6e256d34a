// Reads the two small JSON files beside a vocabulary.
#include "data/text/tokenizer_config.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxConfigBytes = uint64_t{64} << 20;

absl::Status Annotate(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(path, ": ", status.message()));
}

// "eos_token": "</s>", {"content": "</s>", ...}, null or absent.
absl::StatusOr<std::string> TokenText(const Json& config,
                                      absl::string_view key) {
  const Json* value = config.Find(key);
  if (value == nullptr || value->is_null()) return std::string();
  if (value->is_string()) return value->string();
  if (value->is_object()) return value->GetString("content");
  return absl::InvalidArgumentError(
      absl::StrCat(key, " is neither a text nor an object"));
}

absl::Status ReadMain(const Json& json, TokenizerConfig* config) {
  LIMBECK_ASSIGN_OR_RETURN(config->bos_token, TokenText(json, "bos_token"));
  LIMBECK_ASSIGN_OR_RETURN(config->eos_token, TokenText(json, "eos_token"));
  LIMBECK_ASSIGN_OR_RETURN(config->add_bos_token,
                           json.GetBool("add_bos_token", false));
  LIMBECK_ASSIGN_OR_RETURN(config->add_eos_token,
                           json.GetBool("add_eos_token", false));
  return absl::OkStatus();
}

absl::Status ReadEndId(const Json& id, TokenizerConfig* config) {
  if (id.kind() != Json::Kind::kInt || id.integer() < 0 ||
      id.integer() > INT32_MAX) {
    return absl::InvalidArgumentError(
        absl::StrCat("eos_token_id holds ", WriteJson(id), ", not an id"));
  }
  config->generation_end_ids.push_back(static_cast<int32_t>(id.integer()));
  return absl::OkStatus();
}

absl::Status ReadGeneration(const Json& json, TokenizerConfig* config) {
  const Json* ids = json.Find("eos_token_id");
  if (ids == nullptr || ids->is_null()) return absl::OkStatus();
  if (!ids->is_array()) return ReadEndId(*ids, config);
  for (const Json& id : ids->array()) {
    LIMBECK_RETURN_IF_ERROR(ReadEndId(id, config));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Json> ReadConfigObject(const std::string& path) {
  if (!FileExists(path)) return Json::Object();
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxConfigBytes));
  absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) return Annotate(path, json.status());
  if (!json->is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": expected an object, found ", JsonKindName(json->kind())));
  }
  return json;
}

absl::StatusOr<TokenizerConfig> ReadTokenizerConfig(
    const std::string& directory) {
  TokenizerConfig config;
  const std::string main_path = JoinPath(directory, "tokenizer_config.json");
  LIMBECK_ASSIGN_OR_RETURN(const Json main, ReadConfigObject(main_path));
  if (absl::Status status = ReadMain(main, &config); !status.ok()) {
    return Annotate(main_path, status);
  }
  const std::string generation_path =
      JoinPath(directory, "generation_config.json");
  LIMBECK_ASSIGN_OR_RETURN(const Json generation,
                           ReadConfigObject(generation_path));
  if (absl::Status status = ReadGeneration(generation, &config); !status.ok()) {
    return Annotate(generation_path, status);
  }
  return config;
}

std::vector<std::string> ListTokenizerFiles(const std::string& directory) {
  std::vector<std::string> found;
  for (const char* name :
       {"tokenizer.json", "tokenizer.model", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
        "chat_template.json", "vocab.json", "merges.txt"}) {
    if (FileExists(JoinPath(directory, name))) found.push_back(name);
  }
  const std::string more = "additional_chat_templates";
  for (const std::string& folder : {std::string(), more}) {
    const auto names = ListDirectory(JoinPath(directory, folder));
    if (!names.ok()) continue;
    for (const std::string& name : *names) {
      if (!absl::EndsWith(name, folder.empty() ? ".tiktoken" : ".jinja")) {
        continue;
      }
      found.push_back(folder.empty() ? name : JoinPath(folder, name));
    }
  }
  return found;
}

}  // namespace limbeck
