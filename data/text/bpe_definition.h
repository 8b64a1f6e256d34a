// What a tokenizer.json with a BPE model says, checked and reduced to what
// encoding and decoding need.
#ifndef LIMBECK_DATA_TEXT_BPE_DEFINITION_H_
#define LIMBECK_DATA_TEXT_BPE_DEFINITION_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "data/text/added_tokens.h"
#include "data/text/normalizer.h"
#include "data/text/pre_tokenizer.h"
#include "data/text/token_decoder.h"

namespace limbeck {

// Pre-tokenizer 'Metaspace': blanks are written as `replacement`.
struct MetaspaceRule {
  enum class Prepend { kAlways, kFirst, kNever };
  std::string replacement;
  Prepend prepend = Prepend::kAlways;
  bool split = true;  // a piece begins at every replacement
};

struct BpeDefinition {
  // Tokens of each id as the file spells them; empty strings are holes.
  std::vector<std::string> tokens;
  size_t num_model_tokens = 0;  // the first ids; added tokens may follow
  struct Merge {
    int32_t left;
    int32_t right;
    int32_t merged;
  };
  std::vector<Merge> merges;
  bool ranks_are_ids = false;  // lower joined ids first, not earlier merges
  bool ignore_merges = false;  // a whole piece in the vocabulary is its id

  // Models over bytes: pieces are written in the printable alphabet. Others
  // are over characters; one outside the vocabulary is its bytes' tokens where
  // byte_ids has them all, otherwise unknown_id, or nothing at all.
  bool byte_level = false;
  std::array<int32_t, 256> byte_ids;  // -1: none
  int32_t unknown_id = -1;
  bool fuse_unknown = false;  // neighbours become one

  std::vector<AddedToken> added_tokens;
  std::vector<NormalizerStep> normalizer;
  std::vector<SplitStep> split_steps;
  std::optional<MetaspaceRule> metaspace;  // then there are no split steps
  std::vector<DecoderStep> decoder;
  std::vector<int32_t> prefix_ids;  // what the post-processor adds
  std::vector<int32_t> suffix_ids;

  // SHA-256 (hex) over all of the above.
  std::string Fingerprint() const;
};

// Anything that would give other ids than the file means and is not
// implemented is refused by name: models other than BPE, pre-tokenizers,
// normalizers, decoders, post-processors.
absl::StatusOr<BpeDefinition> ReadBpeDefinition(const Json& json);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_BPE_DEFINITION_H_
