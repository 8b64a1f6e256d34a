// Added tokens first, then the pre-tokenizer's pieces, then merges.
#include "data/text/tokenizer_json.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/text/added_tokens.h"
#include "data/text/bpe_definition.h"
#include "data/text/bpe_encoder.h"
#include "data/text/byte_alphabet.h"
#include "data/text/normalizer.h"
#include "data/text/token_decoder.h"
#include "data/text/word_cache.h"

namespace limbeck {
namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 30;

class BpeTokenizer : public Tokenizer {
 public:
  BpeTokenizer(BpeDefinition definition, std::vector<std::string> files);
  absl::Status ReadConfig(const TokenizerConfig& config);

  absl::StatusOr<std::vector<int32_t>> Encode(
      absl::string_view text) const override;
  absl::StatusOr<std::vector<int32_t>> EncodeWithSpecial(
      absl::string_view text) const override;
  absl::StatusOr<std::string> Decode(
      absl::Span<const int32_t> ids) const override;
  int32_t vocab_size() const override {
    return static_cast<int32_t>(definition_.tokens.size());
  }
  int32_t IdOf(absl::string_view piece) const override;
  absl::StatusOr<std::string> PieceOf(int32_t id) const override;
  const std::vector<int32_t>& end_ids() const override { return end_ids_; }
  const std::string& fingerprint() const override { return fingerprint_; }
  const std::vector<std::string>& files() const override { return files_; }

 private:
  absl::Status EncodeSegment(absl::string_view text, bool is_first,
                             WordCache& cache, std::vector<int32_t>* ids) const;
  void AddEndId(int32_t id);

  const BpeDefinition definition_;
  const BpeEncoder encoder_;
  mutable WordCachePool caches_;
  AddedTokenMatcher raw_tokens_;         // looked for in the text as it is
  AddedTokenMatcher normalized_tokens_;  // looked for after normalisation
  std::vector<std::string> pieces_;      // by id; empty strings are holes
  absl::flat_hash_map<std::string, int32_t> ids_;  // by piece, or as spelled
  std::vector<int32_t> end_ids_;
  const std::string fingerprint_;
  const std::vector<std::string> files_;
};

bool JoinsBytes(const BpeDefinition& definition) {
  for (const DecoderStep& step : definition.decoder) {
    if (step.kind == DecoderStep::Kind::kByteFallback) return true;
  }
  return false;
}

// Text of one token in the middle of a text; a byte's token is that byte.
std::string PieceOfToken(const BpeDefinition& definition,
                         const std::string& token) {
  const int byte = JoinsBytes(definition) ? ByteOfToken(token) : -1;
  if (byte >= 0) return std::string(1, static_cast<char>(byte));
  return DecodeTokens(definition.decoder, {token}, /*is_first=*/false);
}

BpeTokenizer::BpeTokenizer(BpeDefinition definition,
                           std::vector<std::string> files)
    : definition_(std::move(definition)),
      encoder_(definition_),
      fingerprint_(definition_.Fingerprint()),
      files_(std::move(files)) {
  for (AddedToken token : definition_.added_tokens) {
    ids_.emplace(token.content, token.id);
    if (token.normalized) {
      std::string buffer;
      token.content = std::string(
          Normalize(definition_.normalizer, token.content, &buffer));
    }
    (token.normalized ? normalized_tokens_ : raw_tokens_).Add(token);
  }
  pieces_.reserve(definition_.tokens.size());
  for (size_t id = 0; id < definition_.tokens.size(); ++id) {
    const std::string& token = definition_.tokens[id];
    pieces_.push_back(PieceOfToken(definition_, token));
    if (token.empty()) continue;
    ids_.emplace(pieces_.back(), static_cast<int32_t>(id));
  }
  for (size_t id = 0; id < definition_.tokens.size(); ++id) {
    const std::string& token = definition_.tokens[id];
    if (!token.empty()) ids_.emplace(token, static_cast<int32_t>(id));
  }
}

void BpeTokenizer::AddEndId(int32_t id) {
  if (std::find(end_ids_.begin(), end_ids_.end(), id) == end_ids_.end()) {
    end_ids_.push_back(id);
  }
}

absl::Status BpeTokenizer::ReadConfig(const TokenizerConfig& config) {
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

absl::Status BpeTokenizer::EncodeSegment(absl::string_view text, bool is_first,
                                         WordCache& cache,
                                         std::vector<int32_t>* ids) const {
  std::string buffer;
  const absl::string_view normalized =
      Normalize(definition_.normalizer, text, &buffer);
  absl::Status status;
  normalized_tokens_.Split(normalized, [&](absl::string_view part, int32_t id) {
    if (id >= 0) {
      ids->push_back(id);
    } else if (status.ok()) {
      const bool begins = is_first && part.data() == normalized.data();
      status = encoder_.Encode(part, begins, cache, ids);
    }
  });
  return status;
}

absl::StatusOr<std::vector<int32_t>> BpeTokenizer::Encode(
    absl::string_view text) const {
  if (text.size() > kMaxTextBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the text has ", text.size(), " bytes, at most ",
                     kMaxTextBytes, " are encoded at once"));
  }
  std::vector<int32_t> ids;
  WordCachePool::Lease cache(caches_);
  absl::Status status;
  raw_tokens_.Split(text, [&](absl::string_view part, int32_t id) {
    if (id >= 0) {
      ids.push_back(id);
    } else if (status.ok()) {
      status = EncodeSegment(part, part.data() == text.data(), *cache, &ids);
    }
  });
  if (!status.ok()) return status;
  return ids;
}

absl::StatusOr<std::vector<int32_t>> BpeTokenizer::EncodeWithSpecial(
    absl::string_view text) const {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<int32_t> inner, Encode(text));
  std::vector<int32_t> ids = definition_.prefix_ids;
  ids.insert(ids.end(), inner.begin(), inner.end());
  ids.insert(ids.end(), definition_.suffix_ids.begin(),
             definition_.suffix_ids.end());
  return ids;
}

absl::StatusOr<std::string> BpeTokenizer::Decode(
    absl::Span<const int32_t> ids) const {
  std::string text;
  std::vector<std::string> tokens;
  for (size_t i = 0; i < ids.size(); ++i) {
    const absl::StatusOr<std::string> piece = PieceOf(ids[i]);
    if (!piece.ok()) {
      return absl::OutOfRangeError(
          absl::StrCat(piece.status().message(), " (position ", i, ")"));
    }
    if (definition_.byte_level) {
      text += *piece;
    } else {
      tokens.push_back(definition_.tokens[static_cast<size_t>(ids[i])]);
    }
  }
  if (definition_.byte_level) return text;
  return DecodeTokens(definition_.decoder, std::move(tokens),
                      /*is_first=*/true);
}

int32_t BpeTokenizer::IdOf(absl::string_view piece) const {
  const auto found = ids_.find(piece);
  return found == ids_.end() ? -1 : found->second;
}

absl::StatusOr<std::string> BpeTokenizer::PieceOf(int32_t id) const {
  if (id < 0 || id >= vocab_size() ||
      definition_.tokens[static_cast<size_t>(id)].empty()) {
    return absl::OutOfRangeError(absl::StrCat(
        "id ", id, " is no token of the vocabulary of ", vocab_size()));
  }
  return pieces_[static_cast<size_t>(id)];
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Tokenizer>> ParseTokenizerJson(
    absl::string_view text, const TokenizerConfig& config,
    std::vector<std::string> files) {
  LIMBECK_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  LIMBECK_ASSIGN_OR_RETURN(BpeDefinition definition, ReadBpeDefinition(json));
  return CreateBpeTokenizer(std::move(definition), config, std::move(files));
}

absl::StatusOr<std::shared_ptr<const Tokenizer>> CreateBpeTokenizer(
    BpeDefinition definition, const TokenizerConfig& config,
    std::vector<std::string> files) {
  auto tokenizer =
      std::make_shared<BpeTokenizer>(std::move(definition), std::move(files));
  LIMBECK_RETURN_IF_ERROR(tokenizer->ReadConfig(config));
  return tokenizer;
}

}  // namespace limbeck
