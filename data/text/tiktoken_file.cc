#include "data/text/tiktoken_file.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "data/base/status_macros.h"
#include "data/text/byte_alphabet.h"
#include "data/text/pipeline_parts.h"
#include "data/text/pre_tokenizer.h"

namespace limbeck {
namespace {

constexpr int32_t kMaxId = 1 << 24;
constexpr size_t kMaxTokenBytes = 1024;
constexpr absl::string_view kQwenClass = "QWenTokenizer";
// https://huggingface.co/Qwen/Qwen-7B/blob/main/tokenization_qwen.py: after
// <|endoftext|>, <|im_start|> and <|im_end|>.
constexpr int kQwenExtraTokens = 205;

using Ranks = absl::flat_hash_map<std::string, int32_t>;

struct Entry {
  std::string bytes;
  int32_t rank = -1;
};

absl::StatusOr<Entry> ReadLine(absl::string_view line) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(line, absl::MaxSplits(' ', 1));
  Entry entry;
  if (!absl::Base64Unescape(parts.first, &entry.bytes) || entry.bytes.empty() ||
      entry.bytes.size() > kMaxTokenBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("is no base64 of 1 to ", kMaxTokenBytes, " bytes"));
  }
  if (!absl::SimpleAtoi(parts.second, &entry.rank) || entry.rank < 0 ||
      entry.rank >= kMaxId) {
    return absl::InvalidArgumentError(
        absl::StrFormat("has the rank '%s', not in [0, %d)",
                        absl::CHexEscape(parts.second.substr(0, 20)), kMaxId));
  }
  return entry;
}

std::string Printable(absl::string_view bytes) {
  std::string text;
  for (const char byte : bytes)
    text += PrintableByte(static_cast<uint8_t>(byte));
  return text;
}

absl::Status AddEntry(Entry entry, Ranks* ranks, BpeDefinition* definition) {
  const auto place = static_cast<size_t>(entry.rank);
  if (place >= definition->tokens.size()) definition->tokens.resize(place + 1);
  if (!definition->tokens[place].empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("repeats the rank ", entry.rank));
  }
  definition->tokens[place] = Printable(entry.bytes);
  if (!ranks->emplace(std::move(entry.bytes), entry.rank).second) {
    return absl::InvalidArgumentError(
        absl::StrCat("repeats the token of another rank than ", entry.rank));
  }
  return absl::OkStatus();
}

absl::Status ReadLines(absl::string_view text, Ranks* ranks,
                       BpeDefinition* definition) {
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    absl::StatusOr<Entry> entry = ReadLine(line);
    const absl::Status status =
        entry.ok() ? AddEntry(*std::move(entry), ranks, definition)
                   : entry.status();
    if (!status.ok()) return AtPlace(absl::StrCat("line ", number), status);
  }
  definition->num_model_tokens = definition->tokens.size();
  return absl::OkStatus();
}

absl::Status FindBytes(const Ranks& ranks, BpeDefinition* definition) {
  for (size_t byte = 0; byte < 256; ++byte) {
    const auto found = ranks.find(std::string(1, static_cast<char>(byte)));
    if (found == ranks.end()) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "the %d tokens lack the byte 0x%02x: no text with it could be "
          "encoded",
          ranks.size(), byte));
    }
    definition->byte_ids[byte] = found->second;
  }
  return absl::OkStatus();
}

// Every pair of tokens that together are a token.
void FindMerges(const Ranks& ranks, BpeDefinition* definition) {
  for (const auto& [bytes, rank] : ranks) {
    const absl::string_view whole = bytes;
    for (size_t at = 1; at < whole.size(); ++at) {
      const auto left = ranks.find(whole.substr(0, at));
      if (left == ranks.end()) continue;
      const auto right = ranks.find(whole.substr(at));
      if (right == ranks.end()) continue;
      definition->merges.push_back({left->second, right->second, rank});
    }
  }
  std::sort(definition->merges.begin(), definition->merges.end(),
            [](const BpeDefinition::Merge& a, const BpeDefinition::Merge& b) {
              return std::tie(a.merged, a.left) < std::tie(b.merged, b.left);
            });
}

void AddSpecial(int32_t id, std::string content, BpeDefinition* definition) {
  AddedToken token;
  token.id = id;
  token.content = std::move(content);
  token.special = true;
  // Qwen's own code normalises the whole text before it looks for them.
  token.normalized = !definition->normalizer.empty();
  const auto place = static_cast<size_t>(id);
  if (place >= definition->tokens.size()) definition->tokens.resize(place + 1);
  definition->tokens[place] = token.content;
  definition->added_tokens.push_back(std::move(token));
}

void AddQwenTokens(BpeDefinition* definition) {
  auto id = static_cast<int32_t>(definition->num_model_tokens);
  for (const char* name : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}) {
    AddSpecial(id++, name, definition);
  }
  for (int i = 0; i < kQwenExtraTokens; ++i) {
    AddSpecial(id++, absl::StrCat("<|extra_", i, "|>"), definition);
  }
}

// {"128000": {"content": "<|begin_of_text|>", ...}, ...}
absl::Status ReadAdded(const Json& config, BpeDefinition* definition) {
  const Json* added = config.Find("added_tokens_decoder");
  if (added == nullptr || added->is_null()) return absl::OkStatus();
  if (!added->is_object()) {
    return absl::InvalidArgumentError("added_tokens_decoder is no object");
  }
  for (const JsonMember& member : added->object()) {
    const std::string place =
        absl::StrCat("added_tokens_decoder.", member.first);
    int32_t id = -1;
    if (!absl::SimpleAtoi(member.first, &id) || id < 0 || id >= kMaxId ||
        (static_cast<size_t>(id) < definition->tokens.size() &&
         !definition->tokens[static_cast<size_t>(id)].empty())) {
      return AtPlace(place, absl::InvalidArgumentError(
                                "is no id, or one that is taken already"));
    }
    absl::StatusOr<std::string> content = member.second.GetString("content");
    if (!content.ok()) return AtPlace(place, content.status());
    if (content->empty()) {
      return AtPlace(place, absl::InvalidArgumentError("is empty"));
    }
    AddSpecial(id, *std::move(content), definition);
  }
  return absl::OkStatus();
}

absl::Status ReadPattern(const std::string& pattern,
                         BpeDefinition* definition) {
  if (pattern == "gpt2") {
    definition->split_steps.push_back({SplitRule::kGpt2});
  } else if (pattern == "llama3") {
    definition->split_steps.push_back({SplitRule::kLlama3});
  } else if (pattern == "qwen") {
    definition->split_steps.push_back({SplitRule::kQwen2});
    definition->normalizer.emplace_back();  // NFC
  } else if (pattern.empty()) {
    return absl::InvalidArgumentError(
        "a tiktoken file has no pattern: give \"tiktoken_pattern\" in "
        "tokenizer_config.json (gpt2, llama3, qwen, or a regular expression)");
  } else {
    LIMBECK_ASSIGN_OR_RETURN(SplitStep step, StepOfPattern(pattern));
    definition->split_steps.push_back(std::move(step));
  }
  return absl::OkStatus();
}

}  // namespace

bool LooksLikeTiktoken(absl::string_view bytes) {
  return ReadLine(bytes.substr(0, bytes.find('\n'))).ok();
}

absl::StatusOr<BpeDefinition> ReadTiktoken(absl::string_view text,
                                           const Json& config) {
  BpeDefinition definition;
  Ranks ranks;
  LIMBECK_RETURN_IF_ERROR(ReadLines(text, &ranks, &definition));
  LIMBECK_RETURN_IF_ERROR(FindBytes(ranks, &definition));
  FindMerges(ranks, &definition);
  definition.byte_level = true;
  definition.ignore_merges = true;
  definition.ranks_are_ids = true;
  definition.decoder.emplace_back();  // ByteLevel
  LIMBECK_ASSIGN_OR_RETURN(const std::string tokenizer_class,
                           config.GetString("tokenizer_class", ""));
  const bool is_qwen = tokenizer_class == kQwenClass;
  LIMBECK_ASSIGN_OR_RETURN(
      const std::string pattern,
      config.GetString("tiktoken_pattern", is_qwen ? "qwen" : ""));
  LIMBECK_RETURN_IF_ERROR(ReadPattern(pattern, &definition));
  if (is_qwen) AddQwenTokens(&definition);
  LIMBECK_RETURN_IF_ERROR(ReadAdded(config, &definition));
  return definition;
}

}  // namespace limbeck
