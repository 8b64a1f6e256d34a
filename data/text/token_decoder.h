// The decoder part of tokenizer.json: tokens back to text.
#ifndef LIMBECK_DATA_TEXT_TOKEN_DECODER_H_
#define LIMBECK_DATA_TEXT_TOKEN_DECODER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"

namespace limbeck {

struct DecoderStep {
  enum class Kind {
    kByteLevel,     // the printable alphabet back to bytes
    kReplace,       // every `pattern` in a token by `content`
    kByteFallback,  // runs of <0xNN>; U+FFFD per byte where they are no UTF-8
    kFuse,          // all tokens are one from here on
    kStrip,         // at most `start` and `stop` times `content` at the ends
    kMetaspace,     // `pattern` is a blank; none in the first token if dropped
  };
  Kind kind = Kind::kByteLevel;
  std::string pattern;
  std::string content;
  size_t start = 0;
  size_t stop = 0;
  bool drops_first = false;
};

// "decoder" of a tokenizer.json. None, and kinds that are not listed above, are
// refused by name.
absl::StatusOr<std::vector<DecoderStep>> ReadDecoder(const Json& json);

// One decoder whose tokens are independent of each other.
bool IsByteLevel(const std::vector<DecoderStep>& steps);

// Tokens as the vocabulary spells them. is_first: the first one begins a text.
std::string DecodeTokens(const std::vector<DecoderStep>& steps,
                         std::vector<std::string> tokens, bool is_first);

// The byte of "<0x0A>"; -1: another token.
int ByteOfToken(absl::string_view token);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_TOKEN_DECODER_H_
