// One walk from the leaves up; trees are small by the parser's caps.
#include "data/verify/compat_form.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "data/verify/math/answer_comparer.h"

namespace limbeck {
namespace {

std::shared_ptr<Expression> CopyOf(const Expression& expression) {
  return std::make_shared<Expression>(expression);
}

ExpressionPtr Quotient(ExpressionPtr above, ExpressionPtr below) {
  return MakeNode(ExpressionKind::kQuotient,
                  {std::move(above), std::move(below)});
}

// 204_5 as 204; digits beyond 9 make it a name.
ExpressionPtr DigitsOf(const Expression& based) {
  Rational value;
  if (RationalFromDigits(based.name, 10, value)) {
    return MakeNumber(std::move(value));
  }
  return MakeSymbol(based.name);
}

ExpressionPtr RatioAsQuotient(const Expression& ratio) {
  ExpressionPtr value = ratio.children[0];
  for (size_t i = 1; i < ratio.children.size(); ++i) {
    value = Quotient(value, ratio.children[i]);
  }
  return value;
}

void AddElements(const ExpressionPtr& item, std::vector<ExpressionPtr>* set) {
  if (item->is(ExpressionKind::kDots)) return;
  if (item->is(ExpressionKind::kSet)) {
    set->insert(set->end(), item->children.begin(), item->children.end());
  } else {
    set->push_back(item);
  }
}

// Elements that are sets themselves are taken out of their braces.
ExpressionPtr SetOf(const std::vector<ExpressionPtr>& items) {
  std::vector<ExpressionPtr> elements;
  for (const ExpressionPtr& item : items) AddElements(item, &elements);
  if (elements.empty()) return MakeNode(ExpressionKind::kEmptySet, {});
  return MakeNode(ExpressionKind::kSet, std::move(elements));
}

bool HoldsSetsOnly(const std::vector<ExpressionPtr>& items) {
  return std::all_of(items.begin(), items.end(), [](const ExpressionPtr& item) {
    return item->is(ExpressionKind::kSet);
  });
}

// Lists inside a list are elements of their own: "(p = 5, q = 2); (...)".
ExpressionPtr ListAsSet(const std::vector<ExpressionPtr>& items) {
  if (items.size() > 1 && HoldsSetsOnly(items))
    return MakeNode(ExpressionKind::kSet, items);
  return SetOf(items);
}

// a = b = c is a = c; a = b \approx c is a = b; x \approx c is c.
ExpressionPtr ShortenedRelation(const Expression& relation) {
  std::vector<ExpressionPtr> sides = relation.children;
  std::vector<MathRelation> links = relation.relations;
  const auto about =
      std::find(links.begin(), links.end(), MathRelation::kApproximately);
  if (about == links.begin()) return sides[1];
  const auto kept = static_cast<size_t>(about - links.begin());
  links.resize(kept);
  sides.resize(kept + 1);
  std::replace(links.begin(), links.end(), MathRelation::kIn,
               MathRelation::kEqual);
  std::replace(links.begin(), links.end(), MathRelation::kEquivalent,
               MathRelation::kEqual);
  auto copy = CopyOf(relation);
  const bool equation = std::all_of(
      links.begin(), links.end(),
      [](MathRelation link) { return link == MathRelation::kEqual; });
  if (equation && links.size() > 1) {
    sides = {sides.front(), sides.back()};
    links = {MathRelation::kEqual};
  }
  copy->children = std::move(sides);
  copy->relations = std::move(links);
  return copy;
}

ExpressionPtr LowerCased(const Expression& expression) {
  auto copy = CopyOf(expression);
  absl::AsciiStrToLower(&copy->name);
  return copy;
}

ExpressionPtr WithFormOfNode(const ExpressionPtr& node) {
  switch (node->kind) {
    case ExpressionKind::kUnit:
    case ExpressionKind::kDegree:
      return node->children[0];
    case ExpressionKind::kPercent:
      return Quotient(node->children[0], MakeInteger(100));
    case ExpressionKind::kBased:
      return DigitsOf(*node);
    case ExpressionKind::kSymbol:
    case ExpressionKind::kApply:
      return LowerCased(*node);
    case ExpressionKind::kConstant:
      return node->is(MathConstant::kImaginary) ? MakeSymbol("i") : node;
    case ExpressionKind::kRatio:
      return RatioAsQuotient(*node);
    case ExpressionKind::kList:
      return ListAsSet(node->children);
    case ExpressionKind::kSet:
      return SetOf(node->children);
    case ExpressionKind::kUnion:
      return HoldsSetsOnly(node->children) ? SetOf(node->children) : node;
    case ExpressionKind::kRelation:
      return ShortenedRelation(*node);
    default:
      return node;
  }
}

ExpressionPtr Walk(const ExpressionPtr& node) {
  // The whole scalar takes both signs, not the term that has them.
  const bool signs =
      IsScalar(*node) && (ContainsKind(*node, ExpressionKind::kPlusMinus) ||
                          ContainsKind(*node, ExpressionKind::kMinusPlus));
  if (signs) {
    return SetOf({Walk(ResolvePlusMinus(node, true)),
                  Walk(ResolvePlusMinus(node, false))});
  }
  std::vector<ExpressionPtr> children;
  children.reserve(node->children.size());
  for (const ExpressionPtr& child : node->children) {
    children.push_back(Walk(child));
  }
  const ExpressionPtr form =
      WithFormOfNode(WithChildren(node, std::move(children)));
  const ExpressionPtr matrix = ResolveMatrix(form);
  return matrix ? matrix : form;
}

}  // namespace

ExpressionPtr CompatForm(const ExpressionPtr& expression) {
  return Walk(expression);
}

bool IsEquation(const Expression& expression) {
  return expression.is(ExpressionKind::kRelation) &&
         std::all_of(
             expression.relations.begin(), expression.relations.end(),
             [](MathRelation link) { return link == MathRelation::kEqual; });
}

}  // namespace limbeck
