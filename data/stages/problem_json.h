// Problems as JSON objects: our generic form and GSM8K's.
#ifndef LIMBECK_DATA_STAGES_PROBLEM_JSON_H_
#define LIMBECK_DATA_STAGES_PROBLEM_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/records.pb.h"

namespace limbeck {

// {"problem", "answer"} and optionally "solution", "family" or "subject",
// "difficulty" or "level", "language", "domain" ("math", "code", ...), "kind"
// and its options (data/verify/answer_options.h; `usual_kind` without). The
// answer may be a number. The domain defaults to math for integer and math
// answers, otherwise to general. Id is set, source is the caller's.
absl::StatusOr<Problem> ParseGenericProblem(const Json& json,
                                            AnswerKind usual_kind);

// {"question", "answer"}: the gold answer is the integer after the last
// "####", the reference solution is the text before, both without the
// calculator's <<...>> and the gold answer without commas.
absl::StatusOr<Problem> ParseGsm8kProblem(const Json& json);

// The text without "<<16-3=13>>" notes; an unclosed one stays.
std::string RemoveCalculatorNotes(absl::string_view text);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_PROBLEM_JSON_H_
