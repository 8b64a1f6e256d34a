// A walk over the tree. Loops and macros open scopes; conditions do not.
#include "data/text/jinja/interpreter.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/text/jinja/arguments.h"
#include "data/text/jinja/filters.h"
#include "data/text/jinja/methods.h"
#include "data/text/jinja/operators.h"

namespace limbeck::jinja {

struct Scope {
  absl::flat_hash_map<std::string, Value> variables;
  std::shared_ptr<Scope> parent;
};

namespace {

using ScopePtr = std::shared_ptr<Scope>;
using Evaluated = absl::StatusOr<Value>;
using Kind = Expression::Kind;

// What a block ended by.
enum class Flow { kOn, kBreak, kContinue };

absl::Status AtLine(int line, const absl::Status& status) {
  if (absl::IsAborted(status) || absl::IsResourceExhausted(status) ||
      absl::StartsWith(status.message(), "line ")) {
    return status;
  }
  return absl::Status(status.code(),
                      absl::StrCat("line ", line, ": ", status.message()));
}

class Interpreter {
 public:
  explicit Interpreter(const RenderOptions& options) : options_(options) {}

  absl::StatusOr<std::string> RunTemplate(const Block& block,
                                          const Dict& variables) {
    auto scope = std::make_shared<Scope>();
    for (const auto& [name, value] : variables) {
      scope->variables.insert_or_assign(name, value);
    }
    std::string output;
    const absl::Status status = RunBlock(block, scope, &output).status();
    // A macro holds its scope, which holds the macro.
    for (const ScopePtr& holder : macro_scopes_) holder->variables.clear();
    if (!status.ok()) return status;
    return output;
  }

 private:
  absl::Status Step() {
    if (++steps_ > options_.limits.max_steps) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the template takes more than ",
                       options_.limits.max_steps, " steps"));
    }
    return absl::OkStatus();
  }

  absl::Status Append(absl::string_view text, std::string* output) {
    written_ += text.size();
    if (written_ > options_.limits.max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the template writes more than ",
                       options_.limits.max_bytes, " bytes"));
    }
    absl::StrAppend(output, text);
    return absl::OkStatus();
  }

  absl::StatusOr<Flow> RunBlock(const Block& block, const ScopePtr& scope,
                                std::string* output) {
    for (const auto& statement : block) {
      LIMBECK_RETURN_IF_ERROR(Step());
      absl::StatusOr<Flow> flow = RunStatement(*statement, scope, output);
      if (!flow.ok()) return AtLine(statement->line, flow.status());
      if (*flow != Flow::kOn) return flow;
    }
    return Flow::kOn;
  }

  absl::StatusOr<Flow> RunStatement(const Statement& statement,
                                    const ScopePtr& scope,
                                    std::string* output) {
    switch (statement.kind) {
      case Statement::Kind::kText:
        LIMBECK_RETURN_IF_ERROR(Append(statement.text, output));
        return Flow::kOn;
      case Statement::Kind::kPrint: {
        LIMBECK_ASSIGN_OR_RETURN(const Value value,
                                 Evaluate(*statement.value, scope));
        LIMBECK_ASSIGN_OR_RETURN(const std::string text, ToText(value));
        LIMBECK_RETURN_IF_ERROR(Append(text, output));
        return Flow::kOn;
      }
      case Statement::Kind::kIf:
        return RunIf(statement, scope, output);
      case Statement::Kind::kFor:
        return RunFor(statement, scope, output);
      case Statement::Kind::kSet:
        LIMBECK_RETURN_IF_ERROR(RunSet(statement, scope));
        return Flow::kOn;
      case Statement::Kind::kMacro:
        macro_scopes_.push_back(scope);
        scope->variables.insert_or_assign(
            statement.macro->name, Value(Macro{statement.macro.get(), scope}));
        return Flow::kOn;
      case Statement::Kind::kBreak:
        return Flow::kBreak;
      case Statement::Kind::kContinue:
        return Flow::kContinue;
    }
    return Flow::kOn;
  }

  absl::StatusOr<Flow> RunIf(const Statement& statement, const ScopePtr& scope,
                             std::string* output) {
    for (const Branch& branch : statement.branches) {
      bool taken = true;
      if (branch.condition != nullptr) {
        LIMBECK_ASSIGN_OR_RETURN(const Value value,
                                 Evaluate(*branch.condition, scope));
        taken = value.IsTrue();
      }
      if (taken) return RunBlock(branch.body, scope, output);
    }
    return Flow::kOn;
  }

  absl::Status Assign(const std::vector<std::string>& targets,
                      const Value& value, const ScopePtr& scope) {
    if (targets.size() == 1) {
      scope->variables.insert_or_assign(targets[0], value);
      return absl::OkStatus();
    }
    LIMBECK_ASSIGN_OR_RETURN(const List items, ItemsOf(value));
    if (items.size() != targets.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          items.size(), " values for ", targets.size(), " variables"));
    }
    for (size_t i = 0; i < items.size(); ++i) {
      scope->variables.insert_or_assign(targets[i], items[i]);
    }
    return absl::OkStatus();
  }

  absl::Status RunSet(const Statement& statement, const ScopePtr& scope) {
    Value value;
    if (statement.value != nullptr) {
      LIMBECK_ASSIGN_OR_RETURN(value, Evaluate(*statement.value, scope));
    } else {
      auto inner = std::make_shared<Scope>();
      inner->parent = scope;
      std::string text;
      LIMBECK_RETURN_IF_ERROR(RunBlock(statement.body, inner, &text).status());
      value = Value(std::move(text));
    }
    if (statement.member.empty()) {
      return Assign(statement.targets, value, scope);
    }
    const Value object = Lookup(statement.targets[0], scope);
    if (!object.is_namespace()) {
      return absl::InvalidArgumentError(
          absl::StrCat("only members of a namespace can be set, '",
                       statement.targets[0], "' is none"));
    }
    SetMember(statement.member, std::move(value), &object.name_space().members);
    return absl::OkStatus();
  }

  // The items that the loop's own condition keeps.
  absl::StatusOr<List> LoopItems(const Statement& statement,
                                 const ScopePtr& scope) {
    LIMBECK_ASSIGN_OR_RETURN(const Value value,
                             Evaluate(*statement.value, scope));
    LIMBECK_ASSIGN_OR_RETURN(List items, ItemsOf(value));
    if (statement.condition == nullptr) return items;
    List kept;
    for (const Value& item : items) {
      LIMBECK_RETURN_IF_ERROR(Step());
      auto inner = std::make_shared<Scope>();
      inner->parent = scope;
      LIMBECK_RETURN_IF_ERROR(Assign(statement.targets, item, inner));
      LIMBECK_ASSIGN_OR_RETURN(const Value holds,
                               Evaluate(*statement.condition, inner));
      if (holds.IsTrue()) kept.push_back(item);
    }
    return kept;
  }

  static Value LoopVariable(const List& items, size_t i) {
    const auto index = static_cast<int64_t>(i);
    const auto length = static_cast<int64_t>(items.size());
    Dict loop;
    loop.emplace_back("index", Value(index + 1));
    loop.emplace_back("index0", Value(index));
    loop.emplace_back("revindex", Value(length - index));
    loop.emplace_back("revindex0", Value(length - index - 1));
    loop.emplace_back("first", Value(i == 0));
    loop.emplace_back("last", Value(i + 1 == items.size()));
    loop.emplace_back("length", Value(length));
    if (i > 0) loop.emplace_back("previtem", items[i - 1]);
    if (i + 1 < items.size()) loop.emplace_back("nextitem", items[i + 1]);
    return Value(std::make_shared<Namespace>(Namespace{std::move(loop)}));
  }

  absl::StatusOr<Flow> RunFor(const Statement& statement, const ScopePtr& scope,
                              std::string* output) {
    LIMBECK_ASSIGN_OR_RETURN(const List items, LoopItems(statement, scope));
    for (size_t i = 0; i < items.size(); ++i) {
      LIMBECK_RETURN_IF_ERROR(Step());
      auto inner = std::make_shared<Scope>();
      inner->parent = scope;
      inner->variables.insert_or_assign("loop", LoopVariable(items, i));
      LIMBECK_RETURN_IF_ERROR(Assign(statement.targets, items[i], inner));
      LIMBECK_ASSIGN_OR_RETURN(const Flow flow,
                               RunBlock(statement.body, inner, output));
      if (flow == Flow::kBreak) break;
    }
    if (!items.empty()) return Flow::kOn;
    return RunBlock(statement.else_body, scope, output);
  }

  // Without a date there is no clock: templates that ask whether there is one
  // fall back to their own date.
  bool HasFunction(absl::string_view name) const {
    return IsBuiltin(name) && (name != kClock || !options_.date.empty());
  }

  Value Lookup(const std::string& name, const ScopePtr& scope) const {
    for (const Scope* at = scope.get(); at != nullptr; at = at->parent.get()) {
      const auto found = at->variables.find(name);
      if (found != at->variables.end()) return found->second;
    }
    if (HasFunction(name)) return Value(Builtin{name});
    return Value(Undefined{name});
  }

  Evaluated Evaluate(const Expression& expression, const ScopePtr& scope) {
    LIMBECK_RETURN_IF_ERROR(Step());
    Evaluated value = EvaluateInside(expression, scope);
    if (!value.ok()) return AtLine(expression.line, value.status());
    return value;
  }

  Evaluated EvaluateInside(const Expression& expression,
                           const ScopePtr& scope) {
    switch (expression.kind) {
      case Kind::kLiteral:
        return expression.literal;
      case Kind::kName:
        return Lookup(expression.text, scope);
      case Kind::kList:
        return EvaluateList(expression, scope);
      case Kind::kDict:
        return EvaluateDict(expression, scope);
      case Kind::kUnary: {
        LIMBECK_ASSIGN_OR_RETURN(const Value value,
                                 Evaluate(*expression.children[0], scope));
        if (expression.text == "not") return Value(!value.IsTrue());
        return ApplySign(expression.text, value);
      }
      case Kind::kBinary:
        return EvaluateBinary(expression, scope);
      case Kind::kTest:
        return EvaluateTest(expression, scope);
      case Kind::kFilter: {
        LIMBECK_ASSIGN_OR_RETURN(const Value value,
                                 Evaluate(*expression.children[0], scope));
        LIMBECK_ASSIGN_OR_RETURN(const Arguments arguments,
                                 EvaluateArguments(expression, scope));
        return ApplyFilter(expression.text, value, arguments);
      }
      case Kind::kAttribute: {
        LIMBECK_ASSIGN_OR_RETURN(const Value value,
                                 Evaluate(*expression.children[0], scope));
        return GetAttribute(value, expression.text);
      }
      case Kind::kItem: {
        LIMBECK_ASSIGN_OR_RETURN(const Value value,
                                 Evaluate(*expression.children[0], scope));
        LIMBECK_ASSIGN_OR_RETURN(const Value key,
                                 Evaluate(*expression.children[1], scope));
        return GetItem(value, key);
      }
      case Kind::kSlice:
        return EvaluateSlice(expression, scope);
      case Kind::kCall:
        return EvaluateCall(expression, scope);
      case Kind::kCondition:
        return EvaluateCondition(expression, scope);
    }
    return Value();
  }

  Evaluated EvaluateList(const Expression& expression, const ScopePtr& scope) {
    List list;
    for (const ExpressionPtr& child : expression.children) {
      LIMBECK_ASSIGN_OR_RETURN(Value item, Evaluate(*child, scope));
      list.push_back(std::move(item));
    }
    return expression.text == "tuple" ? Value::Tuple(std::move(list))
                                      : Value(std::move(list));
  }

  Evaluated EvaluateDict(const Expression& expression, const ScopePtr& scope) {
    Dict dict;
    for (size_t i = 0; i + 1 < expression.children.size(); i += 2) {
      LIMBECK_ASSIGN_OR_RETURN(const Value key,
                               Evaluate(*expression.children[i], scope));
      LIMBECK_ASSIGN_OR_RETURN(const std::string name,
                               TextOf("a key of a dict", key));
      LIMBECK_ASSIGN_OR_RETURN(Value value,
                               Evaluate(*expression.children[i + 1], scope));
      SetMember(name, std::move(value), &dict);
    }
    return Value(std::move(dict));
  }

  Evaluated EvaluateBinary(const Expression& expression,
                           const ScopePtr& scope) {
    LIMBECK_ASSIGN_OR_RETURN(Value left,
                             Evaluate(*expression.children[0], scope));
    const bool is_and = expression.text == "and";
    if (is_and || expression.text == "or") {
      if (left.IsTrue() != is_and) return left;
      return Evaluate(*expression.children[1], scope);
    }
    LIMBECK_ASSIGN_OR_RETURN(const Value right,
                             Evaluate(*expression.children[1], scope));
    return ApplyBinary(expression.text, left, right);
  }

  Evaluated EvaluateTest(const Expression& expression, const ScopePtr& scope) {
    LIMBECK_ASSIGN_OR_RETURN(const Value value,
                             Evaluate(*expression.children[0], scope));
    LIMBECK_ASSIGN_OR_RETURN(const Arguments arguments,
                             EvaluateArguments(expression, scope));
    LIMBECK_ASSIGN_OR_RETURN(const bool holds,
                             ApplyTest(expression.text, value, arguments));
    return Value(holds != expression.negated);
  }

  Evaluated EvaluateSlice(const Expression& expression, const ScopePtr& scope) {
    LIMBECK_ASSIGN_OR_RETURN(const Value value,
                             Evaluate(*expression.children[0], scope));
    std::array<Value, 3> bounds;
    for (size_t i = 0; i < 3; ++i) {
      if (expression.children[i + 1] == nullptr) continue;
      LIMBECK_ASSIGN_OR_RETURN(bounds[i],
                               Evaluate(*expression.children[i + 1], scope));
    }
    return GetSlice(value, bounds);
  }

  Evaluated EvaluateCondition(const Expression& expression,
                              const ScopePtr& scope) {
    LIMBECK_ASSIGN_OR_RETURN(const Value condition,
                             Evaluate(*expression.children[1], scope));
    const size_t taken = condition.IsTrue() ? 0 : 2;
    if (expression.children[taken] == nullptr) {
      return Value(Undefined{"the inline if"});
    }
    return Evaluate(*expression.children[taken], scope);
  }

  absl::StatusOr<Arguments> EvaluateArguments(const Expression& expression,
                                              const ScopePtr& scope) {
    Arguments arguments;
    for (const Argument& argument : expression.arguments) {
      LIMBECK_ASSIGN_OR_RETURN(Value value, Evaluate(*argument.value, scope));
      if (argument.name.empty()) {
        arguments.positional.push_back(std::move(value));
      } else {
        arguments.named.emplace_back(argument.name, std::move(value));
      }
    }
    return arguments;
  }

  Evaluated EvaluateCall(const Expression& expression, const ScopePtr& scope) {
    LIMBECK_ASSIGN_OR_RETURN(const Value callee,
                             Evaluate(*expression.children[0], scope));
    LIMBECK_ASSIGN_OR_RETURN(const Arguments arguments,
                             EvaluateArguments(expression, scope));
    if (const auto* method = callee.As<Method>()) {
      return CallMethod(*method->self, method->name, arguments);
    }
    if (const auto* builtin = callee.As<Builtin>()) {
      return CallBuiltin(builtin->name, arguments, options_.date);
    }
    if (const auto* macro = callee.As<Macro>()) {
      return CallMacro(*macro, arguments);
    }
    if (callee.is_undefined() && callee.undefined().name == kClock) {
      return CallBuiltin(kClock, arguments, options_.date);
    }
    if (callee.is_undefined()) {
      return absl::UnimplementedError(
          absl::StrCat("unknown function '", callee.undefined().name, "'"));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "a value of type ", callee.TypeName(), " cannot be called"));
  }

  Evaluated CallMacro(const Macro& macro, const Arguments& arguments) {
    const MacroStatement& statement = *macro.statement;
    if (++depth_ > options_.limits.max_depth) {
      return absl::ResourceExhaustedError(
          absl::StrCat("macros call each other more than ",
                       options_.limits.max_depth, " deep"));
    }
    auto inner = std::make_shared<Scope>();
    inner->parent = macro.scope;
    LIMBECK_RETURN_IF_ERROR(BindMacro(statement, arguments, inner));
    std::string text;
    LIMBECK_RETURN_IF_ERROR(RunBlock(statement.body, inner, &text).status());
    --depth_;
    return Value(std::move(text));
  }

  absl::Status BindMacro(const MacroStatement& statement,
                         const Arguments& arguments, const ScopePtr& inner) {
    if (arguments.positional.size() > statement.parameters.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "macro '", statement.name, "' takes ", statement.parameters.size(),
          " arguments, given ", arguments.positional.size()));
    }
    Dict named = arguments.named;
    for (size_t i = 0; i < statement.parameters.size(); ++i) {
      const std::string& name = statement.parameters[i].first;
      const ExpressionPtr& fallback = statement.parameters[i].second;
      const auto found =
          std::find_if(named.begin(), named.end(),
                       [&](const auto& one) { return one.first == name; });
      Value value(Undefined{name});
      if (i < arguments.positional.size()) {
        value = arguments.positional[i];
      } else if (found != named.end()) {
        value = found->second;
        named.erase(found);
      } else if (fallback != nullptr) {
        LIMBECK_ASSIGN_OR_RETURN(value, Evaluate(*fallback, inner));
      }
      inner->variables.insert_or_assign(name, std::move(value));
    }
    if (named.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("macro '", statement.name,
                                                   "' has no parameter '",
                                                   named[0].first, "'"));
  }

  const RenderOptions& options_;
  std::vector<ScopePtr> macro_scopes_;
  int64_t steps_ = 0;
  size_t written_ = 0;
  int depth_ = 0;
};

}  // namespace

absl::StatusOr<std::string> Run(const Block& block, const Dict& variables,
                                const RenderOptions& options) {
  return Interpreter(options).RunTemplate(block, variables);
}

}  // namespace limbeck::jinja
