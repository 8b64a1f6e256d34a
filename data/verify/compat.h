// What Math-Verify 0.8.0 says, its mistakes included: for comparing with
// published tables, never for rewards. Reproduced from its documented rules and
// its observed verdicts; general rules only.
#ifndef LIMBECK_DATA_VERIFY_COMPAT_H_
#define LIMBECK_DATA_VERIFY_COMPAT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "data/records.pb.h"
#include "data/verify/choice.h"

namespace limbeck {

// The settings of Math-Verify's parse and verify, with its defaults.
struct CompatOptions {
  bool latex = true;          // formulas are looked for
  bool expressions = true;    // plain numbers and fractions are looked for
  int boxed_priority = 50;    // 0: boxes before everything else
  int float_rounding = 6;     // places
  bool strict = true;         // variables keep their names
  bool set_relation = false;  // a gold set accepts an inequality
};

struct CompatVerdict {
  Verdict verdict = VERDICT_WRONG;
  std::string extracted;
  std::string reason;
};

CompatVerdict VerifyAsMathVerify(absl::string_view gold,
                                 absl::string_view answer,
                                 const CompatOptions& options);

// The rule of simple-evals' GPQA script: the first "Answer: X" in any case,
// blanks and a dollar sign between.
FoundChoice FindChoiceAsSimpleEvals(absl::string_view output,
                                    absl::string_view letters);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_COMPAT_H_
