#include "data/verify/math/expression.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"

namespace limbeck {
namespace {

std::shared_ptr<Expression> NewNode(ExpressionKind kind) {
  auto node = std::make_shared<Expression>();
  node->kind = kind;
  return node;
}

// Whether the node binds its `name` inside child 0.
bool BindsName(ExpressionKind kind) {
  return kind == ExpressionKind::kSummation ||
         kind == ExpressionKind::kProductOver ||
         kind == ExpressionKind::kIntegral || kind == ExpressionKind::kLimit;
}

void CollectSymbols(const Expression& node, std::multiset<std::string>& bound,
                    std::set<std::string>& found) {
  if (node.is(ExpressionKind::kSymbol)) {
    if (bound.count(node.name) == 0) found.insert(node.name);
    return;
  }
  if (!BindsName(node.kind)) {
    for (const ExpressionPtr& child : node.children) {
      CollectSymbols(*child, bound, found);
    }
    return;
  }
  for (size_t i = 1; i < node.children.size(); ++i) {
    CollectSymbols(*node.children[i], bound, found);
  }
  const auto place = bound.insert(node.name);
  CollectSymbols(*node.children[0], bound, found);
  bound.erase(place);
}

}  // namespace

ExpressionPtr MakeNumber(Rational value) {
  auto node = NewNode(ExpressionKind::kNumber);
  node->number = std::move(value);
  return node;
}

ExpressionPtr MakeInteger(int64_t value) { return MakeNumber(Rational(value)); }

ExpressionPtr MakeConstant(MathConstant constant) {
  auto node = NewNode(ExpressionKind::kConstant);
  node->constant = constant;
  return node;
}

ExpressionPtr MakeSymbol(absl::string_view name) {
  auto node = NewNode(ExpressionKind::kSymbol);
  node->name = std::string(name);
  return node;
}

ExpressionPtr MakeText(absl::string_view words) {
  auto node = NewNode(ExpressionKind::kText);
  node->name = std::string(words);
  return node;
}

ExpressionPtr MakeNode(ExpressionKind kind,
                       std::vector<ExpressionPtr> children) {
  auto node = NewNode(kind);
  node->children = std::move(children);
  return node;
}

ExpressionPtr MakeFunction(MathFunction function,
                           std::vector<ExpressionPtr> arguments) {
  auto node = NewNode(ExpressionKind::kFunction);
  node->function = function;
  node->children = std::move(arguments);
  return node;
}

ExpressionPtr MakeNegate(ExpressionPtr child) {
  return MakeNode(ExpressionKind::kNegate, {std::move(child)});
}

ExpressionPtr MakeDifference(ExpressionPtr a, ExpressionPtr b) {
  return MakeNode(ExpressionKind::kSum,
                  {std::move(a), MakeNegate(std::move(b))});
}

ExpressionPtr WithChildren(const ExpressionPtr& node,
                           std::vector<ExpressionPtr> children) {
  if (children == node->children) return node;
  auto copy = std::make_shared<Expression>(*node);
  copy->children = std::move(children);
  return copy;
}

MathRelation FlipRelation(MathRelation relation) {
  switch (relation) {
    case MathRelation::kLess:
      return MathRelation::kGreater;
    case MathRelation::kLessEqual:
      return MathRelation::kGreaterEqual;
    case MathRelation::kGreater:
      return MathRelation::kLess;
    case MathRelation::kGreaterEqual:
      return MathRelation::kLessEqual;
    case MathRelation::kSubset:
      return MathRelation::kSuperset;
    case MathRelation::kSubsetEqual:
      return MathRelation::kSupersetEqual;
    case MathRelation::kSuperset:
      return MathRelation::kSubset;
    case MathRelation::kSupersetEqual:
      return MathRelation::kSubsetEqual;
    default:
      return relation;
  }
}

std::vector<std::string> FreeSymbols(const Expression& expression) {
  std::multiset<std::string> bound;
  std::set<std::string> found;
  CollectSymbols(expression, bound, found);
  return {found.begin(), found.end()};
}

bool ContainsKind(const Expression& expression, ExpressionKind kind) {
  if (expression.is(kind)) return true;
  return std::any_of(expression.children.begin(), expression.children.end(),
                     [kind](const ExpressionPtr& child) {
                       return ContainsKind(*child, kind);
                     });
}

bool IsScalar(const Expression& expression) {
  return expression.kind <= ExpressionKind::kBased;
}

ExpressionPtr ResolvePlusMinus(const ExpressionPtr& expression, bool upper) {
  std::vector<ExpressionPtr> children;
  children.reserve(expression->children.size());
  for (const ExpressionPtr& child : expression->children) {
    children.push_back(ResolvePlusMinus(child, upper));
  }
  if (expression->is(ExpressionKind::kPlusMinus)) {
    return upper ? children[0] : MakeNegate(children[0]);
  }
  if (expression->is(ExpressionKind::kMinusPlus)) {
    return upper ? MakeNegate(children[0]) : children[0];
  }
  return WithChildren(expression, std::move(children));
}

ExpressionPtr Substitute(const ExpressionPtr& expression,
                         absl::string_view variable,
                         const ExpressionPtr& value) {
  if (expression->is(ExpressionKind::kSymbol)) {
    return expression->name == variable ? value : expression;
  }
  const bool hidden =
      BindsName(expression->kind) && expression->name == variable;
  std::vector<ExpressionPtr> children;
  children.reserve(expression->children.size());
  for (const ExpressionPtr& child : expression->children) {
    children.push_back(hidden && children.empty()
                           ? child
                           : Substitute(child, variable, value));
  }
  return WithChildren(expression, std::move(children));
}

}  // namespace limbeck
