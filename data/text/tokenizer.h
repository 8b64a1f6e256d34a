// Text to token ids and back. Implementations: SentencePiece models and
// byte-level BPE tokenizer.json.
#ifndef LIMBECK_DATA_TEXT_TOKENIZER_H_
#define LIMBECK_DATA_TEXT_TOKENIZER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace limbeck {

// Thread-safe and immutable.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Added tokens inside the text always match ("<think>" becomes its id);
  // nothing is added at the ends.
  virtual absl::StatusOr<std::vector<int32_t>> Encode(
      absl::string_view text) const = 0;
  // With what the post-processor adds (bos, eos), if anything.
  virtual absl::StatusOr<std::vector<int32_t>> EncodeWithSpecial(
      absl::string_view text) const = 0;
  // Bytes of the ids, special tokens kept. May be invalid UTF-8 when a
  // character is cut. Ids outside the vocabulary are an error.
  virtual absl::StatusOr<std::string> Decode(
      absl::Span<const int32_t> ids) const = 0;

  virtual int32_t vocab_size() const = 0;
  // -1 where the vocabulary has no such piece.
  virtual int32_t IdOf(absl::string_view piece) const = 0;
  // Text of one id as Decode gives it in the middle of a text.
  virtual absl::StatusOr<std::string> PieceOf(int32_t id) const = 0;
  // Ids that end a generation.
  virtual const std::vector<int32_t>& end_ids() const = 0;
  // SHA-256 (hex) over every piece, its id and its kind, and the settings that
  // change ids: equal fingerprints give equal ids for every text.
  virtual const std::string& fingerprint() const = 0;
  // Files of the tokenizer (tokenizer.model, tokenizer_config.json, ...), by
  // name relative to its folder: copied beside exported checkpoints.
  virtual const std::vector<std::string>& files() const = 0;
};

// Reads the tokenizer of a folder: tokenizer.json (BPE), else tokenizer.model
// (SentencePiece, or tiktoken's format), else its only *.tiktoken.
absl::StatusOr<std::shared_ptr<const Tokenizer>> LoadTokenizer(
    const std::string& directory);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_TOKENIZER_H_
