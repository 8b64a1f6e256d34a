// tokenizer.model and its two companions, as LlamaTokenizer expects them.
#include "data/text/tokenizer_folder.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/text/reasoning_format.h"
#include "data/text/sentencepiece_tokenizer.h"
#include "data/text/tiktoken_file.h"
#include "data/text/tokenizer.h"
#include "data/text/tokenizer_config.h"
#include "data/text/tokenizer_json.h"

namespace limbeck {
namespace {

constexpr absl::string_view kUnknownPiece = "<unk>";
constexpr uint64_t kMaxTokenizerBytes = uint64_t{512} << 20;

Json AddedToken(absl::string_view content) {
  Json token = Json::Object();
  token.Set("content", content);
  for (absl::string_view flag :
       {"lstrip", "normalized", "rstrip", "single_word"}) {
    token.Set(flag, false);
  }
  token.Set("special", true);
  return token;
}

absl::StatusOr<Json> AddedTokens(const Tokenizer& tokenizer) {
  Json tokens = Json::Object();
  if (tokenizer.IdOf(kUnknownPiece) >= 0) {
    tokens.Set(absl::StrCat(tokenizer.IdOf(kUnknownPiece)),
               AddedToken(kUnknownPiece));
  }
  for (const std::string& tag : ReasoningFormatTags()) {
    const int32_t id = tokenizer.IdOf(tag);
    if (id < 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the tag ", tag, " is no piece of this vocabulary of ",
          tokenizer.vocab_size(), " pieces: train with DefaultUserSymbols()"));
    }
    tokens.Set(absl::StrCat(id), AddedToken(tag));
  }
  return tokens;
}

Json Config(Json added_tokens) {
  Json config = Json::Object();
  config.Set("tokenizer_class", "LlamaTokenizer");
  config.Set("legacy", false);
  config.Set("add_bos_token", false);
  config.Set("add_eos_token", false);
  config.Set("add_prefix_space", false);
  config.Set("clean_up_tokenization_spaces", false);
  config.Set("spaces_between_special_tokens", false);
  config.Set("bos_token", nullptr);
  config.Set("eos_token", kEndTag);
  config.Set("pad_token", kEndTag);
  config.Set("unk_token", kUnknownPiece);
  config.Set("added_tokens_decoder", std::move(added_tokens));
  config.Set("chat_template", ReasoningChatTemplate());
  return config;
}

absl::Status WriteJsonFile(const std::string& directory, absl::string_view name,
                           const Json& json) {
  return WriteFileAtomically(JoinPath(directory, name),
                             absl::StrCat(WriteJsonIndented(json), "\n"));
}

// tokenizer.json, tokenizer.model or the only *.tiktoken, in this order.
absl::StatusOr<std::string> FindVocabulary(const std::string& directory) {
  for (const char* name : {"tokenizer.json", "tokenizer.model"}) {
    const std::string path = JoinPath(directory, name);
    if (FileExists(path)) return path;
  }
  std::vector<std::string> found;
  if (IsDirectory(directory)) {
    LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                             ListDirectory(directory));
    for (const std::string& name : names) {
      if (absl::EndsWith(name, ".tiktoken")) found.push_back(name);
    }
  }
  if (found.size() == 1) return JoinPath(directory, found[0]);
  return absl::NotFoundError(absl::StrCat(
      directory, " holds neither tokenizer.json nor tokenizer.model, and ",
      found.size(), " files *.tiktoken"));
}

}  // namespace

absl::Status WriteTokenizerFolder(absl::string_view model_bytes,
                                  const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const std::shared_ptr<const Tokenizer> tokenizer,
                           CreateSentencePieceTokenizer(model_bytes));
  LIMBECK_ASSIGN_OR_RETURN(Json added_tokens, AddedTokens(*tokenizer));
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(directory));
  LIMBECK_RETURN_IF_ERROR(
      WriteFileAtomically(JoinPath(directory, "tokenizer.model"), model_bytes));
  LIMBECK_RETURN_IF_ERROR(WriteJsonFile(directory, "tokenizer_config.json",
                                        Config(std::move(added_tokens))));
  Json special = Json::Object();
  special.Set("eos_token", kEndTag);
  special.Set("pad_token", kEndTag);
  special.Set("unk_token", kUnknownPiece);
  return WriteJsonFile(directory, "special_tokens_map.json", special);
}

absl::StatusOr<std::shared_ptr<const Tokenizer>> LoadTokenizer(
    const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const TokenizerConfig config,
                           ReadTokenizerConfig(directory));
  LIMBECK_ASSIGN_OR_RETURN(const std::string path, FindVocabulary(directory));
  LIMBECK_ASSIGN_OR_RETURN(const std::string bytes,
                           ReadFile(path, kMaxTokenizerBytes));
  const std::vector<std::string> files = ListTokenizerFiles(directory);
  const auto create =
      [&]() -> absl::StatusOr<std::shared_ptr<const Tokenizer>> {
    if (absl::EndsWith(path, ".json")) {
      return ParseTokenizerJson(bytes, config, files);
    }
    if (absl::EndsWith(path, ".model") && !LooksLikeTiktoken(bytes)) {
      return CreateSentencePieceTokenizer(bytes, config, files);
    }
    LIMBECK_ASSIGN_OR_RETURN(
        const Json more,
        ReadConfigObject(JoinPath(directory, "tokenizer_config.json")));
    LIMBECK_ASSIGN_OR_RETURN(BpeDefinition definition,
                             ReadTiktoken(bytes, more));
    return CreateBpeTokenizer(std::move(definition), config, files);
  };
  auto tokenizer = create();
  if (tokenizer.ok()) return tokenizer;
  return absl::Status(tokenizer.status().code(),
                      absl::StrCat(path, ": ", tokenizer.status().message()));
}

}  // namespace limbeck
