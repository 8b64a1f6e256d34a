// Equality of answers of all kinds: scalars with their units, lists, tuples,
// sets, intervals, matrices, relations, words.
#ifndef LIMBECK_DATA_VERIFY_MATH_ANSWER_COMPARER_H_
#define LIMBECK_DATA_VERIFY_MATH_ANSWER_COMPARER_H_

#include <string>
#include <vector>

#include "data/verify/math/expression.h"
#include "data/verify/math/math_options.h"
#include "data/verify/math/scalar_equality.h"
#include "data/verify/math/work_budget.h"

namespace limbeck {

class AnswerComparer {
 public:
  AnswerComparer(const MathOptions& options, WorkBudget& budget)
      : options_(options), budget_(budget) {}

  EqualityFinding Compare(const ExpressionPtr& gold,
                          const ExpressionPtr& answer);

 private:
  // By kind, after \pm, words and "x =" were dealt with.
  EqualityFinding CompareKinds(const ExpressionPtr& gold,
                               const ExpressionPtr& answer);

  // Scalars (compare_scalars.cc).
  EqualityFinding CompareMarked(const ExpressionPtr& gold,
                                const ExpressionPtr& answer);
  EqualityFinding ComparePlain(const ExpressionPtr& gold,
                               const ExpressionPtr& answer);
  bool IsRenamedIndex(const ExpressionPtr& gold, const ExpressionPtr& answer);
  EqualityFinding CompareBased(const Expression& gold,
                               const Expression& answer);
  EqualityFinding CompareUnits(const std::string& gold_unit,
                               const std::string& answer_unit,
                               const ExpressionPtr& gold,
                               const ExpressionPtr& answer);
  EqualityFinding CompareRatios(const ExpressionPtr& gold,
                                const ExpressionPtr& answer);

  // Collections (compare_collections.cc).
  EqualityFinding CompareOrdered(const std::vector<ExpressionPtr>& gold,
                                 const std::vector<ExpressionPtr>& answer);
  EqualityFinding CompareUnordered(const std::vector<ExpressionPtr>& gold,
                                   const std::vector<ExpressionPtr>& answer);
  EqualityFinding CompareMatrices(const ExpressionPtr& gold,
                                  const ExpressionPtr& answer);
  EqualityFinding CompareLists(const ExpressionPtr& gold,
                               const ExpressionPtr& answer);

  // Relations (compare_relations.cc).
  EqualityFinding CompareRelations(const ExpressionPtr& gold,
                                   const ExpressionPtr& answer);
  EqualityFinding CompareEquations(const ExpressionPtr& gold,
                                   const ExpressionPtr& answer);
  EqualityFinding CompareCongruences(const Expression& gold,
                                     const Expression& answer);
  EqualityFinding CompareProportional(const Expression& gold,
                                      const Expression& answer, bool is_signed);

  const MathOptions& options_;
  WorkBudget& budget_;
  int depth_ = 0;
};

// "x = 5" as its value 5, "x = 1 = 2 \approx 3" as its last exact value; the
// node itself where no value was named. `name` receives what was named.
ExpressionPtr NamedValue(const ExpressionPtr& node, std::string& name);

// Lists of equations for one variable as the list of its values, \pm spelt out.
ExpressionPtr SpellOut(const ExpressionPtr& node);

// Sums, products and powers of matrices as one matrix of scalars; null where
// the sizes do not fit or it is none.
ExpressionPtr ResolveMatrix(const ExpressionPtr& node);

// Determinants and traces of matrices of scalars (up to 4 by 4) written out.
ExpressionPtr ResolveDeterminants(const ExpressionPtr& node);

// What words mean as mathematics: "no solution" the empty set, "five" 5; null
// where they are only words.
ExpressionPtr MeaningOfWords(const std::string& words);

// "six", "twenty-one": an integer from 0 to 100, lower case.
bool IsNumberWord(absl::string_view words);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_ANSWER_COMPARER_H_
