// Tokenizer over a SentencePiece model.
//
// Where the model has byte pieces and leaves blanks alone (all models trained
// here), Decode(Encode(x)) == x for every byte string: bytes that are no UTF-8
// and U+2581, which SentencePiece uses for the blank, are spelled in byte
// pieces. Other models map invalid bytes to U+FFFD, as SentencePiece does.
#ifndef LIMBECK_DATA_TEXT_SENTENCEPIECE_TOKENIZER_H_
#define LIMBECK_DATA_TEXT_SENTENCEPIECE_TOKENIZER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/text/tokenizer.h"
#include "data/text/tokenizer_config.h"

namespace limbeck {

// From the bytes of a tokenizer.model. `files` is what files() returns. The
// end ids are the config's eos token and generation ids; without any: <|end|>
// or </s>, where the vocabulary has it.
absl::StatusOr<std::shared_ptr<const Tokenizer>> CreateSentencePieceTokenizer(
    absl::string_view model_bytes, const TokenizerConfig& config = {},
    std::vector<std::string> files = {});

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_SENTENCEPIECE_TOKENIZER_H_
