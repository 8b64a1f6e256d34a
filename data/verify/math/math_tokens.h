// Words of mathematical notation: LaTeX, plain text and Unicode as one stream.
#ifndef LIMBECK_DATA_VERIFY_MATH_MATH_TOKENS_H_
#define LIMBECK_DATA_VERIFY_MATH_MATH_TOKENS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/verify/math/expression.h"

namespace limbeck {

enum class TokenKind : uint8_t {
  kEnd,
  kNumber,     // text: digits with at most one '.'; value
  kLetters,    // text: a run of letters that is no known word
  kSymbol,     // text: the name ("alpha")
  kConstant,   // constant
  kFunction,   // function; text: how it was written
  kText,       // text: the contents of \text{...} and its like
  kAccent,     // text: "bar", "vec": one argument follows
  kName,       // text: a whole name, of \variable{...}
  kNumberSet,  // text: "R"
  kEmptySet,
  kDots,
  kPlus,
  kMinus,
  kPlusMinus,
  kMinusPlus,
  kTimes,
  kDivide,
  kMod,
  kParenMod,
  kCaret,
  kUnderscore,
  kBang,
  kPrime,
  kPercent,
  kDegree,
  kCurrency,
  kComma,
  kSemicolon,
  kColon,
  kAmpersand,
  kNewline,
  kAnd,
  kOr,
  kQuad,
  kOpenParen,
  kCloseParen,
  kOpenBracket,
  kCloseBracket,
  kOpenBrace,
  kCloseBrace,  // of TeX
  kOpenSet,
  kCloseSet,  // \{ \}
  kBar,
  kOpenBar,
  kCloseBar,
  kDoubleBar,
  kMid,
  kOpenFloor,
  kCloseFloor,
  kOpenCeil,
  kCloseCeil,
  kOpenAngle,
  kCloseAngle,
  kRelation,  // relation
  kCup,
  kCap,
  kSetMinus,
  kFrac,
  kSqrt,
  kBinomial,
  kOver,
  kChoose,
  kGroup,
  kBigSum,
  kBigProduct,
  kIntegral,
  kLimit,
  kPartial,
  kBegin,
  kEndOf,  // text: the environment
};

struct MathToken {
  TokenKind kind = TokenKind::kEnd;
  MathConstant constant = MathConstant::kPi;
  MathFunction function = MathFunction::kSqrt;
  MathRelation relation = MathRelation::kEqual;
  bool space_before = false;
  int32_t decimal_places = -1;  // of kNumber
  uint32_t begin = 0, end = 0;  // bytes of the source
  Rational value;               // of kNumber
  std::string text;
};

// What a text could be read as in two ways; bits of a mask.
enum Ambiguity : unsigned {
  kSlashProduct = 1,    // 1/2x: 1/(2x), or x/2 with the bit
  kLogarithmBase = 2,   // \log: base 10, or natural with the bit
  kDecimalComma = 4,    // 1,22: a list, or 1.22 with the bit
  kThousandsComma = 8,  // 100,200: one number, or a list with the bit
};

struct TokenStream {
  std::vector<MathToken> tokens;  // the last one is kEnd
  unsigned ambiguities = 0;       // found, of the comma kinds
};

// Reads `text` with the given reading of what is ambiguous. Brackets are not
// matched here; \left, \right, sizes, spaces and $ are dropped.
absl::StatusOr<TokenStream> TokenizeMath(absl::string_view text,
                                         unsigned reading);

// A LaTeX command (without the backslash) or a plain word as a token; kEnd:
// not known. `latex` tells which of the two it is.
MathToken LookUpMathWord(absl::string_view word, bool latex);
// Commands that only change the looks: "left", "displaystyle", "quad" is none.
bool IsIgnoredCommand(absl::string_view command);
// \text, \mbox, \mathrm and the like, whose argument is words.
bool IsTextCommand(absl::string_view command);
// \mathbf, \boxed and the like, whose argument is mathematics.
bool IsTransparentCommand(absl::string_view command);
// The longest known command that `run` begins with ("le" of "lex"); empty:
// none.
absl::string_view KnownCommandPrefix(absl::string_view run);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_MATH_TOKENS_H_
