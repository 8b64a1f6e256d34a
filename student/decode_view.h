// A model and a cache as the raw pointers that kernels/decode works on.
#ifndef LIMBECK_STUDENT_DECODE_VIEW_H_
#define LIMBECK_STUDENT_DECODE_VIEW_H_

#include <vector>

#include "kernels/decode/decode_launch.h"
#include "student/config/config.h"
#include "student/forward.h"
#include "student/weights.h"

namespace limbeck {

// Valid as long as the tensors it was made from; `model` points to `blocks`,
// they to `experts`.
struct DecodeView {
  std::vector<kernels::DecodeMlp> experts;  // of all blocks
  std::vector<kernels::DecodeBlock> blocks;
  kernels::DecodeModel model;
};

// All weights contiguous float32 on the CPU (checked).
DecodeView MakeDecodeView(const ModelConfig& config,
                          const ModelWeights& weights, KvCache& cache);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_DECODE_VIEW_H_
