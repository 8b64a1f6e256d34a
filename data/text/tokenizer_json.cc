// Added tokens first, then the pre-tokenizer's pieces, then merges.
#include "data/text/tokenizer_json.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"
#include "data/text/added_tokens.h"
#include "data/text/bpe_definition.h"
#include "data/text/byte_pair_merger.h"
#include "data/text/unicode_classes.h"

namespace limbeck {
namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 30;

class ByteLevelTokenizer : public Tokenizer {
 public:
  ByteLevelTokenizer(BpeDefinition definition, std::vector<std::string> files);
  absl::Status ReadConfig(const TokenizerConfig& config);

  absl::StatusOr<std::vector<int32_t>> Encode(
      absl::string_view text) const override;
  absl::StatusOr<std::vector<int32_t>> EncodeWithSpecial(
      absl::string_view text) const override;
  absl::StatusOr<std::string> Decode(
      absl::Span<const int32_t> ids) const override;
  int32_t vocab_size() const override {
    return static_cast<int32_t>(definition_.pieces.size());
  }
  int32_t IdOf(absl::string_view piece) const override;
  absl::StatusOr<std::string> PieceOf(int32_t id) const override;
  const std::vector<int32_t>& end_ids() const override { return end_ids_; }
  const std::string& fingerprint() const override { return fingerprint_; }
  const std::vector<std::string>& files() const override { return files_; }

 private:
  absl::Status EncodeSegment(absl::string_view text,
                             std::vector<int32_t>* ids) const;
  void EncodePlain(absl::string_view text, std::vector<int32_t>* ids) const;
  void AddEndId(int32_t id);

  const BpeDefinition definition_;
  BytePairMerger merger_;
  AddedTokenMatcher raw_tokens_;         // looked for in the text as it is
  AddedTokenMatcher normalized_tokens_;  // looked for after normalisation
  std::unordered_map<std::string, int32_t> ids_;  // by text
  std::vector<int32_t> end_ids_;
  const std::string fingerprint_;
  const std::vector<std::string> files_;
};

ByteLevelTokenizer::ByteLevelTokenizer(BpeDefinition definition,
                                       std::vector<std::string> files)
    : definition_(std::move(definition)),
      merger_(definition_.byte_ids),
      fingerprint_(definition_.Fingerprint()),
      files_(std::move(files)) {
  for (const BpeDefinition::Merge& merge : definition_.merges) {
    merger_.AddMerge(merge.left, merge.right, merge.merged);
  }
  for (const BpeAddedToken& token : definition_.added_tokens) {
    (token.normalized ? normalized_tokens_ : raw_tokens_)
        .Add(token.content, token.id);
    ids_.emplace(token.content, token.id);
  }
  for (size_t id = 0; id < definition_.pieces.size(); ++id) {
    const std::string& piece = definition_.pieces[id];
    if (!piece.empty()) ids_.emplace(piece, static_cast<int32_t>(id));
  }
}

void ByteLevelTokenizer::AddEndId(int32_t id) {
  if (std::find(end_ids_.begin(), end_ids_.end(), id) == end_ids_.end()) {
    end_ids_.push_back(id);
  }
}

absl::Status ByteLevelTokenizer::ReadConfig(const TokenizerConfig& config) {
  if (!config.eos_token.empty()) {
    const int32_t id = IdOf(config.eos_token);
    if (id < 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "tokenizer_config.json names the eos_token '", config.eos_token,
          "', which is none of the ", vocab_size(), " tokens"));
    }
    AddEndId(id);
  }
  for (int32_t id : config.generation_end_ids) {
    if (id >= vocab_size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("generation_config.json names the end id ", id,
                       ", the vocabulary has ", vocab_size(), " tokens"));
    }
    AddEndId(id);
  }
  for (const auto* ids : {&definition_.prefix_ids, &definition_.suffix_ids}) {
    for (int32_t id : *ids) {
      if (id < vocab_size()) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("the post-processor adds the id ", id,
                       ", the vocabulary has ", vocab_size(), " tokens"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckNfc(absl::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const absl::string_view rest = text.substr(at);
    const size_t length = Utf8SequenceBytes(rest);
    const uint32_t code = length == 0 ? 0 : CodePointOf(rest.substr(0, length));
    if (MayChangeInNfc(code)) {
      return absl::UnimplementedError(absl::StrCat(
          "the text may not be in Unicode normalization form NFC: U+",
          absl::Hex(code, absl::kZeroPad4), " at byte ", at,
          ". This tokenizer.json brings its input into NFC first, which this "
          "version cannot do; convert the text to NFC, without combining "
          "characters, before"));
    }
    at += std::max<size_t>(length, 1);
  }
  return absl::OkStatus();
}

void ByteLevelTokenizer::EncodePlain(absl::string_view text,
                                     std::vector<int32_t>* ids) const {
  for (absl::string_view piece : SplitByRules(text, definition_.split_rules)) {
    if (definition_.ignore_merges) {
      const auto whole = ids_.find(std::string(piece));
      if (whole != ids_.end()) {
        ids->push_back(whole->second);
        continue;
      }
    }
    merger_.Encode(piece, ids);
  }
}

absl::Status ByteLevelTokenizer::EncodeSegment(
    absl::string_view text, std::vector<int32_t>* ids) const {
  if (definition_.nfc) LIMBECK_RETURN_IF_ERROR(CheckNfc(text));
  for (const auto& segment : normalized_tokens_.Split(text)) {
    if (segment.id >= 0) {
      ids->push_back(segment.id);
    } else {
      EncodePlain(segment.text, ids);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<int32_t>> ByteLevelTokenizer::Encode(
    absl::string_view text) const {
  if (text.size() > kMaxTextBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the text has ", text.size(), " bytes, at most ",
                     kMaxTextBytes, " are encoded at once"));
  }
  std::vector<int32_t> ids;
  for (const auto& segment : raw_tokens_.Split(text)) {
    if (segment.id >= 0) {
      ids.push_back(segment.id);
    } else {
      LIMBECK_RETURN_IF_ERROR(EncodeSegment(segment.text, &ids));
    }
  }
  return ids;
}

absl::StatusOr<std::vector<int32_t>> ByteLevelTokenizer::EncodeWithSpecial(
    absl::string_view text) const {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<int32_t> inner, Encode(text));
  std::vector<int32_t> ids = definition_.prefix_ids;
  ids.insert(ids.end(), inner.begin(), inner.end());
  ids.insert(ids.end(), definition_.suffix_ids.begin(),
             definition_.suffix_ids.end());
  return ids;
}

absl::StatusOr<std::string> ByteLevelTokenizer::Decode(
    absl::Span<const int32_t> ids) const {
  std::string text;
  for (size_t i = 0; i < ids.size(); ++i) {
    const absl::StatusOr<std::string> piece = PieceOf(ids[i]);
    if (!piece.ok()) {
      return absl::OutOfRangeError(
          absl::StrCat(piece.status().message(), " (position ", i, ")"));
    }
    text += *piece;
  }
  return text;
}

int32_t ByteLevelTokenizer::IdOf(absl::string_view piece) const {
  const auto found = ids_.find(std::string(piece));
  if (found != ids_.end()) return found->second;
  std::string bytes;  // as the file spells it
  if (!BytesOfPrintable(piece, &bytes)) return -1;
  const auto spelled = ids_.find(bytes);
  return spelled == ids_.end() ? -1 : spelled->second;
}

absl::StatusOr<std::string> ByteLevelTokenizer::PieceOf(int32_t id) const {
  if (id < 0 || id >= vocab_size() ||
      definition_.pieces[static_cast<size_t>(id)].empty()) {
    return absl::OutOfRangeError(absl::StrCat(
        "id ", id, " is no token of the vocabulary of ", vocab_size()));
  }
  return definition_.pieces[static_cast<size_t>(id)];
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Tokenizer>> ParseTokenizerJson(
    absl::string_view text, const TokenizerConfig& config,
    std::vector<std::string> files) {
  LIMBECK_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  LIMBECK_ASSIGN_OR_RETURN(BpeDefinition definition, ReadBpeDefinition(json));
  auto tokenizer = std::make_shared<ByteLevelTokenizer>(std::move(definition),
                                                        std::move(files));
  LIMBECK_RETURN_IF_ERROR(tokenizer->ReadConfig(config));
  return tokenizer;
}

}  // namespace limbeck
