// Hugging Face checkpoints in and out: config.json, model.safetensors (or
// shards with an index), generation_config.json, tokenizer files.
#ifndef LIMBECK_STUDENT_CHECKPOINT_CHECKPOINT_H_
#define LIMBECK_STUDENT_CHECKPOINT_CHECKPOINT_H_

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "student/weights.h"

namespace limbeck {

// Weights in the dtype of the file (mixed ones: what holds all exactly, float8
// in blocks: bfloat16, float64: float32), or converted to `dtype`.
// model.config.dtype says what was stored. Missing, extra and misshapen tensors
// are one error that names them and both shapes. Needs the memory of the model
// and of one piece of a tensor.
absl::StatusOr<Model> LoadCheckpoint(const std::string& directory);
absl::StatusOr<Model> LoadCheckpoint(const std::string& directory,
                                     at::ScalarType dtype);

// Whether LoadCheckpoint would find everything: configuration, headers, names
// and shapes, without a look at the values.
absl::Status CheckCheckpoint(const std::string& directory);

struct SaveOptions {
  // How weights are stored; router biases are float32 always.
  at::ScalarType dtype = at::kFloat;
  // Tokenizer files are copied from here; empty: there are none.
  std::string tokenizer_directory;
  // Shards of at most so many bytes (a larger tensor has one of its own) with
  // an index, when the weights have more; 0: one file whatever its size.
  uint64_t shard_bytes = 0;
  // Told after each piece, if set: bytes written and bytes in all.
  std::function<void(uint64_t done, uint64_t total)> progress = {};
};

// Writes a complete folder through a temporary one and a rename. The same model
// gives the same bytes. A number that `dtype` cannot hold is an error.
absl::Status SaveCheckpoint(const Model& model, const SaveOptions& options,
                            const std::string& directory);

// SHA-256 (hex) over names, shapes, dtypes and values of all weights: the
// revision of a teacher. However they are spread over files, it is the same.
absl::StatusOr<std::string> CheckpointDigest(const std::string& directory);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_CHECKPOINT_H_
