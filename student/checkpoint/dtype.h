// The number formats of checkpoints, by the names of config.json.
#ifndef LIMBECK_STUDENT_CHECKPOINT_DTYPE_H_
#define LIMBECK_STUDENT_CHECKPOINT_DTYPE_H_

#include <c10/core/ScalarType.h>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

// "float32", "bfloat16", "float16"; anything else is refused by name.
absl::StatusOr<at::ScalarType> ParseDtype(absl::string_view name);
// The name ParseDtype reads; any other type gives its ATen name.
absl::string_view DtypeName(at::ScalarType dtype);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_DTYPE_H_
