// What loading, saving and converting checkpoints share.
#ifndef LIMBECK_STUDENT_CHECKPOINT_CHECKPOINT_PIECES_H_
#define LIMBECK_STUDENT_CHECKPOINT_CHECKPOINT_PIECES_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/weight_sources.h"

namespace limbeck {

// Elements that are handled at once.
inline constexpr int64_t kPieceElements = int64_t{1} << 20;

// Calls visit for [0, count) piece by piece until one fails.
absl::Status ForEachPiece(
    int64_t count,
    const std::function<absl::Status(int64_t first, int64_t count)>& visit);

// The configuration of the model that these sources make: nothing in float8,
// no layers for further tokens.
void DescribeStored(const ModelSources& sources, ModelConfig& config);

// One weight on its way into a checkpoint.
struct OutgoingWeight {
  std::string name;
  std::vector<int64_t> shape;
  at::ScalarType dtype;  // as it will be stored
  // Fills `out` (flat, of dtype) with the elements from `first` on.
  std::function<absl::Status(int64_t first, at::Tensor& out)> read;
};

// Writes a complete folder through a temporary one and a rename; options.dtype
// is what config.json will say.
absl::Status WriteCheckpoint(const ModelConfig& config,
                             const std::vector<OutgoingWeight>& weights,
                             const SaveOptions& options,
                             const std::string& directory);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_CHECKPOINT_PIECES_H_
