// Statements.
#include "data/text/jinja/parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"

namespace limbeck::jinja {

const Token& TokenReader::Peek(size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const Token& TokenReader::Next() {
  const Token& token = Peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool TokenReader::IsOperator(absl::string_view text, size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == Token::Kind::kOperator && token.text == text;
}

bool TokenReader::IsName(absl::string_view text, size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == Token::Kind::kName && token.text == text;
}

bool TokenReader::TakeOperator(absl::string_view text) {
  if (!IsOperator(text)) return false;
  Next();
  return true;
}

bool TokenReader::TakeName(absl::string_view text) {
  if (!IsName(text)) return false;
  Next();
  return true;
}

absl::Status TokenReader::ExpectOperator(absl::string_view text) {
  if (TakeOperator(text)) return absl::OkStatus();
  return Error(absl::StrCat("expected '", text, "'"));
}

absl::Status TokenReader::Expect(Token::Kind kind, absl::string_view what) {
  if (Peek().kind != kind) return Error(absl::StrCat("expected ", what));
  Next();
  return absl::OkStatus();
}

absl::StatusOr<std::string> TokenReader::ExpectName(absl::string_view what) {
  if (Peek().kind != Token::Kind::kName) {
    return Error(absl::StrCat("expected the name of ", what));
  }
  return Next().text;
}

absl::Status TokenReader::Error(absl::string_view what) const {
  const Token& token = Peek();
  const bool shown =
      token.kind == Token::Kind::kName || token.kind == Token::Kind::kOperator;
  return absl::InvalidArgumentError(
      absl::StrCat("line ", token.line, ": ", what,
                   shown ? absl::StrCat(" at '", token.text, "'") : ""));
}

namespace {

using Kind = Statement::Kind;
using Parsed = absl::StatusOr<std::unique_ptr<Statement>>;

class StatementParser {
 public:
  explicit StatementParser(TokenReader& reader) : reader_(reader) {}

  // Up to the end of the template, or a tag with one of the names, which is
  // left at its name.
  absl::StatusOr<Block> ParseBlock(
      std::initializer_list<absl::string_view> ends) {
    LIMBECK_RETURN_IF_ERROR(reader_.Enter());
    Block block;
    for (;;) {
      const Token& token = reader_.Peek();
      if (token.kind == Token::Kind::kEnd) {
        if (ends.size() == 0) break;
        return reader_.Error(
            absl::StrCat("the template ends, expected '", *ends.begin(), "'"));
      }
      if (token.kind == Token::Kind::kBlockBegin) {
        const auto is_next = [&](absl::string_view name) {
          return reader_.IsName(name, 1);
        };
        if (std::any_of(ends.begin(), ends.end(), is_next)) {
          reader_.Next();
          break;
        }
      }
      LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<Statement> next, ParseOne());
      if (next != nullptr) block.push_back(std::move(next));
    }
    reader_.Leave();
    return block;
  }

 private:
  std::unique_ptr<Statement> New(Kind kind) const {
    auto statement = std::make_unique<Statement>();
    statement->kind = kind;
    statement->line = reader_.Peek().line;
    return statement;
  }

  absl::Status EndTag() {
    return reader_.Expect(Token::Kind::kBlockEnd, "'%}'");
  }

  // The end tag of a block whose name is next.
  absl::Status CloseBlock(absl::string_view name) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string found,
                             reader_.ExpectName("a tag"));
    if (found != name) {
      return reader_.Error(
          absl::StrCat("expected '", name, "', found '", found, "'"));
    }
    if (reader_.Peek().kind == Token::Kind::kName) reader_.Next();
    return EndTag();
  }

  Parsed ParseOne() {
    const Token& token = reader_.Peek();
    if (token.kind == Token::Kind::kText) {
      auto statement = New(Kind::kText);
      statement->text = reader_.Next().text;
      return statement;
    }
    if (token.kind == Token::Kind::kVariableBegin) {
      auto statement = New(Kind::kPrint);
      reader_.Next();
      LIMBECK_ASSIGN_OR_RETURN(statement->value, ParseExpression(reader_));
      LIMBECK_RETURN_IF_ERROR(
          reader_.Expect(Token::Kind::kVariableEnd, "'}}'"));
      return statement;
    }
    LIMBECK_RETURN_IF_ERROR(reader_.Expect(Token::Kind::kBlockBegin, "a tag"));
    return ParseTag();
  }

  Parsed ParseTag() {
    if (reader_.IsName("if")) return ParseIf();
    if (reader_.IsName("for")) return ParseFor();
    if (reader_.IsName("set")) return ParseSet();
    if (reader_.IsName("macro")) return ParseMacro();
    if (reader_.IsName("generation")) return ParseGeneration();
    if (reader_.IsName("break") || reader_.IsName("continue")) {
      if (loops_ == 0) return reader_.Error("outside of a loop");
      auto statement =
          New(reader_.IsName("break") ? Kind::kBreak : Kind::kContinue);
      reader_.Next();
      LIMBECK_RETURN_IF_ERROR(EndTag());
      return statement;
    }
    return reader_.Error("unknown tag");
  }

  Parsed ParseIf() {
    auto statement = New(Kind::kIf);
    for (bool is_else = false; !is_else;) {
      Branch branch;
      is_else = reader_.IsName("else");
      reader_.Next();  // if, elif, else
      if (!is_else) {
        LIMBECK_ASSIGN_OR_RETURN(branch.condition, ParseExpression(reader_));
      }
      LIMBECK_RETURN_IF_ERROR(EndTag());
      LIMBECK_ASSIGN_OR_RETURN(branch.body,
                               is_else ? ParseBlock({"endif"})
                                       : ParseBlock({"endif", "elif", "else"}));
      statement->branches.push_back(std::move(branch));
      if (reader_.IsName("endif")) break;
    }
    LIMBECK_RETURN_IF_ERROR(CloseBlock("endif"));
    return statement;
  }

  // a, b or (a, b)
  absl::StatusOr<std::vector<std::string>> ParseTargets() {
    std::vector<std::string> targets;
    const bool in_brackets = reader_.TakeOperator("(");
    do {
      LIMBECK_ASSIGN_OR_RETURN(std::string name,
                               reader_.ExpectName("a variable"));
      targets.push_back(std::move(name));
    } while (reader_.TakeOperator(","));
    if (in_brackets) LIMBECK_RETURN_IF_ERROR(reader_.ExpectOperator(")"));
    return targets;
  }

  Parsed ParseFor() {
    auto statement = New(Kind::kFor);
    reader_.Next();
    LIMBECK_ASSIGN_OR_RETURN(statement->targets, ParseTargets());
    if (!reader_.TakeName("in")) return reader_.Error("expected 'in'");
    LIMBECK_ASSIGN_OR_RETURN(
        statement->value, ParseExpression(reader_, /*with_condition=*/false));
    if (reader_.TakeName("if")) {
      LIMBECK_ASSIGN_OR_RETURN(statement->condition, ParseExpression(reader_));
    }
    if (reader_.IsName("recursive")) {
      return reader_.Error("recursive loops are not supported");
    }
    LIMBECK_RETURN_IF_ERROR(EndTag());
    ++loops_;
    LIMBECK_ASSIGN_OR_RETURN(statement->body, ParseBlock({"endfor", "else"}));
    --loops_;
    if (reader_.TakeName("else")) {
      LIMBECK_RETURN_IF_ERROR(EndTag());
      LIMBECK_ASSIGN_OR_RETURN(statement->else_body, ParseBlock({"endfor"}));
    }
    LIMBECK_RETURN_IF_ERROR(CloseBlock("endfor"));
    return statement;
  }

  Parsed ParseSet() {
    auto statement = New(Kind::kSet);
    reader_.Next();
    LIMBECK_ASSIGN_OR_RETURN(statement->targets, ParseTargets());
    if (reader_.TakeOperator(".")) {
      LIMBECK_ASSIGN_OR_RETURN(statement->member,
                               reader_.ExpectName("a member"));
    }
    if (reader_.TakeOperator("=")) {
      LIMBECK_ASSIGN_OR_RETURN(statement->value, ParseTuple());
      LIMBECK_RETURN_IF_ERROR(EndTag());
      return statement;
    }
    if (reader_.IsOperator("|")) {
      return reader_.Error("filters of a set block are not supported");
    }
    LIMBECK_RETURN_IF_ERROR(EndTag());
    LIMBECK_ASSIGN_OR_RETURN(statement->body, ParseBlock({"endset"}));
    LIMBECK_RETURN_IF_ERROR(CloseBlock("endset"));
    return statement;
  }

  // a, b without brackets
  absl::StatusOr<ExpressionPtr> ParseTuple() {
    LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr first, ParseExpression(reader_));
    if (!reader_.IsOperator(",")) return first;
    auto tuple = std::make_unique<Expression>();
    tuple->kind = Expression::Kind::kList;
    tuple->text = "tuple";
    tuple->line = first->line;
    tuple->children.push_back(std::move(first));
    while (reader_.TakeOperator(",")) {
      LIMBECK_ASSIGN_OR_RETURN(ExpressionPtr next, ParseExpression(reader_));
      tuple->children.push_back(std::move(next));
    }
    return tuple;
  }

  Parsed ParseMacro() {
    auto statement = New(Kind::kMacro);
    reader_.Next();
    statement->macro = std::make_unique<MacroStatement>();
    MacroStatement& macro = *statement->macro;
    LIMBECK_ASSIGN_OR_RETURN(macro.name, reader_.ExpectName("a macro"));
    LIMBECK_RETURN_IF_ERROR(reader_.ExpectOperator("("));
    while (!reader_.IsOperator(")")) {
      LIMBECK_ASSIGN_OR_RETURN(std::string name,
                               reader_.ExpectName("a parameter"));
      ExpressionPtr fallback;
      if (reader_.TakeOperator("=")) {
        LIMBECK_ASSIGN_OR_RETURN(fallback, ParseExpression(reader_));
      }
      macro.parameters.emplace_back(std::move(name), std::move(fallback));
      if (!reader_.TakeOperator(",")) break;
    }
    LIMBECK_RETURN_IF_ERROR(reader_.ExpectOperator(")"));
    LIMBECK_RETURN_IF_ERROR(EndTag());
    const int outer_loops = std::exchange(loops_, 0);
    LIMBECK_ASSIGN_OR_RETURN(macro.body, ParseBlock({"endmacro"}));
    loops_ = outer_loops;
    LIMBECK_RETURN_IF_ERROR(CloseBlock("endmacro"));
    return statement;
  }

  // {% generation %}: transformers marks what the assistant says; the text is
  // that of the body.
  Parsed ParseGeneration() {
    auto statement = New(Kind::kIf);
    reader_.Next();
    LIMBECK_RETURN_IF_ERROR(EndTag());
    Branch always;
    LIMBECK_ASSIGN_OR_RETURN(always.body, ParseBlock({"endgeneration"}));
    statement->branches.push_back(std::move(always));
    LIMBECK_RETURN_IF_ERROR(CloseBlock("endgeneration"));
    return statement;
  }

  TokenReader& reader_;
  int loops_ = 0;
};

}  // namespace

absl::StatusOr<Block> ParseTemplate(absl::string_view source) {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(source));
  TokenReader reader(tokens);
  return StatementParser(reader).ParseBlock({});
}

}  // namespace limbeck::jinja
