// Expressions, in the order of precedence of jinja2: condition, or, and, not,
// comparison, + and -, ~, * / // %, unary, **, and what follows a value.
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/text/jinja/parser.h"

namespace limbeck::jinja {
namespace {

using Kind = Expression::Kind;
using Parsed = absl::StatusOr<ExpressionPtr>;

constexpr int kMaxDepth = 100;

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenReader& reader) : reader_(reader) {}

  Parsed Condition() {
    LIMBECK_RETURN_IF_ERROR(reader_.Enter());
    Parsed result = ConditionInside();
    reader_.Leave();
    return result;
  }

  Parsed Or() { return Joined("or", &ExpressionParser::And); }

 private:
  using Level = Parsed (ExpressionParser::*)();

  ExpressionPtr New(Kind kind, std::string text = "") const {
    auto result = std::make_unique<Expression>();
    result->kind = kind;
    result->line = reader_.Peek().line;
    result->text = std::move(text);
    return result;
  }

  ExpressionPtr Binary(std::string text, ExpressionPtr left,
                       ExpressionPtr right) const {
    ExpressionPtr result = New(Kind::kBinary, std::move(text));
    result->line = left->line;
    result->children.push_back(std::move(left));
    result->children.push_back(std::move(right));
    return result;
  }

  Parsed ConditionInside() {
    LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr value, Or());
    while (reader_.TakeName("if")) {
      ExpressionPtr result = New(Kind::kCondition);
      LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr condition, Or());
      ExpressionPtr otherwise;
      if (reader_.TakeName("else")) {
        LIMBECK_ASSIGN_OR_RETURN(otherwise, Condition());
      }
      result->children.push_back(std::move(value));
      result->children.push_back(std::move(condition));
      result->children.push_back(std::move(otherwise));
      value = std::move(result);
    }
    return value;
  }

  Parsed Joined(absl::string_view name, Level next) {
    LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr left, (this->*next)());
    while (reader_.TakeName(name)) {
      LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr right, (this->*next)());
      left = Binary(std::string(name), std::move(left), std::move(right));
    }
    return left;
  }

  Parsed And() { return Joined("and", &ExpressionParser::Not); }

  Parsed Not() {
    if (!reader_.IsName("not")) return Comparison();
    ExpressionPtr result = New(Kind::kUnary, "not");
    reader_.Next();
    LIMBECK_RETURN_IF_ERROR(reader_.Enter());
    Parsed inner = Not();
    reader_.Leave();
    LIMBECK_RETURN_IF_ERROR(inner.status());
    result->children.push_back(*std::move(inner));
    return result;
  }

  // Empty: no comparison follows.
  std::string TakeComparison() {
    for (absl::string_view text : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (reader_.TakeOperator(text)) return std::string(text);
    }
    if (reader_.TakeName("in")) return "in";
    if (reader_.IsName("not") && reader_.IsName("in", 1)) {
      reader_.Next();
      reader_.Next();
      return "not in";
    }
    return "";
  }

  Parsed Comparison() {
    LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr left, Sum());
    std::string text = TakeComparison();
    if (text.empty()) return left;
    LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr right, Sum());
    ExpressionPtr result =
        Binary(std::move(text), std::move(left), std::move(right));
    if (!TakeComparison().empty()) {
      return reader_.Error("chained comparisons are not supported");
    }
    return result;
  }

  // Left to right over the operators.
  Parsed Chain(std::initializer_list<absl::string_view> operators, Level next) {
    LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr left, (this->*next)());
    for (;;) {
      std::string found;
      for (absl::string_view text : operators) {
        if (found.empty() && reader_.TakeOperator(text)) {
          found = std::string(text);
        }
      }
      if (found.empty()) return left;
      LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr right, (this->*next)());
      if (IsSafe(*left) || IsSafe(*right)) {
        return reader_.Error(
            "a text that is joined to a safe one is escaped by jinja2, which "
            "is not supported");
      }
      left = Binary(std::move(found), std::move(left), std::move(right));
    }
  }

  static bool IsSafe(const Expression& expression) {
    return expression.kind == Kind::kFilter && expression.text == "safe";
  }

  Parsed Sum() { return Chain({"+", "-"}, &ExpressionParser::Tilde); }
  Parsed Tilde() { return Chain({"~"}, &ExpressionParser::Product); }
  Parsed Product() {
    return Chain({"*", "//", "/", "%"}, &ExpressionParser::Unary);
  }

  Parsed Unary() { return UnaryWith(/*filters=*/true); }

  // A sign binds closer than a filter: -3 | abs is (-3) | abs.
  Parsed UnaryWith(bool filters) {
    ExpressionPtr value;
    if (reader_.IsOperator("-") || reader_.IsOperator("+")) {
      value = New(Kind::kUnary, reader_.Peek().text);
      reader_.Next();
      LIMBECK_RETURN_IF_ERROR(reader_.Enter());
      Parsed inner = UnaryWith(/*filters=*/false);
      reader_.Leave();
      LIMBECK_RETURN_IF_ERROR(inner.status());
      value->children.push_back(*std::move(inner));
    } else {
      LIMBECK_ASSIGN_OR_RETURN(value, Primary());
      LIMBECK_ASSIGN_OR_RETURN(value, Postfix(std::move(value)));
    }
    if (reader_.IsOperator("**")) {
      return reader_.Error("the operator '**' is not supported");
    }
    if (!filters) return value;
    return Filters(std::move(value));
  }

  Parsed Primary() {
    const Token& token = reader_.Peek();
    switch (token.kind) {
      case Token::Kind::kString:
        return Text();
      case Token::Kind::kInt:
      case Token::Kind::kFloat:
        return Number();
      case Token::Kind::kName:
        return Name();
      default:
        break;
    }
    if (reader_.IsOperator("(")) return Parenthesis();
    if (reader_.IsOperator("[")) return ListOf();
    if (reader_.IsOperator("{")) return DictOf();
    return reader_.Error("expected a value");
  }

  // Neighbouring texts are one.
  Parsed Text() {
    ExpressionPtr result = New(Kind::kLiteral);
    std::string text;
    while (reader_.Peek().kind == Token::Kind::kString) {
      text += reader_.Next().text;
    }
    result->literal = Value(std::move(text));
    return result;
  }

  Parsed Number() {
    ExpressionPtr result = New(Kind::kLiteral);
    const Token& token = reader_.Peek();
    if (token.kind == Token::Kind::kFloat) {
      double value = 0;
      if (!absl::SimpleAtod(token.text, &value)) {
        return reader_.Error("the number is out of range");
      }
      result->literal = Value(value);
    } else {
      int64_t value = 0;
      if (!absl::SimpleAtoi(token.text, &value)) {
        return reader_.Error("the integer is out of range");
      }
      result->literal = Value(value);
    }
    reader_.Next();
    return result;
  }

  Parsed Name() {
    ExpressionPtr result = New(Kind::kName);
    const std::string name = reader_.Next().text;
    const bool is_true = name == "true" || name == "True";
    if (is_true || name == "false" || name == "False") {
      result->kind = Kind::kLiteral;
      result->literal = Value(is_true);
    } else if (name == "none" || name == "None") {
      result->kind = Kind::kLiteral;
    } else {
      result->text = name;
    }
    return result;
  }

  // (a), (a, b), ()
  Parsed Parenthesis() {
    ExpressionPtr tuple = New(Kind::kList, "tuple");
    reader_.Next();
    bool is_tuple = reader_.IsOperator(")");
    while (!reader_.IsOperator(")")) {
      LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr item, Condition());
      tuple->children.push_back(std::move(item));
      if (!reader_.TakeOperator(",")) break;
      is_tuple = true;
    }
    LIMBECK_RETURN_IF_ERROR(reader_.ExpectOperator(")"));
    if (is_tuple) return tuple;
    return std::move(tuple->children[0]);
  }

  Parsed ListOf() {
    ExpressionPtr result = New(Kind::kList);
    reader_.Next();
    while (!reader_.IsOperator("]")) {
      LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr item, Condition());
      result->children.push_back(std::move(item));
      if (!reader_.TakeOperator(",")) break;
    }
    LIMBECK_RETURN_IF_ERROR(reader_.ExpectOperator("]"));
    return result;
  }

  Parsed DictOf() {
    ExpressionPtr result = New(Kind::kDict);
    reader_.Next();
    while (!reader_.IsOperator("}")) {
      LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr key, Condition());
      LIMBECK_RETURN_IF_ERROR(reader_.ExpectOperator(":"));
      LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr value, Condition());
      result->children.push_back(std::move(key));
      result->children.push_back(std::move(value));
      if (!reader_.TakeOperator(",")) break;
    }
    LIMBECK_RETURN_IF_ERROR(reader_.ExpectOperator("}"));
    return result;
  }

  // .name, [item], [a:b], (arguments)
  Parsed Postfix(ExpressionPtr value) {
    for (;;) {
      if (reader_.IsOperator(".")) {
        ExpressionPtr result = New(Kind::kAttribute);
        reader_.Next();
        LIMBECK_ASSIGN_OR_RETURN(result->text,
                                 reader_.ExpectName("an attribute"));
        result->children.push_back(std::move(value));
        value = std::move(result);
      } else if (reader_.IsOperator("[")) {
        LIMBECK_ASSIGN_OR_RETURN(value, Subscript(std::move(value)));
      } else if (reader_.IsOperator("(")) {
        ExpressionPtr result = New(Kind::kCall);
        LIMBECK_ASSIGN_OR_RETURN(result->arguments, Arguments());
        result->children.push_back(std::move(value));
        value = std::move(result);
      } else {
        return value;
      }
    }
  }

  Parsed Subscript(ExpressionPtr value) {
    ExpressionPtr result = New(Kind::kItem);
    reader_.Next();
    result->children.push_back(std::move(value));
    ExpressionPtr part;
    if (!reader_.IsOperator(":")) {
      LIMBECK_ASSIGN_OR_RETURN(part, Condition());
    }
    result->children.push_back(std::move(part));
    while (result->children.size() < 4 && reader_.TakeOperator(":")) {
      result->kind = Kind::kSlice;
      ExpressionPtr bound;
      if (!reader_.IsOperator(":") && !reader_.IsOperator("]")) {
        LIMBECK_ASSIGN_OR_RETURN(bound, Condition());
      }
      result->children.push_back(std::move(bound));
    }
    LIMBECK_RETURN_IF_ERROR(reader_.ExpectOperator("]"));
    if (result->kind == Kind::kSlice) result->children.resize(4);
    return result;
  }

  absl::StatusOr<std::vector<Argument>> Arguments() {
    std::vector<Argument> arguments;
    LIMBECK_RETURN_IF_ERROR(reader_.ExpectOperator("("));
    while (!reader_.IsOperator(")")) {
      if (reader_.IsOperator("*") || reader_.IsOperator("**")) {
        return reader_.Error("unpacked arguments are not supported");
      }
      Argument argument;
      if (reader_.Peek().kind == Token::Kind::kName &&
          reader_.IsOperator("=", 1)) {
        argument.name = reader_.Next().text;
        reader_.Next();
      }
      LIMBECK_ASSIGN_OR_RETURN(argument.value, Condition());
      arguments.push_back(std::move(argument));
      if (!reader_.TakeOperator(",")) break;
    }
    LIMBECK_RETURN_IF_ERROR(reader_.ExpectOperator(")"));
    return arguments;
  }

  // | name(arguments), is name, is not name
  Parsed Filters(ExpressionPtr value) {
    for (;;) {
      if (reader_.TakeOperator("|")) {
        LIMBECK_ASSIGN_OR_RETURN(value, Filter(std::move(value)));
      } else if (reader_.IsName("is")) {
        LIMBECK_ASSIGN_OR_RETURN(value, Test(std::move(value)));
      } else {
        return value;
      }
    }
  }

  Parsed Filter(ExpressionPtr value) {
    ExpressionPtr result = New(Kind::kFilter);
    LIMBECK_ASSIGN_OR_RETURN(result->text, reader_.ExpectName("a filter"));
    if (reader_.IsOperator("(")) {
      LIMBECK_ASSIGN_OR_RETURN(result->arguments, Arguments());
    }
    result->children.push_back(std::move(value));
    return result;
  }

  // Without parentheses a test takes one value as its argument.
  Parsed Test(ExpressionPtr value) {
    reader_.Next();
    ExpressionPtr result = New(Kind::kTest);
    result->negated = reader_.TakeName("not");
    LIMBECK_ASSIGN_OR_RETURN(result->text, reader_.ExpectName("a test"));
    result->children.push_back(std::move(value));
    const Token& next = reader_.Peek();
    const bool is_value =
        next.kind == Token::Kind::kString || next.kind == Token::Kind::kInt ||
        next.kind == Token::Kind::kFloat || reader_.IsOperator("[") ||
        reader_.IsOperator("{") ||
        (next.kind == Token::Kind::kName && next.text != "else" &&
         next.text != "or" && next.text != "and" && next.text != "is" &&
         next.text != "if" && next.text != "in" && next.text != "not");
    if (reader_.IsOperator("(")) {
      LIMBECK_ASSIGN_OR_RETURN(result->arguments, Arguments());
    } else if (is_value) {
      Argument argument;
      LIMBECK_ASSIGN_OR_RETURN(argument.value, Primary());
      LIMBECK_ASSIGN_OR_RETURN(argument.value,
                               Postfix(std::move(argument.value)));
      result->arguments.push_back(std::move(argument));
    }
    return result;
  }

  TokenReader& reader_;
};

}  // namespace

absl::Status TokenReader::Enter() {
  if (++depth_ > kMaxDepth) {
    return Error(absl::StrCat("more than ", kMaxDepth, " nested constructs"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ExpressionPtr> ParseExpression(TokenReader& reader,
                                              bool with_condition) {
  ExpressionParser parser(reader);
  return with_condition ? parser.Condition() : parser.Or();
}

}  // namespace limbeck::jinja
