// Whether an answer is right: one interface for every kind of answer.
#ifndef LIMBECK_DATA_VERIFY_VERIFY_H_
#define LIMBECK_DATA_VERIFY_VERIFY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "data/records.pb.h"
#include "data/verify/extract.h"
#include "data/verify/plain_number.h"
#include "data/verify/verify_mode.h"

namespace limbeck {

inline constexpr int kVerifierVersion = 5;

// What is to be judged. `gold` is an answer, for REGEX a pattern, for
// JSON_SCHEMA a schema; `answer` a model's whole text or a bare answer.
struct VerifyRequest {
  absl::string_view gold;
  absl::string_view answer;
  AnswerKind kind = ANSWER_KIND_MATH;
  // Compat is for comparing with published tables, never for rewards or
  // filters: MATH and INTEGER as Math-Verify 0.8.0, CHOICE as simple-evals.
  // Other kinds know one mode.
  VerifyMode mode = VerifyMode::kSound;
  AnswerPlace place = AnswerPlace::kStated;  // sound mode
  AnswerOptions options = {};
};

// The verdict: VERDICT_CORRECT, VERDICT_WRONG, or VERDICT_UNKNOWN where nobody
// can tell; the detail gives the reason. No answer is wrong. Never a guess.
// Bounded work, any thread.
Verification VerifyAnswer(const VerifyRequest& request);
// Sound, without options.
Verification VerifyAnswer(absl::string_view gold, absl::string_view answer,
                          AnswerKind kind);

// Whether a request can be judged at all, the answer apart: options in range,
// pattern and schema readable, kind known. The error names what is wrong.
absl::Status CheckRequest(const VerifyRequest& request);

// Why no answer at all can be judged against `gold`; empty when some can.
std::string WhyUndecidable(absl::string_view gold, AnswerKind kind,
                           const AnswerOptions& options = {});

// "math", "integer", ...: the names of filters and files; empty: none.
absl::string_view AnswerKindName(AnswerKind kind);
// ANSWER_KIND_UNSPECIFIED: no such name.
AnswerKind AnswerKindFromName(absl::string_view name);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_VERIFY_H_
