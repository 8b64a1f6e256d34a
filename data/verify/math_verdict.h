// Answers judged by the mathematics of data/verify/math.
#ifndef LIMBECK_DATA_VERIFY_MATH_VERDICT_H_
#define LIMBECK_DATA_VERIFY_MATH_VERDICT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "data/records.pb.h"

namespace limbeck {

struct MathVerdict {
  Verdict verdict = VERDICT_UNKNOWN;
  std::string reason;
};

// The answer that a gold text holds: what a box or a sentence marks as the
// answer, else the text itself.
std::string GoldText(absl::string_view gold);

// Compares two bare answers in sound mode. An inequality is never correct where
// the gold answer is in interval notation: the question asked for that form, or
// it did not; nobody can tell.
MathVerdict JudgeMath(absl::string_view gold, absl::string_view answer);

// Why `gold` cannot be read as mathematics or words; empty: it can.
std::string WhyNoMath(absl::string_view gold);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_VERDICT_H_
