// A template's text to tokens, with the white-space rules that transformers
// sets: trim_blocks and lstrip_blocks.
#ifndef LIMBECK_DATA_TEXT_JINJA_LEXER_H_
#define LIMBECK_DATA_TEXT_JINJA_LEXER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck::jinja {

struct Token {
  enum class Kind {
    kText,           // outside of tags
    kBlockBegin,     // {%
    kBlockEnd,       // %}
    kVariableBegin,  // {{
    kVariableEnd,    // }}
    kName,
    kString,
    kInt,
    kFloat,
    kOperator,
    kEnd,
  };
  Kind kind = Kind::kEnd;
  std::string text;  // name, value of a string, digits, operator
  int line = 1;
};

// Ends with one kEnd. Errors name the line.
absl::StatusOr<std::vector<Token>> Tokenize(absl::string_view source);

}  // namespace limbeck::jinja

#endif  // LIMBECK_DATA_TEXT_JINJA_LEXER_H_
