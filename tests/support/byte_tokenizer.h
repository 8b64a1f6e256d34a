// A tokenizer without files: one id per byte, then the tags of the reasoning
// format. For tests of what needs some tokenizer.
#ifndef LIMBECK_TESTS_SUPPORT_BYTE_TOKENIZER_H_
#define LIMBECK_TESTS_SUPPORT_BYTE_TOKENIZER_H_

#include <memory>

#include "data/text/tokenizer.h"

namespace limbeck {

// Ids 0..255 are bytes, 256.. the tags in the order of ReasoningFormatTags();
// <|end|> ends a generation.
std::shared_ptr<const Tokenizer> MakeByteTokenizer();

}  // namespace limbeck

#endif  // LIMBECK_TESTS_SUPPORT_BYTE_TOKENIZER_H_
