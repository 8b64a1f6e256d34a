// Functions, fractions, roots, sums, products, integrals and limits.
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/verify/math/math_parser_state.h"

namespace limbeck {
namespace {

bool TakesSeveral(MathFunction function) {
  return function == MathFunction::kGcd || function == MathFunction::kLcm ||
         function == MathFunction::kMin || function == MathFunction::kMax;
}

bool OpensBracket(TokenKind kind) {
  return kind == TokenKind::kOpenParen || kind == TokenKind::kOpenBracket ||
         kind == TokenKind::kOpenBrace || kind == TokenKind::kOpenSet;
}

// The inverse that \sin^{-1} means; false for functions that have none.
bool InverseOf(MathFunction function, MathFunction& inverse) {
  const int value = static_cast<int>(function);
  const int first = static_cast<int>(MathFunction::kSin);
  const int count = 6;
  if (value >= first && value < first + count) {
    inverse = static_cast<MathFunction>(value + count);
    return true;
  }
  switch (function) {
    case MathFunction::kSinh:
      inverse = MathFunction::kArsinh;
      return true;
    case MathFunction::kCosh:
      inverse = MathFunction::kArcosh;
      return true;
    case MathFunction::kTanh:
      inverse = MathFunction::kArtanh;
      return true;
    default:
      return false;
  }
}

bool IsMinusOne(const Expression& node) {
  return node.is(ExpressionKind::kNegate) &&
         node.children[0]->is(ExpressionKind::kNumber) &&
         node.children[0]->number == Rational(1);
}

}  // namespace

ExpressionPtr MathParser::ParseTexArgument(bool whole_number) {
  switch (peek().kind) {
    case TokenKind::kOpenBrace: {
      Advance();
      Items items;
      const int bars = std::exchange(open_bars_, 0);
      const bool rows = std::exchange(in_environment_, false);
      const bool read = ParseItems(items);
      open_bars_ = bars;
      in_environment_ = rows;
      if (!read) return nullptr;
      if (items.items.empty()) return Fail("empty braces");
      if (!Accept(TokenKind::kCloseBrace)) return Fail("a brace is not closed");
      return BuildList(std::move(items), ExpressionKind::kList);
    }
    case TokenKind::kNumber: {
      MathToken& token = stream_.tokens[place_];
      if (whole_number || token.text.size() == 1) {
        Expression node;
        node.number = token.value;
        node.decimal_places = token.decimal_places;
        node.name = token.text;
        Advance();
        return Count(std::make_shared<Expression>(std::move(node)));
      }
      if (token.decimal_places >= 0) return Fail("a decimal without braces");
      // \frac12: one digit each.
      ExpressionPtr digit = MakeInteger(token.text[0] - '0');
      token.text.erase(0, 1);
      ++token.begin;
      read_to_ = token.begin;
      RationalFromDigits(token.text, 10, token.value);
      return Count(std::move(digit));
    }
    case TokenKind::kLetters:
      return TakeLetter();
    default:
      return ParseAtom();
  }
}

ExpressionPtr MathParser::ParseFunction() {
  const MathToken token = peek();
  MathFunction function = token.function;
  Advance();
  ExpressionPtr power, base;
  while (At(TokenKind::kCaret) || At(TokenKind::kUnderscore)) {
    const bool caret = At(TokenKind::kCaret);
    Advance();
    ExpressionPtr& script = caret ? power : base;
    // \log_23 is log_2(3), \sin^2x the square.
    script = ParseTexArgument(false);
    if (script == nullptr) return nullptr;
  }
  if (base != nullptr && function != MathFunction::kLog) {
    return Fail("an index of a function");
  }
  if (function == MathFunction::kLog && base == nullptr &&
      At(TokenKind::kNumber) && !peek().space_before &&
      peek(1).kind == TokenKind::kOpenParen) {
    base = ParseTexArgument(true);  // log2(8)
  }
  if (power != nullptr && IsMinusOne(*power) && InverseOf(function, function)) {
    power = nullptr;
  }
  ExpressionPtr result = ParseArguments(function);
  if (result == nullptr) return nullptr;
  if (function == MathFunction::kLog) {
    if (base == nullptr && token.text != "lg") {
      ambiguities_ |= kLogarithmBase;
      if ((reading_ & kLogarithmBase) != 0) {
        base = MakeConstant(MathConstant::kEuler);
      }
    }
    if (base == nullptr) base = MakeInteger(10);
    result = MakeFunction(function, {result->children[0], std::move(base)});
  }
  if (power != nullptr) {
    result = MakeNode(ExpressionKind::kPower, {result, std::move(power)});
  }
  return Count(std::move(result));
}

ExpressionPtr MathParser::ParseArguments(MathFunction function) {
  if (!OpensBracket(peek().kind)) {
    ExpressionPtr argument = ParseBareArgument();
    if (argument == nullptr) return nullptr;
    return Count(MakeFunction(function, {std::move(argument)}));
  }
  const ExpressionPtr bracket =
      At(TokenKind::kOpenBrace) ? ParseTexArgument(true) : ParseAtom();
  if (bracket == nullptr) return nullptr;
  const bool several = bracket->is(ExpressionKind::kTuple) ||
                       bracket->is(ExpressionKind::kList) ||
                       bracket->is(ExpressionKind::kInterval) ||
                       bracket->is(ExpressionKind::kSet);
  if (several && TakesSeveral(function)) {
    return Count(MakeFunction(function, bracket->children));
  }
  if (several && bracket->children.size() != 1) {
    return Fail("too many arguments");
  }
  return Count(MakeFunction(function, {Unwrapped(bracket)}));
}

// What \sin takes without brackets: the factors side by side up to the next
// function, bracket or operator.
ExpressionPtr MathParser::ParseBareArgument() {
  if (At(TokenKind::kMinus)) {
    Advance();
    ExpressionPtr argument = ParseBareArgument();
    return argument == nullptr ? nullptr
                               : Count(MakeNegate(std::move(argument)));
  }
  const bool function = At(TokenKind::kFunction);
  if (!StartsAtom()) return Fail("the argument of a function is missing");
  std::vector<ExpressionPtr> factors;
  bool number_only = At(TokenKind::kNumber);
  do {
    const bool bracket = OpensBracket(peek().kind);
    ExpressionPtr atom = ParseAtom();
    if (atom == nullptr) return nullptr;
    atom = ParsePostfix(std::move(atom));
    if (atom == nullptr) return nullptr;
    factors.push_back(Unwrapped(atom));
    if (function || bracket) break;
    number_only &= factors.size() == 1;
    if (number_only && At(TokenKind::kOpenParen)) continue;
    switch (peek().kind) {
      case TokenKind::kLetters:
        if (AtUnit() || AtDifferential()) break;
        continue;
      case TokenKind::kSymbol:
      case TokenKind::kConstant:
      case TokenKind::kFrac:
      case TokenKind::kSqrt:
      case TokenKind::kName:
      case TokenKind::kAccent:
        continue;
      default:
        break;
    }
    break;
  } while (true);
  if (factors.size() == 1) return factors[0];
  return Count(MakeNode(ExpressionKind::kProduct, std::move(factors)));
}

// \frac{d}{dx}
bool MathParser::AtDerivative() const {
  const auto is_d = [this](size_t ahead) {
    return peek(ahead).kind == TokenKind::kPartial ||
           (peek(ahead).kind == TokenKind::kLetters &&
            peek(ahead).text[0] == 'd');
  };
  return peek(1).kind == TokenKind::kOpenBrace && is_d(2) &&
         (peek(2).kind == TokenKind::kPartial || peek(2).text == "d") &&
         peek(3).kind == TokenKind::kCloseBrace &&
         peek(4).kind == TokenKind::kOpenBrace && is_d(5);
}

ExpressionPtr MathParser::ParseDerivative() {
  for (int i = 0; i < 5; ++i) Advance();
  Expression node;
  node.kind = ExpressionKind::kDerivative;
  if (!Accept(TokenKind::kPartial)) TakeLetter();
  const ExpressionPtr variable =
      At(TokenKind::kLetters) ? TakeLetter() : ParseNamedAtom();
  if (variable == nullptr) return nullptr;
  if (!variable->is(ExpressionKind::kSymbol)) return Fail("a variable");
  node.name = variable->name;
  if (!Accept(TokenKind::kCloseBrace)) return Fail("a brace is not closed");
  if (!StartsAtom()) return Fail("a derivative of nothing");
  ExpressionPtr body = ParseOperand(kProductPower);
  if (body == nullptr) return nullptr;
  node.children.push_back(Unwrapped(body));
  return Count(std::make_shared<Expression>(std::move(node)));
}

ExpressionPtr MathParser::ParseFrac() {
  Advance();
  ExpressionPtr numerator = ParseTexArgument(false);
  if (numerator == nullptr) return nullptr;
  ExpressionPtr denominator = ParseTexArgument(false);
  if (denominator == nullptr) return nullptr;
  return Count(MakeNode(ExpressionKind::kQuotient,
                        {Unwrapped(numerator), Unwrapped(denominator)}));
}

ExpressionPtr MathParser::ParseRoot() {
  const bool cube = peek().text == "3";
  Advance();
  ExpressionPtr index = cube ? MakeInteger(3) : nullptr;
  if (At(TokenKind::kOpenBracket)) {
    index = ParseBracket();
    if (index == nullptr) return nullptr;
  }
  ExpressionPtr radicand = ParseTexArgument(true);
  if (radicand == nullptr) return nullptr;
  std::vector<ExpressionPtr> arguments = {Unwrapped(radicand)};
  if (index != nullptr) arguments.push_back(std::move(index));
  return Count(MakeFunction(MathFunction::kSqrt, std::move(arguments)));
}

ExpressionPtr MathParser::ParseBinomial() {
  Advance();
  if (At(TokenKind::kOpenParen)) {
    ExpressionPtr pair = ParseBracket();
    if (pair == nullptr) return nullptr;
    if (pair->children.size() != 2) return Fail("a binomial of two");
    return Count(MakeFunction(MathFunction::kBinomial, pair->children));
  }
  ExpressionPtr n = ParseTexArgument(false);
  if (n == nullptr) return nullptr;
  ExpressionPtr k = ParseTexArgument(false);
  if (k == nullptr) return nullptr;
  return Count(MakeFunction(MathFunction::kBinomial, {n, k}));
}

// \sum_{k=1}^{n} and \prod.
ExpressionPtr MathParser::ParseBigOperator() {
  Expression node;
  node.kind = At(TokenKind::kBigSum) ? ExpressionKind::kSummation
                                     : ExpressionKind::kProductOver;
  Advance();
  const size_t bound_before = bound_.size();
  ExpressionPtr range, last;
  while (At(TokenKind::kCaret) || At(TokenKind::kUnderscore)) {
    const bool caret = At(TokenKind::kCaret);
    Advance();
    if (!caret && peek(1).kind == TokenKind::kLetters) {
      bound_.push_back(peek(1).text);  // i is an index here
    }
    ExpressionPtr& script = caret ? last : range;
    script = ParseTexArgument(true);
    if (script == nullptr) return nullptr;
  }
  if (range == nullptr || last == nullptr ||
      !range->is(ExpressionKind::kRelation) || range->children.size() != 2 ||
      range->relations[0] != MathRelation::kEqual ||
      !range->children[0]->is(ExpressionKind::kSymbol)) {
    return Fail("a sum or product without bounds");
  }
  node.name = range->children[0]->name;
  ExpressionPtr body = ParseOperand(kProductPower);
  bound_.resize(bound_before);
  if (body == nullptr) return nullptr;
  node.children = {Unwrapped(body), range->children[1], std::move(last)};
  return Count(std::make_shared<Expression>(std::move(node)));
}

ExpressionPtr MathParser::ParseIntegral() {
  Expression node;
  node.kind = ExpressionKind::kIntegral;
  Advance();
  ExpressionPtr lower, upper;
  while (At(TokenKind::kCaret) || At(TokenKind::kUnderscore)) {
    ExpressionPtr& script = At(TokenKind::kCaret) ? upper : lower;
    Advance();
    if (At(TokenKind::kOpenBrace) && peek(1).kind == TokenKind::kCloseBrace) {
      Advance();
      Advance();
      continue;
    }
    // \int_0^7: a bare number is one digit.
    script = ParseTexArgument(false);
    if (script == nullptr) return nullptr;
  }
  ++integrals_;
  std::string outer = std::exchange(differential_, "");
  ExpressionPtr body = ParseOperand(kSumPower);
  node.name = std::exchange(differential_, std::move(outer));
  --integrals_;
  if (body == nullptr) return nullptr;
  node.children.push_back(Unwrapped(body));
  if ((lower == nullptr) != (upper == nullptr)) return Fail("one bound only");
  if (lower != nullptr) {
    node.children.push_back(std::move(lower));
    node.children.push_back(std::move(upper));
  }
  return Count(std::make_shared<Expression>(std::move(node)));
}

ExpressionPtr MathParser::ParseLimit() {
  Expression node;
  node.kind = ExpressionKind::kLimit;
  Advance();
  if (!Accept(TokenKind::kUnderscore)) return Fail("a limit without a point");
  in_limit_point_ = true;
  const ExpressionPtr point = ParseTexArgument(true);
  in_limit_point_ = false;
  if (point == nullptr) return nullptr;
  if (!point->is(ExpressionKind::kRelation) || point->children.size() != 2 ||
      point->relations[0] != MathRelation::kArrow ||
      !point->children[0]->is(ExpressionKind::kSymbol)) {
    return Fail("a limit without a point");
  }
  node.name = point->children[0]->name;
  ExpressionPtr body = ParseOperand(kProductPower);
  if (body == nullptr) return nullptr;
  node.children = {Unwrapped(body), point->children[1]};
  return Count(std::make_shared<Expression>(std::move(node)));
}

}  // namespace limbeck
