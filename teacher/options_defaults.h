// Defaults and ranges of the teacher stages' options.
#ifndef LIMBECK_TEACHER_OPTIONS_DEFAULTS_H_
#define LIMBECK_TEACHER_OPTIONS_DEFAULTS_H_

#include "absl/status/statusor.h"
#include "teacher/options.pb.h"

namespace limbeck {

// Each returns the message with every field that matters to its kind set, or
// an error that names the field, its value and what is allowed. Fields that
// the kind of teacher does not use must not be set.
absl::StatusOr<GenerateOptions> ResolveOptions(const GenerateOptions& given);
absl::StatusOr<ScoreOptions> ResolveOptions(const ScoreOptions& given);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_OPTIONS_DEFAULTS_H_
