// Whether two answers are equal: by what kind of thing they are.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/verify/math/answer_comparer.h"
#include "data/verify/math/flint_thread.h"
#include "data/verify/math/math_answer.h"
#include "data/verify/math/math_tokens.h"

namespace limbeck {
namespace {

MathComparison Finish(EqualityFinding finding) {
  switch (finding.equality) {
    case Equality::kEqual:
      return {VERDICT_CORRECT, std::move(finding.reason)};
    case Equality::kDifferent:
      return {VERDICT_WRONG, std::move(finding.reason)};
    case Equality::kUnknown:
      break;
  }
  return {VERDICT_UNKNOWN, std::move(finding.reason)};
}

ExpressionPtr Reading(const MathAnswer& answer, unsigned mask) {
  const auto found = answer.readings().find(mask);
  return found == answer.readings().end() ? answer.root() : found->second;
}

unsigned AmbiguitiesOf(const MathAnswer& answer) {
  unsigned bits = 0;
  for (const auto& [mask, root] : answer.readings()) bits |= mask;
  return bits;
}

bool IsWords(const MathAnswer& answer) {
  return answer.root()->is(ExpressionKind::kText);
}

// Verdicts under all readings: what both texts leave open is read the same way
// in both. A verdict stands if every reading gives it; a comma that only one
// reading makes equal leaves it open.
EqualityFinding CompareReadings(const MathAnswer& gold,
                                const MathAnswer& answer,
                                AnswerComparer& comparer) {
  const EqualityFinding usual = comparer.Compare(gold.root(), answer.root());
  const unsigned of_gold = AmbiguitiesOf(gold);
  const unsigned of_answer = AmbiguitiesOf(answer);
  const unsigned all = of_gold | of_answer;
  if (all == 0) return usual;
  const unsigned commas = kDecimalComma | kThousandsComma;
  if (usual.equality == Equality::kEqual && (all & ~commas) == 0) return usual;
  for (unsigned bits = all; bits != 0; bits = (bits - 1) & all) {
    EqualityFinding other = comparer.Compare(Reading(gold, bits & of_gold),
                                             Reading(answer, bits & of_answer));
    if (other.equality == usual.equality) continue;
    // "100,200,300" where three numbers were asked for.
    if (bits == kThousandsComma && other.equality == Equality::kEqual) {
      return other;
    }
    if ((bits & kThousandsComma) != 0) continue;
    return FoundUnknown("the notation is read in two ways");
  }
  return usual;
}

}  // namespace

MathComparison CompareMathAnswers(const MathAnswer& gold,
                                  const MathAnswer& answer,
                                  const MathOptions& options) {
  const FlintThread thread;
  if (gold.source() == answer.source() ||
      gold.canonical() == answer.canonical()) {
    return {VERDICT_CORRECT, "the same expression"};
  }
  if ((IsWords(gold) || IsWords(answer)) && !gold.words().empty() &&
      gold.words() == answer.words()) {
    return {VERDICT_CORRECT, "the same words"};
  }
  WorkBudget budget;
  AnswerComparer comparer(options, budget);
  EqualityFinding finding = CompareReadings(gold, answer, comparer);
  if (budget.exhausted()) finding = FoundUnknown("over the limit of work");
  return Finish(std::move(finding));
}

}  // namespace limbeck
