// Vocabularies of OpenAI's tiktoken format (Qwen's qwen.tiktoken, the original
// tokenizer.model of Llama 3): lines of a token in base64, a blank, its rank.
//
// A rank is an id, and of two neighbours the pair whose joined bytes have the
// lowest rank merges first. The file holds neither pattern nor control tokens:
// tokenizer_config.json gives them.
#ifndef LIMBECK_DATA_TEXT_TIKTOKEN_FILE_H_
#define LIMBECK_DATA_TEXT_TIKTOKEN_FILE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/text/bpe_definition.h"

namespace limbeck {

// Whether the bytes begin as such a file does (SentencePiece models do not).
bool LooksLikeTiktoken(absl::string_view bytes);

// `config` is tokenizer_config.json: "tiktoken_pattern" is "gpt2", "llama3",
// "qwen" (which also brings texts into NFC) or a regular expression; control
// tokens are those of "added_tokens_decoder". A "tokenizer_class" of
// QWenTokenizer has both by itself. Errors name the line.
absl::StatusOr<BpeDefinition> ReadTiktoken(absl::string_view text,
                                           const Json& config);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_TIKTOKEN_FILE_H_
