// Tokens to a tree. Whatever the language has beyond what chat templates use
// is refused by name and line.
#ifndef LIMBECK_DATA_TEXT_JINJA_PARSER_H_
#define LIMBECK_DATA_TEXT_JINJA_PARSER_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/text/jinja/lexer.h"
#include "data/text/jinja/syntax.h"

namespace limbeck::jinja {

// The tokens of a template, read from the left.
class TokenReader {
 public:
  // The tokens end with kEnd, and must outlive the reader.
  explicit TokenReader(const std::vector<Token>& tokens) : tokens_(tokens) {}

  const Token& Peek(size_t ahead = 0) const;
  const Token& Next();
  bool IsOperator(absl::string_view text, size_t ahead = 0) const;
  bool IsName(absl::string_view text, size_t ahead = 0) const;
  // Takes it if it is next.
  bool TakeOperator(absl::string_view text);
  bool TakeName(absl::string_view text);
  absl::Status ExpectOperator(absl::string_view text);
  absl::Status Expect(Token::Kind kind, absl::string_view what);
  absl::StatusOr<std::string> ExpectName(absl::string_view what);
  // An error at the next token.
  absl::Status Error(absl::string_view what) const;

  // Counts nested constructs; an error above the limit.
  absl::Status Enter();
  void Leave() { --depth_; }

 private:
  const std::vector<Token>& tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

// with_condition: "a if b else c" counts as one expression.
absl::StatusOr<ExpressionPtr> ParseExpression(TokenReader& reader,
                                              bool with_condition = true);

// A whole template.
absl::StatusOr<Block> ParseTemplate(absl::string_view source);

}  // namespace limbeck::jinja

#endif  // LIMBECK_DATA_TEXT_JINJA_PARSER_H_
