// The angles of rotary position embedding (Su et al., arXiv:2104.09864).
#ifndef LIMBECK_STUDENT_ROTARY_H_
#define LIMBECK_STUDENT_ROTARY_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "student/config/config.h"

namespace limbeck {

// How fast the channels turn, and what cosine and sine are multiplied by.
struct RotaryFrequencies {
  at::Tensor radians;  // per position, [RotaryDim() / 2] float32
  double factor = 1.0;
};

// Row p belongs to position p, both halves of it are equal: column i and column
// i + RotaryDim() / 2 belong to pair i. Which channels of a head make that pair
// (i and i + half, or 2i and 2i + 1) is for the caller to know. The factor is
// in cosine and sine already.
struct RotaryTable {
  at::Tensor cosine;  // [positions, RotaryDim()] float32
  at::Tensor sine;    // [positions, RotaryDim()] float32
};

// In float32 and in the order of operations of transformers
// (modeling_rope_utils.py), so that long positions round alike.
RotaryFrequencies MakeRotaryFrequencies(const ModelConfig& config);
RotaryTable MakeRotaryTable(const ModelConfig& config, int64_t positions);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_ROTARY_H_
