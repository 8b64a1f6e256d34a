// Lists, relations and the units behind a value.
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/verify/math/math_limits.h"
#include "data/verify/math/math_parser.h"
#include "data/verify/math/math_parser_state.h"
#include "data/verify/math/units.h"

namespace limbeck {
namespace {

bool Separates(TokenKind kind) {
  switch (kind) {
    case TokenKind::kComma:
    case TokenKind::kSemicolon:
    case TokenKind::kAnd:
    case TokenKind::kOr:
    case TokenKind::kQuad:
    case TokenKind::kNewline:
      return true;
    default:
      return false;
  }
}

// "x = 1" or "x \in {1}", to which further values may be listed.
bool TakesMoreValues(const Expression& item) {
  return item.is(ExpressionKind::kRelation) && item.relations.size() == 1 &&
         (item.relations[0] == MathRelation::kEqual ||
          item.relations[0] == MathRelation::kIn);
}

}  // namespace

// "p = 5, q = 2 and p = 7, q = 2": the word parts groups of equal length.
void MathParser::GroupByConnective(Items& items) {
  if (items.connected.empty()) return;
  const size_t length = items.connected[0];
  if (length < 2 ||
      items.items.size() != length * (items.connected.size() + 1)) {
    return;
  }
  for (size_t i = 0; i < items.connected.size(); ++i) {
    if (items.connected[i] != (i + 1) * length) return;
  }
  for (const ExpressionPtr& item : items.items) {
    if (!item->is(ExpressionKind::kRelation)) return;
  }
  items.groups = items.connected;
}

ExpressionPtr MathParser::ParseAnswer() {
  // "= 5", "\approx 5": what stood before was cut off.
  if (At(TokenKind::kRelation) &&
      (peek().relation == MathRelation::kEqual ||
       peek().relation == MathRelation::kApproximately)) {
    Advance();
  }
  Items items;
  if (!ParseItems(items)) return nullptr;
  if (At(TokenKind::kColon)) Advance();
  if (!At(TokenKind::kEnd)) return Fail("cannot read on");
  if (items.items.empty()) return Fail("nothing to read");
  return BuildList(std::move(items), ExpressionKind::kList);
}

// A ] where an operand is to begin: ]0, 1[.
bool MathParser::AtOutwardInterval() const {
  if (!At(TokenKind::kCloseBracket)) return false;
  return place_ == 0 || stream_.tokens[place_ - 1].kind == TokenKind::kGroup;
}

bool MathParser::ParseItems(Items& items) {
  while (!AtItemEnd(0) || AtOutwardInterval()) {
    if (items.items.size() >= size_t{kMaxListItems}) {
      error_ = absl::ResourceExhaustedError(
          absl::StrCat("a list of more than ", kMaxListItems, " items"));
      return false;
    }
    item_begin_ = place_;
    ExpressionPtr item = ParseRelation();
    if (item == nullptr) return false;
    items.items.push_back(std::move(item));
    bool separated = false;
    int commas = 0;
    while (Separates(peek().kind) &&
           !(in_environment_ && At(TokenKind::kNewline))) {
      if (At(TokenKind::kSemicolon)) items.groups.push_back(items.items.size());
      if (At(TokenKind::kComma) && ++commas > 1) break;
      if (At(TokenKind::kAnd) || At(TokenKind::kOr)) {
        items.connective = At(TokenKind::kAnd) ? "and" : "or";
        items.connected.push_back(items.items.size());
      }
      separated = true;
      Advance();
    }
    if (!separated) break;
  }
  return true;
}

ExpressionPtr MathParser::BuildList(Items items, ExpressionKind kind) {
  if (items.items.size() == 1) return items.items[0];
  if (items.groups.empty()) GroupByConnective(items);
  if (!items.groups.empty() && kind == ExpressionKind::kList) {
    // "1,2; 3,4" lists the tuples (1,2) and (3,4).
    std::vector<ExpressionPtr> tuples;
    size_t begin = 0;
    items.groups.push_back(items.items.size());
    for (const size_t end : items.groups) {
      if (end == begin) continue;
      std::vector<ExpressionPtr> group(items.items.begin() + begin,
                                       items.items.begin() + end);
      begin = end;
      tuples.push_back(group.size() == 1 ? group[0]
                                         : MakeNode(ExpressionKind::kTuple,
                                                    std::move(group)));
    }
    if (tuples.size() == 1) return tuples[0];
    return Count(MakeNode(kind, std::move(tuples)));
  }
  // "x = 1, 2" lists the values of x.
  if (kind == ExpressionKind::kList && TakesMoreValues(*items.items[0])) {
    bool values = true;
    for (size_t i = 1; i < items.items.size(); ++i) {
      values &= !items.items[i]->is(ExpressionKind::kRelation);
    }
    if (values) {
      const ExpressionPtr relation = items.items[0];
      items.items[0] = relation->children[1];
      return Count(WithChildren(
          relation, {relation->children[0],
                     MakeNode(ExpressionKind::kList, std::move(items.items))}));
    }
  }
  Expression list;
  list.kind = kind;
  if (kind == ExpressionKind::kList) list.name = items.connective;
  list.children = std::move(items.items);
  return Count(std::make_shared<Expression>(std::move(list)));
}

ExpressionPtr MathParser::ParseRelation() {
  const DepthGuard guard(this);
  if (guard.too_deep()) return nullptr;
  ExpressionPtr left = ParseRelationSide();
  if (left == nullptr) return nullptr;
  if (At(TokenKind::kOver) || At(TokenKind::kChoose)) {
    const bool over = At(TokenKind::kOver);
    Advance();
    ExpressionPtr right = ParseRelationSide();
    if (right == nullptr) return nullptr;
    return Count(over ? MakeNode(ExpressionKind::kQuotient, {left, right})
                      : MakeFunction(MathFunction::kBinomial, {left, right}));
  }
  if (!At(TokenKind::kRelation)) return left;
  Expression chain;
  chain.kind = ExpressionKind::kRelation;
  chain.children.push_back(std::move(left));
  while (At(TokenKind::kRelation)) {
    chain.relations.push_back(peek().relation);
    Advance();
    // The same sign twice over a line break.
    ExpressionPtr side = ParseRelationSide();
    if (side == nullptr) return nullptr;
    chain.children.push_back(std::move(side));
  }
  if (Accept(TokenKind::kParenMod)) {
    ExpressionPtr modulus = ParseTexArgument(true);
    if (modulus == nullptr) return nullptr;
    chain.children.push_back(std::move(modulus));
  }
  return Count(std::make_shared<Expression>(std::move(chain)));
}

ExpressionPtr MathParser::ParseRelationSide() {
  ExpressionPtr value = ParseOperand(kSetPower);
  if (value == nullptr) return nullptr;
  return ParseTrailingUnit(std::move(value));
}

// Whether an item of a list ends at this token.
bool MathParser::AtItemEnd(size_t ahead) const {
  const TokenKind kind = peek(ahead).kind;
  return kind == TokenKind::kEnd || kind == TokenKind::kAmpersand ||
         kind == TokenKind::kEndOf || kind == TokenKind::kMid ||
         ClosesBracket(kind) ||
         (in_environment_ && kind == TokenKind::kNewline) ||
         (outward_interval_ && kind == TokenKind::kOpenBracket) ||
         (open_bars_ > 0 && kind == TokenKind::kBar);
}

// Tokens of a unit from here to the end of the item; 0: there is none.
size_t MathParser::UnitLength() const {
  size_t length = 0;
  bool any = false;
  for (;; ++length) {
    const MathToken& token = peek(length);
    if (token.kind == TokenKind::kText) {
      any = true;
    } else if (token.kind == TokenKind::kLetters) {
      // A single letter is a unit only in "m/s": else a variable.
      const bool after_slash =
          length > 0 && peek(length - 1).kind == TokenKind::kDivide;
      if (!IsUnitWord(token.text) && !IsProse(token.text) && !after_slash &&
          !any) {
        return 0;
      }
      any = true;
    } else if (token.kind == TokenKind::kRelation ||
               token.kind == TokenKind::kOver || Separates(token.kind) ||
               AtItemEnd(length)) {
      return any ? length : 0;
    } else if (any && token.kind == TokenKind::kNumber &&
               !AtUnitExponent(length)) {
      return length;  // 5 feet 6 inches
    } else if (!any || (token.kind != TokenKind::kCaret &&
                        token.kind != TokenKind::kNumber &&
                        token.kind != TokenKind::kOpenBrace &&
                        token.kind != TokenKind::kCloseBrace &&
                        token.kind != TokenKind::kDivide)) {
      return 0;
    }
  }
}

// The 2 of cm^2 or cm^{2}.
bool MathParser::AtUnitExponent(size_t ahead) const {
  const size_t at = place_ + ahead;
  if (at == 0) return false;
  const TokenKind before = stream_.tokens[at - 1].kind;
  return before == TokenKind::kCaret ||
         (at >= 2 && before == TokenKind::kOpenBrace &&
          stream_.tokens[at - 2].kind == TokenKind::kCaret);
}

bool MathParser::AtUnit() const {
  if (At(TokenKind::kText)) return true;
  return At(TokenKind::kLetters) && UnitLength() > 0;
}

ExpressionPtr MathParser::ParseTrailingUnit(ExpressionPtr value) {
  if (!AtUnit() || value->is(ExpressionKind::kText)) return value;
  const size_t length = UnitLength();
  if (length == 0) return value;
  const size_t first = place_;
  for (size_t i = 0; i < length; ++i) Advance();
  const std::string words = PlainWords(source_.substr(
      stream_.tokens[first].begin,
      stream_.tokens[place_ - 1].end - stream_.tokens[first].begin));
  if (words.empty()) return value;
  if (words == "percent" || words == "pct" || words == "percentage") {
    return Count(MakeNode(ExpressionKind::kPercent, {std::move(value)}));
  }
  if (words == "degrees" || words == "degree" || words == "deg") {
    return Count(MakeNode(ExpressionKind::kDegree, {std::move(value)}));
  }
  Expression node;
  node.kind = ExpressionKind::kUnit;
  node.name = words;
  node.children.push_back(std::move(value));
  ExpressionPtr part = Count(std::make_shared<Expression>(std::move(node)));
  if (part == nullptr || !At(TokenKind::kNumber)) return part;
  // 2 hours 30 minutes
  ExpressionPtr rest = ParseRelationSide();
  if (rest == nullptr) return nullptr;
  if (!rest->is(ExpressionKind::kUnit) && !rest->is(ExpressionKind::kSum)) {
    return Fail("a number behind a unit");
  }
  return Count(
      MakeNode(ExpressionKind::kSum, {std::move(part), std::move(rest)}));
}

}  // namespace limbeck
