// Kind and options of an answer as lines of JSON state them.
#ifndef LIMBECK_DATA_VERIFY_ANSWER_OPTIONS_H_
#define LIMBECK_DATA_VERIFY_ANSWER_OPTIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/records.pb.h"

namespace limbeck {

// "kind": "math", "integer", ...; `fallback` where the line has none.
absl::StatusOr<AnswerKind> AnswerKindFromJson(const Json& line,
                                              AnswerKind fallback);

// A gold answer: text, a number as JSON writes it, of a schema also an object
// or a boolean.
absl::StatusOr<std::string> GoldFromJson(const Json& line,
                                         absl::string_view key,
                                         AnswerKind kind);

// "absolute_tolerance", "relative_tolerance", "letters", "ignore_case",
// "anywhere"; what the line does not have stays unset.
absl::StatusOr<AnswerOptions> AnswerOptionsFromJson(const Json& line);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_ANSWER_OPTIONS_H_
