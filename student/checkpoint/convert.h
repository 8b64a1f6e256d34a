// Rewrites a checkpoint in another number format or in other files, weight by
// weight: a model larger than memory can be converted.
#ifndef LIMBECK_STUDENT_CHECKPOINT_CONVERT_H_
#define LIMBECK_STUDENT_CHECKPOINT_CONVERT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "student/checkpoint/cast_loss.h"
#include "student/checkpoint/checkpoint.h"

namespace limbeck {

struct Conversion {
  ModelConfig config;  // of the new checkpoint
  CastLoss loss;
  std::vector<std::string> remarks;  // what was strange or passed over
};

// `dtype` absent: as stored (float8 becomes bfloat16); options.dtype is not
// looked at. Fused stacks of experts become single ones.
absl::StatusOr<Conversion> ConvertCheckpoint(
    const std::string& from, std::optional<at::ScalarType> dtype,
    SaveOptions options, const std::string& to);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_CONVERT_H_
