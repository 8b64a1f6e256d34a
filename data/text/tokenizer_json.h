// Tokenizer over a byte-level BPE tokenizer.json.
//
// Decode(Encode(x)) == x for every byte string: bytes that are no UTF-8 are
// tokens like any others. Where the file asks for NFC, texts in NFC pass
// unchanged; a text that may not be in NFC is Unimplemented, with the
// character, rather than wrong.
#ifndef LIMBECK_DATA_TEXT_TOKENIZER_JSON_H_
#define LIMBECK_DATA_TEXT_TOKENIZER_JSON_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/text/bpe_definition.h"
#include "data/text/tokenizer.h"
#include "data/text/tokenizer_config.h"

namespace limbeck {

// From the text of a tokenizer.json. `files` is what files() returns.
absl::StatusOr<std::shared_ptr<const Tokenizer>> ParseTokenizerJson(
    absl::string_view text, const TokenizerConfig& config = {},
    std::vector<std::string> files = {});

// The tokenizer of any definition (data/text/tiktoken_file.h makes others).
absl::StatusOr<std::shared_ptr<const Tokenizer>> CreateBpeTokenizer(
    BpeDefinition definition, const TokenizerConfig& config = {},
    std::vector<std::string> files = {});

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_TOKENIZER_JSON_H_
