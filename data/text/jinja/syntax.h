// What the parser makes of a template.
#ifndef LIMBECK_DATA_TEXT_JINJA_SYNTAX_H_
#define LIMBECK_DATA_TEXT_JINJA_SYNTAX_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/text/jinja/value.h"

namespace limbeck::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

struct Argument {
  std::string name;  // empty: positional
  ExpressionPtr value;
};

struct Expression {
  enum class Kind {
    kLiteral,    // literal
    kName,       // text
    kList,       // children; text "tuple" for a tuple
    kDict,       // children: key, value, key, value, ...
    kUnary,      // text ("-", "+", "not"), children[0]
    kBinary,     // text, children[0], children[1]; "and" and "or" as well
    kTest,       // children[0] is text(arguments); negated: "not"
    kFilter,     // children[0] | text(arguments)
    kAttribute,  // children[0].text
    kItem,       // children[0][children[1]]
    kSlice,      // children[0][children[1] : children[2] : children[3]], any of
                 // the last three may be null
    kCall,       // children[0](arguments)
    kCondition,  // children[0] if children[1] else children[2] (may be null)
  };
  Kind kind = Kind::kLiteral;
  int line = 1;
  std::string text;
  Value literal;
  bool negated = false;
  std::vector<ExpressionPtr> children;
  std::vector<Argument> arguments;
};

struct Statement;
using Block = std::vector<std::unique_ptr<Statement>>;

struct Branch {
  ExpressionPtr condition;  // null: else
  Block body;
};

struct MacroStatement {
  std::string name;
  std::vector<std::pair<std::string, ExpressionPtr>> parameters;  // default
  Block body;
};

struct Statement {
  enum class Kind {
    kText,   // text
    kPrint,  // value
    kIf,     // branches
    kFor,    // targets in value, if condition; body, else_body
    kSet,    // targets = value, or to the output of body without value
    kMacro,  // macro
    kBreak,
    kContinue,
  };
  Kind kind = Kind::kText;
  int line = 1;
  std::string text;
  ExpressionPtr value;
  ExpressionPtr condition;
  std::vector<std::string> targets;
  std::string member;  // of a namespace: {% set targets[0].member = ... %}
  std::vector<Branch> branches;
  Block body;
  Block else_body;
  std::unique_ptr<MacroStatement> macro;
};

}  // namespace limbeck::jinja

#endif  // LIMBECK_DATA_TEXT_JINJA_SYNTAX_H_
