// What a byte-level BPE tokenizer.json says, checked and reduced to what
// encoding and decoding need.
#ifndef LIMBECK_DATA_TEXT_BPE_DEFINITION_H_
#define LIMBECK_DATA_TEXT_BPE_DEFINITION_H_

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/text/pre_tokenizer.h"

namespace limbeck {

struct BpeAddedToken {
  int32_t id = 0;
  std::string content;
  bool normalized = false;  // looked for after normalisation
  bool special = false;
};

struct BpeDefinition {
  // Bytes of each id of the model; empty strings are holes.
  std::vector<std::string> pieces;
  std::array<int32_t, 256> byte_ids{};
  struct Merge {
    int32_t left;
    int32_t right;
    int32_t merged;
  };
  std::vector<Merge> merges;
  bool ignore_merges = false;  // a whole piece in the vocabulary is its id
  std::vector<BpeAddedToken> added_tokens;
  std::vector<SplitRule> split_rules;
  bool nfc = false;                 // texts are normalised to NFC
  std::vector<int32_t> prefix_ids;  // what the post-processor adds
  std::vector<int32_t> suffix_ids;

  // SHA-256 (hex) over all of the above.
  std::string Fingerprint() const;
};

// Anything that would give other ids than the file means and is not
// implemented is refused by name: models other than BPE, pre-tokenizers,
// normalizers, decoders, post-processors, flags of added tokens.
absl::StatusOr<BpeDefinition> ReadBpeDefinition(const Json& json);

// The bytes of a token in the printable alphabet of byte-level models
// ("\u0120the" is " the"). False when a character is not of the alphabet.
bool BytesOfPrintable(absl::string_view token, std::string* bytes);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_BPE_DEFINITION_H_
