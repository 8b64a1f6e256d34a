// Mathematical answers: reading one, and whether two are equal.
#ifndef LIMBECK_DATA_VERIFY_MATH_MATH_ANSWER_H_
#define LIMBECK_DATA_VERIFY_MATH_MATH_ANSWER_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/records.pb.h"
#include "data/verify/math/expression.h"
#include "data/verify/math/math_options.h"

namespace limbeck {

// What kind of thing an answer is.
enum class MathType {
  kInteger,
  kRational,
  kClosedForm,
  kComplex,
  kFormula,
  kTuple,
  kList,
  kSet,
  kInterval,
  kMatrix,
  kRelation,
  kPercent,
  kUnit,
  kBased,
  kRatio,
  kLetter,
  kText,
};
absl::string_view MathTypeName(MathType type);

// A parsed answer; immutable, copies share the trees.
class MathAnswer {
 public:
  // The tree of the usual reading.
  const ExpressionPtr& root() const { return readings_.begin()->second; }
  // All readings of an ambiguous text by a mask of Ambiguity bits
  // (math_parser.h); mask 0 is root().
  const std::map<unsigned, ExpressionPtr>& readings() const {
    return readings_;
  }
  // As given, without surrounding blanks.
  const std::string& source() const { return source_; }
  // The words of the source, lower case, without markup: "\text{(B)}" -> "b".
  const std::string& words() const { return words_; }
  // CanonicalText(root()).
  const std::string& canonical() const { return canonical_; }
  MathType type() const { return type_; }

 private:
  friend absl::StatusOr<MathAnswer> ParseMathAnswer(absl::string_view,
                                                    const MathOptions&);
  std::map<unsigned, ExpressionPtr> readings_;
  std::string source_, words_, canonical_;
  MathType type_ = MathType::kText;
};

// Reads a bare answer (no prose around it, \boxed{} and $ are transparent):
// LaTeX or plain notation. InvalidArgument with the place for what is neither
// mathematics nor words, ResourceExhausted for what exceeds math_limits.h.
absl::StatusOr<MathAnswer> ParseMathAnswer(absl::string_view text,
                                           const MathOptions& options = {});

struct MathComparison {
  Verdict verdict = VERDICT_UNKNOWN;  // correct, wrong or unknown
  std::string reason;                 // in a few words, never empty
};

// Whether `answer` equals `gold`. Correct and wrong are proven (or hold at 8
// random points with 512 bits); all else is unknown. Bounded work, any thread.
MathComparison CompareMathAnswers(const MathAnswer& gold,
                                  const MathAnswer& answer,
                                  const MathOptions& options = {});

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_MATH_ANSWER_H_
