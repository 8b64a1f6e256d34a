// The parser's class, shared by the files that implement its parts: operators
// by binding power, atoms, functions, brackets and lists.
#ifndef LIMBECK_DATA_VERIFY_MATH_MATH_PARSER_STATE_H_
#define LIMBECK_DATA_VERIFY_MATH_MATH_PARSER_STATE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "data/verify/math/expression.h"
#include "data/verify/math/math_options.h"
#include "data/verify/math/math_tokens.h"

namespace limbeck {

// Binding powers: an operator takes operands that bind tighter.
enum BindingPower : int {
  kSetPower = 20,  // union, difference
  kIntersectPower = 22,
  kRatioPower = 25,
  kSumPower = 30,
  kProductPower = 40,   // * / mod
  kSignPower = 45,      // -x in a product: -1 mod 2 is (-1) mod 2
  kImplicitPower = 50,  // 2x: tighter than 1/2x reads
};

// Every Parse function returns null after a failure; error() tells the first.
class MathParser {
 public:
  MathParser(TokenStream stream, absl::string_view source,
             const MathOptions& options, unsigned reading);

  ExpressionPtr ParseAnswer();
  const absl::Status& error() const { return error_; }
  unsigned ambiguities() const { return ambiguities_; }

 private:
  class DepthGuard;
  struct Items;

  // Tokens.
  const MathToken& peek(size_t ahead = 0) const;
  bool At(TokenKind kind) const { return peek().kind == kind; }
  bool Accept(TokenKind kind);
  void Advance();
  ExpressionPtr Fail(absl::string_view what);
  ExpressionPtr Count(ExpressionPtr node);  // refuses too many nodes
  // The source from byte `begin` to where it was read to, without blanks.
  std::string SourceFrom(size_t begin) const;

  // Lists and relations (parse_lists.cc).
  bool ParseItems(Items& items);
  ExpressionPtr BuildList(Items items, ExpressionKind kind);
  static void GroupByConnective(Items& items);
  ExpressionPtr ParseRelation();
  ExpressionPtr ParseRelationSide();
  ExpressionPtr ParseTrailingUnit(ExpressionPtr value);
  bool AtUnit() const;
  bool AtUnitExponent(size_t ahead) const;
  bool AtOutwardInterval() const;
  bool AtItemEnd(size_t ahead) const;
  size_t UnitLength() const;

  // Operators (parse_operators.cc).
  ExpressionPtr ParseOperand(int min_power);
  ExpressionPtr ParsePrefix();
  ExpressionPtr ParseInfix(ExpressionPtr left, int power);
  ExpressionPtr ParseSum(ExpressionPtr first);
  ExpressionPtr ParseQuotient(ExpressionPtr left);
  ExpressionPtr ParseJuxtaposed(ExpressionPtr left);
  int InfixPower() const;
  bool StartsAtom(size_t ahead = 0) const;
  ExpressionPtr ParsePostfix(ExpressionPtr atom);
  ExpressionPtr ParseCaret(ExpressionPtr base);
  ExpressionPtr ParseExponent();
  ExpressionPtr ParseSubscript(ExpressionPtr base);
  ExpressionPtr ParseBangs(ExpressionPtr base);
  ExpressionPtr ParseApplication(ExpressionPtr name);
  bool AtApplication(const Expression& name) const;

  // Atoms (parse_atoms.cc).
  ExpressionPtr ParseAtom();
  ExpressionPtr ParseNamedAtom();
  ExpressionPtr ParseNumber();
  ExpressionPtr ParseMixedNumber(const Rational& whole);
  ExpressionPtr ParseLetters();
  ExpressionPtr TakeLetter();
  ExpressionPtr ParseProse();
  bool AtProse() const;
  bool AtDifferential() const;
  ExpressionPtr ParseAccent();
  ExpressionPtr ParseNumberSet();

  // Brackets (parse_brackets.cc).
  ExpressionPtr ParseBracket();
  ExpressionPtr ParseTexGroup();
  ExpressionPtr ParseSet();
  ExpressionPtr ParseSetConditions(ExpressionPtr element);
  ExpressionPtr ParseBars();
  ExpressionPtr ParseRounding();
  ExpressionPtr ParseEnvironment();
  ExpressionPtr BuildEnvironment(absl::string_view name,
                                 std::vector<ExpressionPtr> cells,
                                 size_t columns);
  ExpressionPtr ParseOutwardInterval();

  // Functions and big operators (parse_functions.cc).
  ExpressionPtr ParseFunction();
  ExpressionPtr ParseArguments(MathFunction function);
  ExpressionPtr ParseBareArgument();
  ExpressionPtr ParseFrac();
  ExpressionPtr ParseDerivative();
  bool AtDerivative() const;
  ExpressionPtr ParseRoot();
  ExpressionPtr ParseBinomial();
  ExpressionPtr ParseBigOperator();
  ExpressionPtr ParseIntegral();
  ExpressionPtr ParseLimit();
  // One argument as TeX takes it: a group, one digit, one letter, one command.
  ExpressionPtr ParseTexArgument(bool whole_number);

  TokenStream stream_;
  const absl::string_view source_;
  const MathOptions& options_;
  const unsigned reading_;
  absl::Status error_;
  unsigned ambiguities_ = 0;
  size_t place_ = 0;
  size_t read_to_ = 0;  // bytes; a run of letters is read one by one
  int depth_ = 0;
  int nodes_ = 0;
  int open_bars_ = 0;
  // Inside \{...\}: a bar or colon ends the element.
  bool in_set_ = false;
  bool in_environment_ = false;
  bool outward_interval_ = false;  // ]0, 1[: the next [ closes
  bool in_limit_point_ = false;
  int integrals_ = 0;
  std::string differential_;  // the variable of the innermost integral
  std::vector<std::string> bound_;
  size_t item_begin_ = 0;
  // The product that juxtaposition built last, to tell 1/2x from 1/(2x).
  const Expression* juxtaposed_ = nullptr;
};

class MathParser::DepthGuard {
 public:
  explicit DepthGuard(MathParser* parser) : parser_(parser) {
    ++parser_->depth_;
  }
  ~DepthGuard() { --parser_->depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  bool too_deep() const;

 private:
  MathParser* const parser_;
};

// A comma-separated list while it is read.
struct MathParser::Items {
  std::vector<ExpressionPtr> items;
  std::vector<size_t> groups;  // items before each semicolon
  std::string connective;      // "and" or "or", where one stood between items
  std::vector<size_t> connected;  // items before each such word
};

// A set of one element in braces that were meant as brackets.
ExpressionPtr Unwrapped(const ExpressionPtr& node);
bool ClosesBracket(TokenKind kind);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_MATH_PARSER_STATE_H_
