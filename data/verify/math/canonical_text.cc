// CanonicalText and the words it is made of.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/verify/math/expression.h"

namespace limbeck {
namespace {

// In the order of MathFunction.
constexpr std::array<absl::string_view, 48> kFunctionNames = {
    "sqrt",   "exp",    "log",       "ln",     "sin",       "cos",
    "tan",    "cot",    "sec",       "csc",    "arcsin",    "arccos",
    "arctan", "arccot", "arcsec",    "arccsc", "sinh",      "cosh",
    "tanh",   "coth",   "sech",      "csch",   "arsinh",    "arcosh",
    "artanh", "abs",    "floor",     "ceil",   "sgn",       "gcd",
    "lcm",    "min",    "max",       "mod",    "factorial", "factorial2",
    "binom",  "Re",     "Im",        "conj",   "arg",       "det",
    "tr",     "rank",   "transpose", "deg",    "dim",       ""};

// In the order of MathRelation.
constexpr std::array<absl::string_view, 19> kRelationNames = {
    "=",   "!=",       "<",     "<=",      ">",        ">=",       "~=",
    "===", "in",       "notin", "subset",  "subseteq", "superset", "superseteq",
    "~",   "parallel", "perp",  "divides", "->"};

constexpr std::array<absl::string_view, 4> kConstantNames = {"pi", "e", "i",
                                                             "oo"};

// In the order of ExpressionKind.
constexpr std::array<absl::string_view, 36> kKindNames = {
    "",         "",         "",      "sum",   "product", "-",
    "quot",     "pow",      "",      "apply", "+-",      "-+",
    "Sum",      "Prod",     "Int",   "Lim",   "Diff",    "percent",
    "degree",   "unit",     "based", "tuple", "list",    "set",
    "setof",    "interval", "union", "inter", "minus",   "",
    "emptyset", "matrix",   "rel",   "ratio", "text",    "dots"};

bool IgnoresOrder(ExpressionKind kind) {
  switch (kind) {
    case ExpressionKind::kSum:
    case ExpressionKind::kProduct:
    case ExpressionKind::kSet:
    case ExpressionKind::kUnion:
    case ExpressionKind::kIntersection:
      return true;
    default:
      return false;
  }
}

// Sums of sums and the like as one; a set of sets stays.
void CollectOperands(const Expression& node,
                     std::vector<std::string>& operands) {
  const bool flat = IgnoresOrder(node.kind) && !node.is(ExpressionKind::kSet);
  for (const ExpressionPtr& child : node.children) {
    if (flat && child->is(node.kind)) {
      CollectOperands(*child, operands);
    } else {
      operands.push_back(CanonicalText(*child));
    }
  }
}

std::string RelationText(const Expression& node,
                         std::vector<std::string> operands) {
  std::vector<MathRelation> relations = node.relations;
  const bool backwards = std::all_of(
      relations.begin(), relations.end(), [](MathRelation relation) {
        return relation == MathRelation::kGreater ||
               relation == MathRelation::kGreaterEqual;
      });
  if (backwards) {
    std::reverse(operands.begin(), operands.end());
    std::reverse(relations.begin(), relations.end());
    for (MathRelation& relation : relations) relation = FlipRelation(relation);
  }
  if (relations.size() == 1 && (relations[0] == MathRelation::kEqual ||
                                relations[0] == MathRelation::kNotEqual)) {
    std::sort(operands.begin(), operands.end());
  }
  std::string text = "rel(";
  for (size_t i = 0; i < operands.size(); ++i) {
    absl::StrAppend(&text, operands[i]);
    if (i < relations.size()) {
      absl::StrAppend(&text, " ", RelationName(relations[i]), " ");
    } else if (i + 1 < operands.size()) {
      absl::StrAppend(&text, " mod ");  // of a congruence
    }
  }
  return absl::StrCat(text, ")");
}

std::string Head(const Expression& node) {
  switch (node.kind) {
    case ExpressionKind::kFunction:
      return std::string(FunctionName(node.function));
    case ExpressionKind::kTuple:
    case ExpressionKind::kInterval:
      return absl::StrCat(node.left_open ? "open_" : "closed_",
                          node.right_open ? "open_" : "closed_",
                          kKindNames[static_cast<size_t>(node.kind)]);
    case ExpressionKind::kMatrix:
      return absl::StrCat("matrix", node.columns);
    default:
      break;
  }
  const absl::string_view kind = kKindNames[static_cast<size_t>(node.kind)];
  return node.name.empty() || node.is(ExpressionKind::kList)
             ? std::string(kind)
             : absl::StrCat(kind, "_", node.name);
}

}  // namespace

absl::string_view FunctionName(MathFunction function) {
  return kFunctionNames[static_cast<size_t>(function)];
}

absl::string_view RelationName(MathRelation relation) {
  return kRelationNames[static_cast<size_t>(relation)];
}

std::string CanonicalText(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::kNumber:
      return expression.number.ToText();
    case ExpressionKind::kConstant:
      return std::string(
          kConstantNames[static_cast<size_t>(expression.constant)]);
    case ExpressionKind::kSymbol:
      return absl::StrCat("'", expression.name, "'");
    case ExpressionKind::kBased:
      return absl::StrCat("base", expression.base, "(",
                          expression.number.ToText(), ")");
    default:
      break;
  }
  std::vector<std::string> operands;
  CollectOperands(expression, operands);
  if (expression.is(ExpressionKind::kRelation)) {
    return RelationText(expression, std::move(operands));
  }
  if (IgnoresOrder(expression.kind)) {
    std::sort(operands.begin(), operands.end());
  }
  if (expression.is(ExpressionKind::kSet)) {
    operands.erase(std::unique(operands.begin(), operands.end()),
                   operands.end());
  }
  return absl::StrCat(Head(expression), "(", absl::StrJoin(operands, ","), ")");
}

}  // namespace limbeck
