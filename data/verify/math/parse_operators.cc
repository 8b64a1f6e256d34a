// Operators by binding power, and what follows an atom: powers, subscripts,
// factorials, percent and degree signs.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/verify/math/math_limits.h"
#include "data/verify/math/math_parser_state.h"

namespace limbeck {

ExpressionPtr Unwrapped(const ExpressionPtr& node) {
  return node->is(ExpressionKind::kSet) && node->children.size() == 1
             ? node->children[0]
             : node;
}

ExpressionPtr MathParser::ParseOperand(int min_power) {
  const DepthGuard guard(this);
  if (guard.too_deep()) return nullptr;
  ExpressionPtr left = ParsePrefix();
  while (left != nullptr) {
    const int power = InfixPower();
    if (power == 0 || power < min_power) return left;
    left = ParseInfix(std::move(left), power);
  }
  return nullptr;
}

ExpressionPtr MathParser::ParsePrefix() {
  const TokenKind kind = peek().kind;
  switch (kind) {
    case TokenKind::kPlus:
      Advance();
      return ParseOperand(kSignPower);
    case TokenKind::kMinus:
    case TokenKind::kPlusMinus:
    case TokenKind::kMinusPlus: {
      Advance();
      ExpressionPtr child = ParseOperand(kSignPower);
      if (child == nullptr) return nullptr;
      const ExpressionKind sign =
          kind == TokenKind::kMinus       ? ExpressionKind::kNegate
          : kind == TokenKind::kPlusMinus ? ExpressionKind::kPlusMinus
                                          : ExpressionKind::kMinusPlus;
      return Count(MakeNode(sign, {std::move(child)}));
    }
    case TokenKind::kCurrency: {
      Expression unit;
      unit.kind = ExpressionKind::kUnit;
      unit.name = peek().text;
      Advance();
      ExpressionPtr child = ParseOperand(kSignPower);
      if (child == nullptr) return nullptr;
      unit.children.push_back(std::move(child));
      return Count(std::make_shared<Expression>(std::move(unit)));
    }
    default: {
      ExpressionPtr atom = ParseAtom();
      return atom == nullptr ? nullptr : ParsePostfix(std::move(atom));
    }
  }
}

bool MathParser::StartsAtom(size_t ahead) const {
  switch (peek(ahead).kind) {
    case TokenKind::kNumber:
    case TokenKind::kLetters:
    case TokenKind::kSymbol:
    case TokenKind::kConstant:
    case TokenKind::kFunction:
    case TokenKind::kAccent:
    case TokenKind::kName:
    case TokenKind::kDots:
    case TokenKind::kOpenParen:
    case TokenKind::kOpenBrace:
    case TokenKind::kOpenSet:
    case TokenKind::kOpenBar:
    case TokenKind::kOpenFloor:
    case TokenKind::kOpenCeil:
    case TokenKind::kOpenAngle:
    case TokenKind::kFrac:
    case TokenKind::kSqrt:
    case TokenKind::kBinomial:
    case TokenKind::kGroup:
    case TokenKind::kBigSum:
    case TokenKind::kBigProduct:
    case TokenKind::kIntegral:
    case TokenKind::kLimit:
    case TokenKind::kBegin:
      return true;
    case TokenKind::kOpenBracket:
      return !outward_interval_;
    case TokenKind::kBar:
    case TokenKind::kDoubleBar:
      return open_bars_ == 0 && !in_set_;
    default:
      return false;
  }
}

int MathParser::InfixPower() const {
  switch (peek().kind) {
    case TokenKind::kCup:
    case TokenKind::kSetMinus:
      return kSetPower;
    case TokenKind::kCap:
      return kIntersectPower;
    case TokenKind::kColon:
      return in_set_ || peek(1).kind == TokenKind::kEnd ? 0 : kRatioPower;
    case TokenKind::kPlus:
    case TokenKind::kMinus:
    case TokenKind::kPlusMinus:
    case TokenKind::kMinusPlus:
      return integrals_ > 0 && !differential_.empty() ? 0 : kSumPower;
    case TokenKind::kTimes:
    case TokenKind::kDivide:
    case TokenKind::kMod:
      return kProductPower;
    case TokenKind::kNumber:
      // Two numbers side by side are no product, save for 3 1\frac{1}{2}.
      if (place_ > 0 && stream_.tokens[place_ - 1].kind == TokenKind::kNumber &&
          peek(1).kind != TokenKind::kFrac) {
        return 0;
      }
      return kImplicitPower;
    case TokenKind::kLetters:
      return AtUnit() ? 0 : kImplicitPower;
    default:
      return StartsAtom() ? kImplicitPower : 0;
  }
}

ExpressionPtr MathParser::ParseInfix(ExpressionPtr left, int power) {
  switch (peek().kind) {
    case TokenKind::kPlus:
    case TokenKind::kMinus:
    case TokenKind::kPlusMinus:
    case TokenKind::kMinusPlus:
      return ParseSum(std::move(left));
    case TokenKind::kDivide:
      return ParseQuotient(std::move(left));
    case TokenKind::kCup:
    case TokenKind::kCap:
    case TokenKind::kSetMinus:
    case TokenKind::kTimes:
    case TokenKind::kMod:
    case TokenKind::kColon: {
      const TokenKind kind = peek().kind;
      Advance();
      ExpressionPtr right = ParseOperand(power + 1);
      if (right == nullptr) return nullptr;
      switch (kind) {
        case TokenKind::kCup:
          return Count(MakeNode(ExpressionKind::kUnion, {left, right}));
        case TokenKind::kCap:
          return Count(MakeNode(ExpressionKind::kIntersection, {left, right}));
        case TokenKind::kSetMinus:
          return Count(MakeNode(ExpressionKind::kDifference, {left, right}));
        case TokenKind::kTimes:
          return Count(MakeNode(ExpressionKind::kProduct,
                                {Unwrapped(left), Unwrapped(right)}));
        case TokenKind::kMod:
          return Count(MakeFunction(MathFunction::kMod, {left, right}));
        default:
          break;
      }
      std::vector<ExpressionPtr> parts = {left};
      if (left->is(ExpressionKind::kRatio)) parts = left->children;
      parts.push_back(std::move(right));
      return Count(MakeNode(ExpressionKind::kRatio, std::move(parts)));
    }
    default:
      return ParseJuxtaposed(std::move(left));
  }
}

ExpressionPtr MathParser::ParseSum(ExpressionPtr first) {
  std::vector<ExpressionPtr> terms = {Unwrapped(first)};
  while (InfixPower() == kSumPower) {
    const TokenKind sign = peek().kind;
    Advance();
    ExpressionPtr term = ParseOperand(kSumPower + 1);
    if (term == nullptr) return nullptr;
    term = Unwrapped(term);
    if (sign == TokenKind::kMinus) {
      term = MakeNegate(std::move(term));
    } else if (sign != TokenKind::kPlus) {
      term =
          MakeNode(sign == TokenKind::kPlusMinus ? ExpressionKind::kPlusMinus
                                                 : ExpressionKind::kMinusPlus,
                   {std::move(term)});
    }
    if ((term = Count(std::move(term))) == nullptr) return nullptr;
    terms.push_back(std::move(term));
  }
  return Count(MakeNode(ExpressionKind::kSum, std::move(terms)));
}

ExpressionPtr MathParser::ParseQuotient(ExpressionPtr left) {
  Advance();
  juxtaposed_ = nullptr;
  // "4/3 \pi r^3" tells by its blank what 1/2x leaves open.
  const bool spaced = left->is(ExpressionKind::kNumber) && !left->grouped &&
                      At(TokenKind::kNumber) && !peek().space_before &&
                      peek(1).space_before;
  const bool loose = spaced || (reading_ & kSlashProduct) != 0;
  ExpressionPtr right =
      ParseOperand(loose ? kImplicitPower + 1 : kProductPower + 1);
  if (right == nullptr) return nullptr;
  // 1/2x is read in two ways; 1/(2x) is not.
  if (right.get() == juxtaposed_ && !right->grouped) {
    ambiguities_ |= kSlashProduct;
  }
  return Count(
      MakeNode(ExpressionKind::kQuotient, {Unwrapped(left), Unwrapped(right)}));
}

ExpressionPtr MathParser::ParseJuxtaposed(ExpressionPtr left) {
  std::vector<ExpressionPtr> factors = {Unwrapped(left)};
  while (InfixPower() == kImplicitPower) {
    ExpressionPtr factor = ParsePrefix();
    if (factor == nullptr) return nullptr;
    factors.push_back(Unwrapped(factor));
  }
  ExpressionPtr product =
      Count(MakeNode(ExpressionKind::kProduct, std::move(factors)));
  juxtaposed_ = product.get();
  return product;
}

ExpressionPtr MathParser::ParsePostfix(ExpressionPtr atom) {
  while (atom != nullptr) {
    switch (peek().kind) {
      case TokenKind::kCaret:
        atom = ParseCaret(std::move(atom));
        break;
      case TokenKind::kUnderscore:
        atom = ParseSubscript(std::move(atom));
        break;
      case TokenKind::kBang:
        atom = ParseBangs(std::move(atom));
        break;
      case TokenKind::kPercent:
      case TokenKind::kDegree:
        atom = Count(MakeNode(At(TokenKind::kPercent) ? ExpressionKind::kPercent
                                                      : ExpressionKind::kDegree,
                              {std::move(atom)}));
        Advance();
        break;
      case TokenKind::kPrime:
        if (!atom->is(ExpressionKind::kSymbol)) return Fail("a prime");
        Advance();
        atom = MakeSymbol(absl::StrCat(atom->name, "'"));
        break;
      case TokenKind::kCurrency: {
        Expression unit;
        unit.kind = ExpressionKind::kUnit;
        unit.name = peek().text;
        unit.children.push_back(std::move(atom));
        Advance();
        atom = Count(std::make_shared<Expression>(std::move(unit)));
        break;
      }
      case TokenKind::kOpenParen:
        if (!AtApplication(*atom)) return atom;
        atom = ParseApplication(std::move(atom));
        break;
      default:
        return atom;
    }
  }
  return nullptr;
}

ExpressionPtr MathParser::ParseCaret(ExpressionPtr base) {
  const DepthGuard guard(this);
  if (guard.too_deep()) return nullptr;
  Advance();
  const bool braces = At(TokenKind::kOpenBrace);
  const TokenKind inner = peek(braces ? 1 : 0).kind;
  const bool alone = !braces || peek(2).kind == TokenKind::kCloseBrace;
  const size_t length = braces ? 3 : 1;
  const bool side = in_limit_point_ &&
                    (inner == TokenKind::kPlus || inner == TokenKind::kMinus);
  if (alone &&
      (inner == TokenKind::kDegree || inner == TokenKind::kPrime || side)) {
    for (size_t i = 0; i < length; ++i) Advance();
    if (inner == TokenKind::kDegree) {
      return Count(MakeNode(ExpressionKind::kDegree, {std::move(base)}));
    }
    if (side) {
      // From above or below: kept as a mark that no other point has.
      return Count(MakeNode(inner == TokenKind::kPlus
                                ? ExpressionKind::kPlusMinus
                                : ExpressionKind::kMinusPlus,
                            {std::move(base)}));
    }
    if (!base->is(ExpressionKind::kSymbol)) return Fail("a prime");
    return MakeSymbol(absl::StrCat(base->name, "'"));
  }
  ExpressionPtr exponent = ParseExponent();
  if (exponent == nullptr) return nullptr;
  const bool symbol = exponent->is(ExpressionKind::kSymbol);
  if (base->is(ExpressionKind::kMatrix) && symbol && exponent->name == "T") {
    return Count(MakeFunction(MathFunction::kTranspose, {std::move(base)}));
  }
  if (At(TokenKind::kUnderscore) && base->is(ExpressionKind::kSymbol)) {
    base = ParseSubscript(std::move(base));  // x^2_1
    if (base == nullptr) return nullptr;
  }
  return Count(
      MakeNode(ExpressionKind::kPower, {Unwrapped(base), Unwrapped(exponent)}));
}

ExpressionPtr MathParser::ParseExponent() {
  const DepthGuard guard(this);
  if (guard.too_deep()) return nullptr;
  if (At(TokenKind::kMinus) || At(TokenKind::kPlus)) {
    const bool minus = At(TokenKind::kMinus);
    Advance();
    ExpressionPtr exponent = ParseExponent();
    if (exponent == nullptr || !minus) return exponent;
    return Count(MakeNegate(std::move(exponent)));
  }
  ExpressionPtr exponent = ParseTexArgument(true);
  if (exponent == nullptr || !At(TokenKind::kCaret)) return exponent;
  return ParseCaret(std::move(exponent));  // 2^2^3 is 2^(2^3)
}

ExpressionPtr MathParser::ParseSubscript(ExpressionPtr base) {
  Advance();
  const size_t first = peek().begin;
  ExpressionPtr subscript = ParseTexArgument(true);
  if (subscript == nullptr) return nullptr;
  if (base->is(ExpressionKind::kNumber)) {
    if (!subscript->is(ExpressionKind::kNumber) ||
        !subscript->number.IsSmallInteger(36) ||
        subscript->number.sign() <= 0 || base->decimal_places >= 0 ||
        base->name.empty()) {
      return Fail("a base that is no integer from 2 to 36");
    }
    Expression based;
    based.kind = ExpressionKind::kBased;
    based.base = static_cast<int16_t>(subscript->number.ToInt64());
    based.name = base->name;
    if (based.base < 2 ||
        !RationalFromDigits(based.name, based.base, based.number)) {
      return Fail("digits that the base has not");
    }
    return Count(std::make_shared<Expression>(std::move(based)));
  }
  std::string name = base->name;
  if (base->is(MathConstant::kEuler)) name = "e";
  if (base->is(MathConstant::kImaginary)) name = "i";
  if (!base->is(ExpressionKind::kSymbol) &&
      !base->is(ExpressionKind::kConstant)) {
    return Fail("a subscript");
  }
  std::string text = SourceFrom(first);
  if (absl::StartsWith(text, "{") && absl::EndsWith(text, "}")) {
    text = text.substr(1, text.size() - 2);
  }
  return Count(MakeSymbol(absl::StrCat(name, "_", text)));
}

ExpressionPtr MathParser::ParseBangs(ExpressionPtr base) {
  int bangs = 0;
  while (Accept(TokenKind::kBang)) ++bangs;
  if (bangs == 2) {
    return Count(
        MakeFunction(MathFunction::kDoubleFactorial, {std::move(base)}));
  }
  for (int i = 0; i < bangs && base != nullptr; ++i) {
    if (i >= kMaxMathDepth) return Fail("too many factorials");
    base = Count(MakeFunction(MathFunction::kFactorial, {std::move(base)}));
  }
  return base;
}

// f(x) and g(x) are functions; so is any letter in "P(A) = 1/2", at the front
// of an equation and with nothing but names and numbers in the brackets.
bool MathParser::AtApplication(const Expression& name) const {
  if (!name.is(ExpressionKind::kSymbol)) return false;
  const char first = name.name[0];
  if ((first == 'f' || first == 'g') &&
      (name.name.size() == 1 || name.name[1] == '\'' || name.name[1] == '_')) {
    return true;
  }
  if (place_ != item_begin_ + 1) return false;
  size_t ahead = 1;
  while (peek(ahead).kind == TokenKind::kLetters ||
         peek(ahead).kind == TokenKind::kSymbol ||
         peek(ahead).kind == TokenKind::kNumber ||
         peek(ahead).kind == TokenKind::kComma) {
    ++ahead;
  }
  return peek(ahead).kind == TokenKind::kCloseParen &&
         peek(ahead + 1).kind == TokenKind::kRelation &&
         peek(ahead + 1).relation == MathRelation::kEqual;
}

ExpressionPtr MathParser::ParseApplication(ExpressionPtr name) {
  ExpressionPtr arguments = ParseBracket();
  if (arguments == nullptr) return nullptr;
  Expression node;
  node.kind = ExpressionKind::kApply;
  node.name = name->name;
  node.children = arguments->is(ExpressionKind::kTuple)
                      ? arguments->children
                      : std::vector<ExpressionPtr>{arguments};
  return Count(std::make_shared<Expression>(std::move(node)));
}

}  // namespace limbeck
