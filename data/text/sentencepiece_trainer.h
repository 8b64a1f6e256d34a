// Trains SentencePiece vocabularies that lose nothing: no normalisation, no
// added or removed blanks, bytes for what has no piece of its own.
#ifndef LIMBECK_DATA_TEXT_SENTENCEPIECE_TRAINER_H_
#define LIMBECK_DATA_TEXT_SENTENCEPIECE_TRAINER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace limbeck {

enum class SentencePieceAlgorithm { kBpe, kUnigram };

// The tags of the reasoning format and the line break.
std::vector<std::string> DefaultUserSymbols();

struct SentencePieceTrainerOptions {
  int32_t vocab_size = 512;  // all pieces: 1 unknown, symbols, 256 bytes, text
  SentencePieceAlgorithm algorithm = SentencePieceAlgorithm::kBpe;
  bool split_digits = true;  // every digit is a piece of its own
  // Share of the text's characters that get a piece of their own; the rarest
  // others are spelled in bytes.
  double character_coverage = 0.9999;
  // Pieces that match wherever their text stands, ids 1, 2, ...
  std::vector<std::string> user_symbols = DefaultUserSymbols();
};

// Bytes of the model. The same sentences in the same order give the same
// bytes. Errors: no text; a vocabulary too small for the characters or too
// large for the text (with the size asked for and the limit).
absl::StatusOr<std::string> TrainSentencePiece(
    const SentencePieceTrainerOptions& options,
    const std::vector<std::string>& sentences);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_SENTENCEPIECE_TRAINER_H_
