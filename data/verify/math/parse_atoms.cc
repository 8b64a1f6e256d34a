// Atoms: numbers, letters, names and words.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/verify/math/math_parser.h"
#include "data/verify/math/math_parser_state.h"
#include "data/verify/math/units.h"

namespace limbeck {
namespace {

// Bytes of the character of UTF-8 at the front.
size_t CharacterLength(absl::string_view text) {
  size_t length = 1;
  while (length < text.size() &&
         (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) {
    ++length;
  }
  return length;
}

}  // namespace

ExpressionPtr MathParser::ParseAtom() {
  const DepthGuard guard(this);
  if (guard.too_deep()) return nullptr;
  switch (peek().kind) {
    case TokenKind::kNumber:
      return ParseNumber();
    case TokenKind::kLetters:
      return ParseLetters();
    case TokenKind::kFunction:
      return ParseFunction();
    case TokenKind::kOpenParen:
    case TokenKind::kOpenBracket:
    case TokenKind::kOpenAngle:
      return ParseBracket();
    case TokenKind::kOpenBrace:
      return ParseTexGroup();
    case TokenKind::kGroup: {
      Advance();
      // What \boxed{1,2} holds is a list, not a set.
      if (!At(TokenKind::kOpenBrace)) return ParseAtom();
      return ParseTexArgument(true);
    }
    case TokenKind::kOpenSet:
      return ParseSet();
    case TokenKind::kBar:
    case TokenKind::kOpenBar:
    case TokenKind::kDoubleBar:
      return ParseBars();
    case TokenKind::kOpenFloor:
    case TokenKind::kOpenCeil:
      return ParseRounding();
    case TokenKind::kBegin:
      return ParseEnvironment();
    case TokenKind::kFrac:
      return AtDerivative() ? ParseDerivative() : ParseFrac();
    case TokenKind::kSqrt:
      return ParseRoot();
    case TokenKind::kBinomial:
      return ParseBinomial();
    case TokenKind::kBigSum:
    case TokenKind::kBigProduct:
      return ParseBigOperator();
    case TokenKind::kIntegral:
      return ParseIntegral();
    case TokenKind::kLimit:
      return ParseLimit();
    case TokenKind::kCloseBracket:
      return ParseOutwardInterval();
    default:
      return ParseNamedAtom();
  }
}

ExpressionPtr MathParser::ParseNamedAtom() {
  const MathToken token = peek();
  switch (token.kind) {
    case TokenKind::kSymbol:
    case TokenKind::kName:
      Advance();
      return Count(MakeSymbol(token.text));
    case TokenKind::kConstant:
      Advance();
      return Count(MakeConstant(token.constant));
    case TokenKind::kText:
      Advance();
      return Count(MakeText(PlainWords(token.text)));
    case TokenKind::kEmptySet:
      Advance();
      return Count(MakeNode(ExpressionKind::kEmptySet, {}));
    case TokenKind::kDots:
      Advance();
      return Count(MakeNode(ExpressionKind::kDots, {}));
    case TokenKind::kAccent:
      return ParseAccent();
    case TokenKind::kNumberSet:
      return ParseNumberSet();
    default:
      return Fail(token.kind == TokenKind::kEnd ? "something is missing"
                                                : "an unexpected sign");
  }
}

ExpressionPtr MathParser::ParseNumber() {
  const MathToken token = peek();
  Advance();
  if (token.decimal_places < 0) {
    ExpressionPtr mixed = ParseMixedNumber(token.value);
    if (mixed != nullptr || !error_.ok()) return mixed;
  }
  Expression node;
  node.number = token.value;
  node.decimal_places = token.decimal_places;
  node.name = token.text;
  return Count(std::make_shared<Expression>(std::move(node)));
}

// 1\frac{1}{2} or "1 1/2" after the 1 was read; null without error: no mixed
// number stands here. \frac32 after a number is a factor.
ExpressionPtr MathParser::ParseMixedNumber(const Rational& whole) {
  const auto is_part = [this](size_t ahead) {
    return peek(ahead).kind == TokenKind::kNumber &&
           peek(ahead).decimal_places < 0 && peek(ahead).value.sign() > 0;
  };
  Rational part;
  if (At(TokenKind::kNumber) && peek().space_before && is_part(0) &&
      peek(1).kind == TokenKind::kDivide && is_part(2) &&
      peek().value < peek(2).value) {
    fmpq_div(part.get(), peek().value.get(), peek(2).value.get());
    Advance();
    Advance();
    Advance();
  } else if (At(TokenKind::kFrac)) {
    const size_t begin = place_;
    TokenStream saved = stream_;
    ExpressionPtr fraction = ParseFrac();
    if (fraction == nullptr) return nullptr;
    const Rational& a = fraction->children[0]->number;
    const Rational& b = fraction->children[1]->number;
    if (!fraction->children[0]->is(ExpressionKind::kNumber) ||
        !fraction->children[1]->is(ExpressionKind::kNumber) || a.sign() <= 0 ||
        !(a < b) || !a.is_integer() || !b.is_integer()) {
      place_ = begin;
      stream_ = std::move(saved);
      return nullptr;
    }
    fmpq_div(part.get(), a.get(), b.get());
  } else {
    return nullptr;
  }
  fmpq_add(part.get(), part.get(), whole.get());
  return Count(MakeNumber(std::move(part)));
}

// A word of prose, or two short ones side by side: "the sum is".
bool MathParser::AtProse() const {
  size_t words = 0, letters = 0;
  for (size_t ahead = 0; peek(ahead).kind == TokenKind::kLetters; ++ahead) {
    const std::string& run = peek(ahead).text;
    if (IsProse(run) || run == "DNE") return true;
    if (run.size() >= 2) ++words;
    letters += run.size();
  }
  return words >= 2 && letters >= 5;
}

ExpressionPtr MathParser::ParseProse() {
  const size_t first = place_;
  while (At(TokenKind::kLetters)) Advance();
  const size_t begin = stream_.tokens[first].begin;
  return Count(MakeText(PlainWords(
      source_.substr(begin, stream_.tokens[place_ - 1].end - begin))));
}

ExpressionPtr MathParser::ParseLetters() {
  if (AtProse()) return ParseProse();
  if (AtDifferential()) {
    TakeLetter();
    ExpressionPtr variable =
        At(TokenKind::kLetters) ? TakeLetter() : ParseNamedAtom();
    if (variable == nullptr) return nullptr;
    differential_ = variable->name;
    return MakeInteger(1);
  }
  return TakeLetter();
}

// "dx" under an integral sign.
bool MathParser::AtDifferential() const {
  if (integrals_ == 0 || !At(TokenKind::kLetters) || peek().text[0] != 'd') {
    return false;
  }
  return peek().text.size() > 1 || peek(1).kind == TokenKind::kLetters ||
         peek(1).kind == TokenKind::kSymbol;
}

// The first letter of a run: e and i are numbers unless they are bound, carry
// an index, or are the whole of a name.
ExpressionPtr MathParser::TakeLetter() {
  MathToken& token = stream_.tokens[place_];
  const std::string letter = token.text.substr(0, CharacterLength(token.text));
  token.text.erase(0, letter.size());
  token.begin += static_cast<uint32_t>(letter.size());
  read_to_ = token.begin;
  const bool last = token.text.empty();
  if (last) Advance();
  const bool indexed =
      last && (At(TokenKind::kUnderscore) || At(TokenKind::kPrime));
  const bool bound =
      std::find(bound_.begin(), bound_.end(), letter) != bound_.end();
  if (!indexed && !bound) {
    if (letter == "e") return Count(MakeConstant(MathConstant::kEuler));
    if (letter == "i" ||
        (letter == "I" &&
         options_.imaginary == ImaginaryUnits::kLowerAndUpperI)) {
      return Count(MakeConstant(MathConstant::kImaginary));
    }
  }
  return Count(MakeSymbol(letter));
}

ExpressionPtr MathParser::ParseAccent() {
  const std::string accent = peek().text;
  Advance();
  const size_t first = peek().begin;
  if (ParseTexArgument(true) == nullptr) return nullptr;
  std::string text = SourceFrom(first);
  if (absl::StartsWith(text, "{") && absl::EndsWith(text, "}")) {
    text = text.substr(1, text.size() - 2);
  }
  return Count(MakeSymbol(absl::StrCat(accent, "{", text, "}")));
}

ExpressionPtr MathParser::ParseNumberSet() {
  Expression node;
  node.kind = ExpressionKind::kNumberSet;
  node.name = peek().text;
  Advance();
  const size_t first = place_;
  const size_t begin = peek().begin;
  while (At(TokenKind::kCaret) || At(TokenKind::kUnderscore)) {
    Advance();
    if (At(TokenKind::kPlus) || At(TokenKind::kMinus) ||
        At(TokenKind::kTimes)) {
      Advance();
    } else if (At(TokenKind::kOpenBrace)) {
      while (!At(TokenKind::kCloseBrace) && !At(TokenKind::kEnd)) Advance();
      if (!Accept(TokenKind::kCloseBrace)) return Fail("a brace is missing");
    } else if (ParseTexArgument(true) == nullptr) {
      return nullptr;
    }
  }
  if (place_ > first) absl::StrAppend(&node.name, SourceFrom(begin));
  return Count(std::make_shared<Expression>(std::move(node)));
}

}  // namespace limbeck
