// What an answer says, as a tree: the parser writes it, the comparisons read
// it. Immutable once built.
#ifndef LIMBECK_DATA_VERIFY_MATH_EXPRESSION_H_
#define LIMBECK_DATA_VERIFY_MATH_EXPRESSION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "data/verify/math/rational.h"

namespace limbeck {

// Which fields of Expression a kind uses stands behind it.
enum class ExpressionKind : uint8_t {
  // Scalars.
  kNumber,       // number, decimal_places
  kConstant,     // constant
  kSymbol,       // name: "x", "x_1", "alpha", "bar{x}", "f'"
  kSum,          // children: terms
  kProduct,      // children: factors
  kNegate,       // children: 1
  kQuotient,     // children: numerator, denominator
  kPower,        // children: base, exponent
  kFunction,     // function; children: arguments
  kApply,        // name; children: arguments (an unknown function: f(x))
  kPlusMinus,    // children: 1, taken with both signs
  kMinusPlus,    // children: 1, with the signs opposite to kPlusMinus
  kSummation,    // name: the variable; children: body, first, last
  kProductOver,  // the same
  kIntegral,     // name; children: body [, lower, upper]
  kLimit,        // name; children: body, point
  kDerivative,   // name; children: body
  // Scalars that carry how they were written.
  kPercent,  // children: 1 ("20%": the child is 20)
  kDegree,   // children: 1 (30^\circ)
  kUnit,     // name: the unit as written; children: 1
  kBased,    // number: the value; base; name: the digits (204_5)
  // Structures.
  kTuple,       // children; left_open and right_open tell ( from [
  kList,        // children, without brackets; name: "and", "or" or ""
  kSet,         // children
  kSetBuilder,  // children: element, conditions...
  kInterval,    // children: lower, upper; left_open, right_open
  kUnion,       // children
  kIntersection,
  kDifference,  // children: 2
  kNumberSet,   // name: "R", "Z", "N", "Q", "C", also "R^+"
  kEmptySet,
  kMatrix,    // children row by row; columns
  kRelation,  // relations between neighbouring children: a < b <= c
  kRatio,     // children: a : b : c
  kText,      // name: the words, lower case, single blanks
  kDots,      // the dots of 1, 2, ..., n
};

enum class MathConstant : uint8_t { kPi, kEuler, kImaginary, kInfinity };

enum class MathFunction : uint8_t {
  kSqrt,  // arguments: radicand [, index]
  kExp,
  kLog,  // arguments: x, base
  kLn,
  kSin,
  kCos,
  kTan,
  kCot,
  kSec,
  kCsc,
  kArcsin,
  kArccos,
  kArctan,
  kArccot,
  kArcsec,
  kArccsc,
  kSinh,
  kCosh,
  kTanh,
  kCoth,
  kSech,
  kCsch,
  kArsinh,
  kArcosh,
  kArtanh,
  kAbs,
  kFloor,
  kCeil,
  kSign,
  kGcd,
  kLcm,
  kMin,
  kMax,
  kMod,
  kFactorial,
  kDoubleFactorial,
  kBinomial,
  kReal,
  kImag,
  kConjugate,
  kArgument,
  kDeterminant,
  kTrace,
  kRank,
  kTranspose,
  kDegreeOf,
  kDimension,
};

enum class MathRelation : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kApproximately,
  kEquivalent,
  kIn,
  kNotIn,
  kSubset,
  kSubsetEqual,
  kSuperset,
  kSupersetEqual,
  kSimilar,
  kParallel,
  kPerpendicular,
  kDivides,
  kArrow,  // an implication or a limit's arrow
};

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

struct Expression {
  ExpressionKind kind = ExpressionKind::kNumber;
  MathConstant constant = MathConstant::kPi;
  MathFunction function = MathFunction::kSqrt;
  bool left_open = false;
  bool right_open = false;
  // Whether brackets stood around it as written, "(x + 1)".
  bool grouped = false;
  int16_t base = 10;
  int16_t columns = 0;
  // Digits behind the point; -1: written without one.
  int32_t decimal_places = -1;
  Rational number;
  std::string name;
  std::vector<MathRelation> relations;
  std::vector<ExpressionPtr> children;

  bool is(ExpressionKind wanted) const { return kind == wanted; }
  bool is(MathFunction wanted) const {
    return kind == ExpressionKind::kFunction && function == wanted;
  }
  bool is(MathConstant wanted) const {
    return kind == ExpressionKind::kConstant && constant == wanted;
  }
};

ExpressionPtr MakeNumber(Rational value);
ExpressionPtr MakeInteger(int64_t value);
ExpressionPtr MakeConstant(MathConstant constant);
ExpressionPtr MakeSymbol(absl::string_view name);
ExpressionPtr MakeText(absl::string_view words);
ExpressionPtr MakeNode(ExpressionKind kind,
                       std::vector<ExpressionPtr> children);
ExpressionPtr MakeFunction(MathFunction function,
                           std::vector<ExpressionPtr> arguments);
ExpressionPtr MakeNegate(ExpressionPtr child);
ExpressionPtr MakeDifference(ExpressionPtr a, ExpressionPtr b);  // a - b

// The same node with other children; the node itself when none differs.
ExpressionPtr WithChildren(const ExpressionPtr& node,
                           std::vector<ExpressionPtr> children);

// One text for all trees that differ only in brackets and in the order of
// terms, factors, set elements and the like. Equal texts mean equal answers.
std::string CanonicalText(const Expression& expression);

// "sin", "sqrt": the word of CanonicalText.
absl::string_view FunctionName(MathFunction function);
// "<=", "in".
absl::string_view RelationName(MathRelation relation);
// The relation read from right to left; itself when symmetric.
MathRelation FlipRelation(MathRelation relation);

// Names of the free variables, sorted, each once; bound ones of sums, products
// and integrals are left out.
std::vector<std::string> FreeSymbols(const Expression& expression);
// Whether a node of one of these kinds occurs anywhere.
bool ContainsKind(const Expression& expression, ExpressionKind kind);
// A scalar: no structure, relation or text at the top.
bool IsScalar(const Expression& expression);

// Every \pm replaced by + (`upper`) or by -; \mp the other way round.
ExpressionPtr ResolvePlusMinus(const ExpressionPtr& expression, bool upper);
// Every free occurrence of the variable replaced.
ExpressionPtr Substitute(const ExpressionPtr& expression,
                         absl::string_view variable,
                         const ExpressionPtr& value);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_EXPRESSION_H_
