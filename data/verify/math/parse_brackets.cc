// Brackets of all kinds: groups, tuples, intervals, sets, bars, matrices.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/verify/math/math_limits.h"
#include "data/verify/math/math_parser_state.h"

namespace limbeck {
namespace {

// Sets a variable for the length of a scope.
template <typename T>
class Scoped {
 public:
  Scoped(T& variable, T value) : variable_(variable), saved_(variable) {
    variable_ = value;
  }
  ~Scoped() { variable_ = saved_; }
  Scoped(const Scoped&) = delete;
  Scoped& operator=(const Scoped&) = delete;

 private:
  T& variable_;
  const T saved_;
};

ExpressionPtr Grouped(const ExpressionPtr& node) {
  auto copy = std::make_shared<Expression>(*node);
  copy->grouped = true;
  return copy;
}

}  // namespace

// ( or [ or \langle to its end: a group, a tuple or an interval.
ExpressionPtr MathParser::ParseBracket() {
  const Scoped<int> bars(open_bars_, 0);
  const Scoped<bool> set(in_set_, false);
  const Scoped<bool> rows(in_environment_, false);
  const Scoped<bool> outward(outward_interval_, false);
  const Scoped<size_t> begin(item_begin_, item_begin_);
  const TokenKind open = peek().kind;
  Advance();
  Items items;
  if (!ParseItems(items)) return nullptr;
  const TokenKind close = peek().kind;
  const bool angle = open == TokenKind::kOpenAngle;
  if (angle != (close == TokenKind::kCloseAngle) ||
      (!angle && close != TokenKind::kCloseParen &&
       close != TokenKind::kCloseBracket)) {
    return Fail("a bracket is not closed");
  }
  Advance();
  const bool left_open = open != TokenKind::kOpenBracket;
  const bool right_open = close != TokenKind::kCloseBracket;
  if (items.items.empty()) return Fail("empty brackets");
  if (items.items.size() == 1) {
    if (left_open != right_open) return Fail("brackets of two kinds");
    return Count(Grouped(items.items[0]));
  }
  Expression node;
  node.left_open = left_open;
  node.right_open = right_open;
  const bool interval = !angle && !(left_open && right_open);
  if (left_open != right_open && items.items.size() != 2) {
    return Fail("brackets of two kinds");
  }
  node.kind = interval && items.items.size() == 2 ? ExpressionKind::kInterval
                                                  : ExpressionKind::kTuple;
  node.children = std::move(items.items);
  return Count(std::make_shared<Expression>(std::move(node)));
}

// {...} of TeX: a group; with commas inside it stands for a set.
ExpressionPtr MathParser::ParseTexGroup() {
  const Scoped<int> bars(open_bars_, 0);
  const Scoped<bool> outward(outward_interval_, false);
  const Scoped<bool> rows(in_environment_, false);
  const Scoped<size_t> begin(item_begin_, item_begin_);
  Advance();
  Items items;
  if (!ParseItems(items)) return nullptr;
  if (!Accept(TokenKind::kCloseBrace)) return Fail("a brace is not closed");
  if (items.items.empty()) return Fail("empty braces");
  return BuildList(std::move(items), ExpressionKind::kSet);
}

ExpressionPtr MathParser::ParseSet() {
  const Scoped<int> bars(open_bars_, 0);
  const Scoped<bool> set(in_set_, true);
  const Scoped<bool> outward(outward_interval_, false);
  const Scoped<bool> rows(in_environment_, false);
  const Scoped<size_t> begin(item_begin_, item_begin_);
  Advance();
  if (Accept(TokenKind::kCloseSet)) {
    return Count(MakeNode(ExpressionKind::kEmptySet, {}));
  }
  Items items;
  if (!ParseItems(items)) return nullptr;
  const bool condition =
      At(TokenKind::kMid) || At(TokenKind::kBar) || At(TokenKind::kColon);
  if (condition && items.items.size() == 1) {
    return ParseSetConditions(items.items[0]);
  }
  if (!Accept(TokenKind::kCloseSet)) return Fail("a set is not closed");
  return Count(MakeNode(ExpressionKind::kSet, std::move(items.items)));
}

ExpressionPtr MathParser::ParseSetConditions(ExpressionPtr element) {
  Advance();
  Items items;
  {
    const Scoped<bool> set(in_set_, false);
    if (!ParseItems(items)) return nullptr;
  }
  if (!Accept(TokenKind::kCloseSet)) return Fail("a set is not closed");
  items.items.insert(items.items.begin(), std::move(element));
  return Count(MakeNode(ExpressionKind::kSetBuilder, std::move(items.items)));
}

// |x|, \|x\|.
ExpressionPtr MathParser::ParseBars() {
  const TokenKind open = peek().kind;
  const TokenKind close =
      open == TokenKind::kOpenBar ? TokenKind::kCloseBar : open;
  const Scoped<int> bars(open_bars_, open_bars_ + 1);
  const Scoped<bool> set(in_set_, false);
  Advance();
  ExpressionPtr inner = ParseRelationSide();
  if (inner == nullptr) return nullptr;
  if (!Accept(close)) return Fail("a bar is missing");
  return Count(MakeFunction(MathFunction::kAbs, {Unwrapped(inner)}));
}

ExpressionPtr MathParser::ParseRounding() {
  const bool floor = At(TokenKind::kOpenFloor);
  const Scoped<int> bars(open_bars_, 0);
  Advance();
  ExpressionPtr inner = ParseRelationSide();
  if (inner == nullptr) return nullptr;
  if (!Accept(floor ? TokenKind::kCloseFloor : TokenKind::kCloseCeil)) {
    return Fail("a bracket is not closed");
  }
  return Count(MakeFunction(floor ? MathFunction::kFloor : MathFunction::kCeil,
                            {Unwrapped(inner)}));
}

// ]0, 1[ as France writes an open interval.
ExpressionPtr MathParser::ParseOutwardInterval() {
  Advance();
  Items items;
  {
    const Scoped<bool> outward(outward_interval_, true);
    if (!ParseItems(items)) return nullptr;
  }
  const bool right_open = At(TokenKind::kOpenBracket);
  if (items.items.size() != 2 ||
      !(right_open || At(TokenKind::kCloseBracket))) {
    return Fail("a bracket that closes nothing");
  }
  Advance();
  Expression node;
  node.kind = ExpressionKind::kInterval;
  node.left_open = true;
  node.right_open = right_open;
  node.children = std::move(items.items);
  return Count(std::make_shared<Expression>(std::move(node)));
}

// \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}
ExpressionPtr MathParser::ParseEnvironment() {
  const Scoped<int> bars(open_bars_, 0);
  const Scoped<bool> set(in_set_, false);
  const Scoped<bool> rows(in_environment_, true);
  const std::string name = peek().text;
  Advance();
  std::vector<ExpressionPtr> cells;
  size_t columns = 0, in_row = 0;
  while (!At(TokenKind::kEndOf)) {
    item_begin_ = place_;
    Items items;  // a comma inside a cell belongs to it
    if (!ParseItems(items)) return nullptr;
    if (items.items.empty()) return Fail("an empty cell");
    cells.push_back(BuildList(std::move(items), ExpressionKind::kList));
    if (cells.back() == nullptr) return nullptr;
    if (cells.size() > size_t{kMaxMatrixCells}) return Fail("a large matrix");
    ++in_row;
    if (Accept(TokenKind::kAmpersand)) continue;
    if (columns == 0) columns = in_row;
    if (in_row != columns) return Fail("rows of different length");
    in_row = 0;
    if (!Accept(TokenKind::kNewline)) break;
  }
  if (cells.empty() || !At(TokenKind::kEndOf) || peek().text != name) {
    return Fail("an environment is not closed");
  }
  Advance();
  return BuildEnvironment(name, std::move(cells), columns);
}

ExpressionPtr MathParser::BuildEnvironment(absl::string_view name,
                                           std::vector<ExpressionPtr> cells,
                                           size_t columns) {
  if (name == "cases" || name == "aligned" || name == "gathered") {
    if (columns != 1) return Fail("a definition by cases");
    return Count(MakeNode(ExpressionKind::kList, std::move(cells)));
  }
  if (!absl::EndsWith(name, "matrix") && name != "array") {
    return Fail("an unknown environment");
  }
  Expression node;
  node.kind = ExpressionKind::kMatrix;
  node.columns = static_cast<int16_t>(columns);
  node.children = std::move(cells);
  ExpressionPtr matrix = Count(std::make_shared<Expression>(std::move(node)));
  if (matrix != nullptr && absl::EqualsIgnoreCase(name, "vmatrix")) {
    return Count(MakeFunction(MathFunction::kDeterminant, {std::move(matrix)}));
  }
  return matrix;
}

}  // namespace limbeck
