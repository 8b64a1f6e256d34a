// Lists, sets, tuples and matrices.
#include <algorithm>
#include <string>
#include <utility>

#include "data/verify/math/answer_comparer.h"
#include "data/verify/math/math_limits.h"
#include "data/verify/math/real_set.h"

namespace limbeck {
namespace {

constexpr int kMaxMatrixPower = 16;
constexpr int16_t kMaxDeterminantSize = 4;

ExpressionPtr Matrix(std::vector<ExpressionPtr> cells, int16_t columns) {
  Expression node;
  node.kind = ExpressionKind::kMatrix;
  node.columns = columns;
  node.children = std::move(cells);
  return std::make_shared<Expression>(std::move(node));
}

size_t RowsOf(const Expression& matrix) {
  return matrix.children.size() / static_cast<size_t>(matrix.columns);
}

ExpressionPtr AddMatrices(const Expression& a, const Expression& b) {
  if (a.columns != b.columns || a.children.size() != b.children.size()) {
    return nullptr;
  }
  std::vector<ExpressionPtr> cells;
  for (size_t i = 0; i < a.children.size(); ++i) {
    cells.push_back(
        MakeNode(ExpressionKind::kSum, {a.children[i], b.children[i]}));
  }
  return Matrix(std::move(cells), a.columns);
}

ExpressionPtr ScaleMatrix(const ExpressionPtr& factor, const Expression& a) {
  std::vector<ExpressionPtr> cells;
  for (const ExpressionPtr& cell : a.children) {
    cells.push_back(MakeNode(ExpressionKind::kProduct, {factor, cell}));
  }
  return Matrix(std::move(cells), a.columns);
}

ExpressionPtr MultiplyMatrices(const Expression& a, const Expression& b) {
  const size_t inner = static_cast<size_t>(a.columns);
  if (inner != RowsOf(b)) return nullptr;
  const size_t columns = static_cast<size_t>(b.columns);
  if (RowsOf(a) * columns > size_t{kMaxMatrixCells}) return nullptr;
  std::vector<ExpressionPtr> cells;
  for (size_t i = 0; i < RowsOf(a); ++i) {
    for (size_t j = 0; j < columns; ++j) {
      std::vector<ExpressionPtr> terms;
      for (size_t k = 0; k < inner; ++k) {
        terms.push_back(
            MakeNode(ExpressionKind::kProduct,
                     {a.children[i * inner + k], b.children[k * columns + j]}));
      }
      cells.push_back(MakeNode(ExpressionKind::kSum, std::move(terms)));
    }
  }
  return Matrix(std::move(cells), b.columns);
}

ExpressionPtr TransposeMatrix(const Expression& a) {
  const size_t rows = RowsOf(a), columns = static_cast<size_t>(a.columns);
  std::vector<ExpressionPtr> cells;
  for (size_t j = 0; j < columns; ++j) {
    for (size_t i = 0; i < rows; ++i) {
      cells.push_back(a.children[i * columns + j]);
    }
  }
  return Matrix(std::move(cells), static_cast<int16_t>(rows));
}

// What the entries of a list are called, "x = 1"; different names only.
std::vector<std::string> NamesOf(const Expression& list) {
  std::vector<std::string> names;
  for (const ExpressionPtr& child : list.children) {
    std::string name;
    NamedValue(child, name);
    if (!name.empty() &&
        std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(name);
    }
  }
  return names;
}

// A factor or the product so far: either a matrix or a scalar.
ExpressionPtr MultiplyInto(const ExpressionPtr& left,
                           const ExpressionPtr& right) {
  const bool left_matrix = left->is(ExpressionKind::kMatrix);
  const bool right_matrix = right->is(ExpressionKind::kMatrix);
  if (left_matrix && right_matrix) return MultiplyMatrices(*left, *right);
  if (left_matrix) return ScaleMatrix(right, *left);
  if (right_matrix) return ScaleMatrix(left, *right);
  return MakeNode(ExpressionKind::kProduct, {left, right});
}

// Matrices resolved, scalars as they are; null: does not fit.
ExpressionPtr ResolveOperand(const ExpressionPtr& node) {
  if (ContainsKind(*node, ExpressionKind::kMatrix)) return ResolveMatrix(node);
  return IsScalar(*node) ? node : nullptr;
}

// By the first row.
ExpressionPtr Determinant(const Expression& a) {
  const size_t size = static_cast<size_t>(a.columns);
  if (size == 1) return a.children[0];
  std::vector<ExpressionPtr> terms;
  for (size_t column = 0; column < size; ++column) {
    std::vector<ExpressionPtr> minor;
    for (size_t i = size; i < size * size; ++i) {
      if (i % size != column) minor.push_back(a.children[i]);
    }
    ExpressionPtr term =
        MakeNode(ExpressionKind::kProduct,
                 {a.children[column],
                  Determinant(*Matrix(std::move(minor),
                                      static_cast<int16_t>(size - 1)))});
    terms.push_back(column % 2 == 0 ? term : MakeNegate(term));
  }
  return MakeNode(ExpressionKind::kSum, std::move(terms));
}

ExpressionPtr Trace(const Expression& a) {
  std::vector<ExpressionPtr> terms;
  for (size_t i = 0; i < RowsOf(a); ++i) {
    terms.push_back(a.children[i * static_cast<size_t>(a.columns) + i]);
  }
  return MakeNode(ExpressionKind::kSum, std::move(terms));
}

// The cells of a column or row vector.
bool IsVector(const Expression& node) {
  return node.is(ExpressionKind::kMatrix) &&
         (node.columns == 1 || RowsOf(node) == 1);
}

}  // namespace

ExpressionPtr ResolveDeterminants(const ExpressionPtr& node) {
  if (!ContainsKind(*node, ExpressionKind::kMatrix)) return node;
  std::vector<ExpressionPtr> children;
  children.reserve(node->children.size());
  for (const ExpressionPtr& child : node->children) {
    children.push_back(ResolveDeterminants(child));
  }
  const bool determinant = node->is(MathFunction::kDeterminant);
  if ((determinant || node->is(MathFunction::kTrace)) && children.size() == 1) {
    const ExpressionPtr matrix = ResolveMatrix(children[0]);
    if (matrix != nullptr &&
        RowsOf(*matrix) == static_cast<size_t>(matrix->columns) &&
        matrix->columns <= kMaxDeterminantSize) {
      return determinant ? Determinant(*matrix) : Trace(*matrix);
    }
  }
  return WithChildren(node, std::move(children));
}

ExpressionPtr ResolveMatrix(const ExpressionPtr& node) {
  switch (node->kind) {
    case ExpressionKind::kMatrix: {
      const bool scalars = std::all_of(
          node->children.begin(), node->children.end(),
          [](const ExpressionPtr& cell) { return IsScalar(*cell); });
      return scalars ? node : nullptr;
    }
    case ExpressionKind::kNegate: {
      const ExpressionPtr inner = ResolveMatrix(node->children[0]);
      return inner == nullptr ? nullptr : ScaleMatrix(MakeInteger(-1), *inner);
    }
    case ExpressionKind::kQuotient: {
      const ExpressionPtr inner = ResolveMatrix(node->children[0]);
      if (inner == nullptr || !IsScalar(*node->children[1])) return nullptr;
      return ScaleMatrix(MakeNode(ExpressionKind::kQuotient,
                                  {MakeInteger(1), node->children[1]}),
                         *inner);
    }
    case ExpressionKind::kSum: {
      ExpressionPtr total;
      for (const ExpressionPtr& child : node->children) {
        const ExpressionPtr term = ResolveMatrix(child);
        if (term == nullptr) return nullptr;
        total = total == nullptr ? term : AddMatrices(*total, *term);
        if (total == nullptr) return nullptr;
      }
      return total;
    }
    case ExpressionKind::kProduct: {
      ExpressionPtr total;
      for (const ExpressionPtr& child : node->children) {
        const ExpressionPtr factor = ResolveOperand(child);
        if (factor == nullptr) return nullptr;
        total = total == nullptr ? factor : MultiplyInto(total, factor);
        if (total == nullptr) return nullptr;
      }
      return total->is(ExpressionKind::kMatrix) ? total : nullptr;
    }
    case ExpressionKind::kPower: {
      const ExpressionPtr base = ResolveMatrix(node->children[0]);
      const Expression& exponent = *node->children[1];
      if (base == nullptr || !exponent.is(ExpressionKind::kNumber) ||
          !exponent.number.IsSmallInteger(kMaxMatrixPower) ||
          exponent.number.sign() <= 0 ||
          RowsOf(*base) != static_cast<size_t>(base->columns) ||
          base->columns > 3) {
        return nullptr;
      }
      ExpressionPtr power = base;
      for (int64_t i = 1; i < exponent.number.ToInt64() && i < 4; ++i) {
        power = MultiplyMatrices(*power, *base);
      }
      return exponent.number.ToInt64() <= 4 ? power : nullptr;
    }
    case ExpressionKind::kFunction: {
      if (!node->is(MathFunction::kTranspose)) return nullptr;
      const ExpressionPtr inner = ResolveMatrix(node->children[0]);
      return inner == nullptr ? nullptr : TransposeMatrix(*inner);
    }
    default:
      return nullptr;
  }
}

EqualityFinding AnswerComparer::CompareOrdered(
    const std::vector<ExpressionPtr>& gold,
    const std::vector<ExpressionPtr>& answer) {
  if (gold.size() != answer.size()) {
    return FoundDifferent("different numbers of entries");
  }
  EqualityFinding result = FoundEqual("all entries are equal");
  for (size_t i = 0; i < gold.size(); ++i) {
    EqualityFinding entry = Compare(gold[i], answer[i]);
    if (entry.equality == Equality::kDifferent) return entry;
    if (entry.equality == Equality::kUnknown) result = std::move(entry);
  }
  return result;
}

EqualityFinding AnswerComparer::CompareUnordered(
    const std::vector<ExpressionPtr>& gold,
    const std::vector<ExpressionPtr>& answer) {
  std::vector<bool> used(answer.size(), false);
  bool unknown = false;
  for (const ExpressionPtr& entry : gold) {
    bool found = false, open = false;
    for (size_t i = 0; i < answer.size() && !found; ++i) {
      const Equality equality = Compare(entry, answer[i]).equality;
      if (equality == Equality::kEqual) {
        found = true;
        used[i] = true;
      }
      open |= equality == Equality::kUnknown;
    }
    if (!found && !open) return FoundDifferent("an entry is missing");
    unknown |= !found;
  }
  // What is left over must repeat an entry.
  for (size_t i = 0; i < answer.size(); ++i) {
    if (used[i]) continue;
    bool found = false, open = false;
    for (const ExpressionPtr& entry : gold) {
      const Equality equality = Compare(entry, answer[i]).equality;
      found |= equality == Equality::kEqual;
      open |= equality == Equality::kUnknown;
    }
    if (!found && !open) return FoundDifferent("an entry too many");
    unknown |= !found;
  }
  return unknown ? FoundUnknown("an entry could not be compared")
                 : FoundEqual("the same entries");
}

EqualityFinding AnswerComparer::CompareLists(const ExpressionPtr& gold,
                                             const ExpressionPtr& answer) {
  const auto is_collection = [](const Expression& node) {
    return node.is(ExpressionKind::kList) || node.is(ExpressionKind::kSet);
  };
  if (is_collection(*gold) && is_collection(*answer)) {
    const bool lists =
        gold->is(ExpressionKind::kList) && answer->is(ExpressionKind::kList);
    if (lists && options_.list_order == ListOrderPolicy::kOrdered) {
      return CompareOrdered(gold->children, answer->children);
    }
    EqualityFinding entries =
        CompareUnordered(gold->children, answer->children);
    // a = 1, b = 2 against 2, 1: which is which was not said.
    if (entries.equality == Equality::kEqual &&
        (NamesOf(*gold).size() > 1) != (NamesOf(*answer).size() > 1)) {
      return FoundUnknown("names on one side only");
    }
    return entries;
  }
  const ExpressionPtr& list = is_collection(*gold) ? gold : answer;
  const ExpressionPtr& other = is_collection(*gold) ? answer : gold;
  if (other->is(ExpressionKind::kTuple)) {
    // x = 1, y = 2 and (1, 2): the order of the alphabet is the tuple's.
    const std::vector<std::string> names = NamesOf(*list);
    if (names.size() == list->children.size() && names.size() > 1) {
      if (!std::is_sorted(names.begin(), names.end())) {
        return FoundUnknown("names out of order against a tuple");
      }
      return list == gold ? CompareOrdered(list->children, other->children)
                          : CompareOrdered(other->children, list->children);
    }
    // (1, 2) against 1, 2: the brackets may be an interval's or none's.
    return CompareOrdered(list->children, other->children).equality ==
                   Equality::kDifferent
               ? FoundDifferent("a tuple against a list of other numbers")
               : FoundUnknown("a tuple against a list");
  }
  if (LooksLikeRealSet(*other)) return CompareRealSets(gold, answer, budget_);
  if (list->children.size() == 1) {
    return list == gold ? Compare(list->children[0], answer)
                        : Compare(gold, list->children[0]);
  }
  // Several values against one: equal only if all of them are.
  for (const ExpressionPtr& entry : list->children) {
    const EqualityFinding finding =
        list == gold ? Compare(entry, answer) : Compare(gold, entry);
    if (finding.equality != Equality::kEqual) {
      return finding.equality == Equality::kDifferent
                 ? FoundDifferent("one value against several")
                 : finding;
    }
  }
  return FoundUnknown("one value against several equal ones");
}

EqualityFinding AnswerComparer::CompareMatrices(const ExpressionPtr& gold,
                                                const ExpressionPtr& answer) {
  const auto is_list = [](const Expression& node) {
    return node.is(ExpressionKind::kList) || node.is(ExpressionKind::kSet);
  };
  if (is_list(*gold) || is_list(*answer)) return CompareLists(gold, answer);
  if (gold->is(ExpressionKind::kTuple) && answer->is(ExpressionKind::kTuple)) {
    return CompareOrdered(gold->children, answer->children);
  }
  const ExpressionPtr g =
      gold->is(ExpressionKind::kTuple) ? gold : ResolveMatrix(gold);
  const ExpressionPtr a =
      answer->is(ExpressionKind::kTuple) ? answer : ResolveMatrix(answer);
  if (g == nullptr || a == nullptr) {
    // One is a matrix for certain, the other a number.
    const bool other_scalar = (a != nullptr && IsScalar(*gold) &&
                               !ContainsKind(*gold, ExpressionKind::kMatrix)) ||
                              (g != nullptr && IsScalar(*answer) &&
                               !ContainsKind(*answer, ExpressionKind::kMatrix));
    if (LooksLikeRealSet(*gold) || LooksLikeRealSet(*answer)) {
      return FoundDifferent("a matrix against a set");
    }
    return other_scalar ? FoundDifferent("a matrix against a number")
                        : FoundUnknown("a matrix that cannot be computed");
  }
  if (g->is(ExpressionKind::kTuple) || a->is(ExpressionKind::kTuple)) {
    const Expression& matrix = g->is(ExpressionKind::kTuple) ? *a : *g;
    if (!IsVector(matrix)) return FoundDifferent("a matrix against a tuple");
    return CompareOrdered(g->children, a->children);
  }
  if (g->columns != a->columns || g->children.size() != a->children.size()) {
    return FoundDifferent("matrices of different size");
  }
  return CompareOrdered(g->children, a->children);
}

}  // namespace limbeck
