// Pieces are looked up in the cache first.
#include "data/text/bpe_encoder.h"

#include <cstddef>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/types/span.h"
#include "data/text/byte_alphabet.h"
#include "data/text/unicode_classes.h"

namespace limbeck {

BpeEncoder::BpeEncoder(const BpeDefinition& definition)
    : definition_(definition) {
  for (const BpeDefinition::Merge& merge : definition.merges) {
    if (definition.ranks_are_ids) {
      merger_.AddRankedMerge(merge.left, merge.right, merge.merged,
                             merge.merged);
    } else {
      merger_.AddMerge(merge.left, merge.right, merge.merged);
    }
  }
  if (definition.byte_level && !definition.ignore_merges) return;
  for (size_t id = 0; id < definition.num_model_tokens; ++id) {
    const std::string& token = definition.tokens[id];
    std::string bytes = token;
    if (definition.byte_level && !BytesOfPrintable(token, &bytes)) continue;
    if (!bytes.empty()) ids_.emplace(bytes, static_cast<int32_t>(id));
  }
}

absl::Status BpeEncoder::Encode(absl::string_view text, bool is_first,
                                WordCache& cache,
                                std::vector<int32_t>* ids) const {
  if (definition_.metaspace.has_value()) {
    return EncodeMetaspace(text, is_first, cache, ids);
  }
  return ForEachPiece(
      text, definition_.split_steps,
      [&](absl::string_view piece) { EncodePiece(piece, cache, ids); });
}

absl::Status BpeEncoder::EncodeMetaspace(absl::string_view text, bool is_first,
                                         WordCache& cache,
                                         std::vector<int32_t>* ids) const {
  const MetaspaceRule& rule = *definition_.metaspace;
  std::string replaced = absl::StrReplaceAll(text, {{" ", rule.replacement}});
  const bool prepend =
      rule.prepend == MetaspaceRule::Prepend::kAlways ||
      (rule.prepend == MetaspaceRule::Prepend::kFirst && is_first);
  if (prepend && !absl::StartsWith(replaced, rule.replacement)) {
    replaced.insert(0, rule.replacement);
  }
  absl::string_view rest = replaced;
  while (!rest.empty()) {
    size_t end = absl::string_view::npos;
    if (rule.split) end = rest.find(rule.replacement, 1);
    const absl::string_view piece = rest.substr(0, end);
    EncodePiece(piece, cache, ids);
    rest.remove_prefix(piece.size());
  }
  return absl::OkStatus();
}

void BpeEncoder::EncodePiece(absl::string_view piece, WordCache& cache,
                             std::vector<int32_t>* ids) const {
  if (piece.size() > WordCache::kMaxBytes) return EncodeAnew(piece, ids);
  const uint64_t hash = WordCache::Hash(piece);
  const absl::Span<const int32_t> known = cache.Find(piece, hash);
  if (!known.empty()) {
    ids->insert(ids->end(), known.begin(), known.end());
    return;
  }
  const size_t before = ids->size();
  EncodeAnew(piece, ids);
  cache.Insert(piece, hash, absl::MakeSpan(*ids).subspan(before));
}

void BpeEncoder::EncodeAnew(absl::string_view piece,
                            std::vector<int32_t>* ids) const {
  if (definition_.ignore_merges) {
    const auto whole = ids_.find(piece);
    if (whole != ids_.end()) {
      ids->push_back(whole->second);
      return;
    }
  }
  std::vector<int32_t> symbols = SymbolsOf(piece);
  merger_.Merge(&symbols);
  ids->insert(ids->end(), symbols.begin(), symbols.end());
}

std::vector<int32_t> BpeEncoder::SymbolsOf(absl::string_view piece) const {
  std::vector<int32_t> symbols;
  symbols.reserve(piece.size());
  if (definition_.byte_level) {
    for (char c : piece) {
      symbols.push_back(definition_.byte_ids[static_cast<uint8_t>(c)]);
    }
    return symbols;
  }
  bool after_unknown = false;
  for (size_t at = 0; at < piece.size();) {
    const size_t bytes = ReadCharacter(piece, at).bytes;
    const absl::string_view character = piece.substr(at, bytes);
    at += bytes;
    const auto found = ids_.find(character);
    if (found != ids_.end()) {
      symbols.push_back(found->second);
      after_unknown = false;
      continue;
    }
    const size_t before = symbols.size();
    AppendUnknown(character, &symbols);
    const bool is_unknown = symbols.size() == before + 1 &&
                            symbols.back() == definition_.unknown_id;
    if (is_unknown && after_unknown && definition_.fuse_unknown) {
      symbols.pop_back();
    }
    after_unknown = is_unknown;
  }
  return symbols;
}

// Its bytes where all of them have tokens, or the unknown token.
void BpeEncoder::AppendUnknown(absl::string_view character,
                               std::vector<int32_t>* symbols) const {
  const size_t before = symbols->size();
  for (char c : character) {
    const int32_t id = definition_.byte_ids[static_cast<uint8_t>(c)];
    if (id < 0) {
      symbols->resize(before);
      break;
    }
    symbols->push_back(id);
  }
  if (symbols->size() == before && definition_.unknown_id >= 0) {
    symbols->push_back(definition_.unknown_id);
  }
}

}  // namespace limbeck
