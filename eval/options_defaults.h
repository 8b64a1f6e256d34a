// Defaults and ranges of the evaluation stages' options.
#ifndef LIMBECK_EVAL_OPTIONS_DEFAULTS_H_
#define LIMBECK_EVAL_OPTIONS_DEFAULTS_H_

#include "absl/status/statusor.h"
#include "eval/options.pb.h"

namespace limbeck {

// Each returns the message with every field set, or an error that names the
// field, its value and what is allowed.
absl::StatusOr<EvaluateOptions> ResolveOptions(const EvaluateOptions& given);
absl::StatusOr<CompareOptions> ResolveOptions(const CompareOptions& given);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_OPTIONS_DEFAULTS_H_
