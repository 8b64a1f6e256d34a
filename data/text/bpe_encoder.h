// Plain text, without added tokens, to ids: pre-tokenizer and merges.
#ifndef LIMBECK_DATA_TEXT_BPE_ENCODER_H_
#define LIMBECK_DATA_TEXT_BPE_ENCODER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "data/text/bpe_definition.h"
#include "data/text/byte_pair_merger.h"
#include "data/text/word_cache.h"

namespace limbeck {

// Immutable and thread-safe; each caller brings its own cache.
class BpeEncoder {
 public:
  // The definition must outlive the encoder.
  explicit BpeEncoder(const BpeDefinition& definition);

  // Appends the ids of normalised text. is_first: it begins the whole text.
  // Errors: those of ForEachPiece.
  absl::Status Encode(absl::string_view text, bool is_first, WordCache& cache,
                      std::vector<int32_t>* ids) const;

 private:
  absl::Status EncodeMetaspace(absl::string_view text, bool is_first,
                               WordCache& cache,
                               std::vector<int32_t>* ids) const;
  void EncodePiece(absl::string_view piece, WordCache& cache,
                   std::vector<int32_t>* ids) const;
  void EncodeAnew(absl::string_view piece, std::vector<int32_t>* ids) const;
  std::vector<int32_t> SymbolsOf(absl::string_view piece) const;
  void AppendUnknown(absl::string_view character,
                     std::vector<int32_t>* symbols) const;

  const BpeDefinition& definition_;
  BytePairMerger merger_;
  // By text: whole tokens of the model (ignore_merges), and characters.
  absl::flat_hash_map<std::string, int32_t> ids_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_BPE_ENCODER_H_
