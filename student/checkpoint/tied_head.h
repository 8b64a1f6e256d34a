// Tied models may carry their head as a tensor of its own; it must be the
// embedding.
#ifndef LIMBECK_STUDENT_CHECKPOINT_TIED_HEAD_H_
#define LIMBECK_STUDENT_CHECKPOINT_TIED_HEAD_H_

#include "absl/status/status.h"
#include "student/checkpoint/tensor_folder.h"
#include "student/config/config.h"

namespace limbeck {

// OK if the head is not tied or not stored, or if it holds the numbers of the
// embedding, in whatever format. Else an error that names both formats, both
// shapes or the first place where they differ.
absl::Status CheckTiedHead(const ModelConfig& config,
                           const TensorFolder& folder);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_TIED_HEAD_H_
