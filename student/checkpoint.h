// Hugging Face checkpoints in and out: config.json, model.safetensors (or
// sharded with an index), generation_config.json, tokenizer files.
#ifndef LIMBECK_STUDENT_CHECKPOINT_H_
#define LIMBECK_STUDENT_CHECKPOINT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "student/weights.h"

namespace limbeck {

// Weights in the dtype of the file (mixed ones: what holds all exactly), or
// converted to `dtype`. model.config.dtype says what was stored. Missing, extra
// and misshapen tensors are errors that name the tensor and both shapes.
absl::StatusOr<Model> LoadCheckpoint(const std::string& directory);
absl::StatusOr<Model> LoadCheckpoint(const std::string& directory,
                                     at::ScalarType dtype);

// Writes a complete folder through a temporary one and a rename. Tokenizer
// files are copied from `tokenizer_directory` unless that is empty. `dtype` is
// how the weights are stored. The same model gives the same bytes.
absl::Status SaveCheckpoint(const Model& model, at::ScalarType dtype,
                            const std::string& tokenizer_directory,
                            const std::string& directory);

// SHA-256 (hex) over names, shapes, dtypes and values of all weights: the
// revision of a teacher.
absl::StatusOr<std::string> CheckpointDigest(const std::string& directory);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_H_
