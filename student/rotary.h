// The angles of rotary position embedding (Su et al., arXiv:2104.09864).
#ifndef LIMBECK_STUDENT_ROTARY_H_
#define LIMBECK_STUDENT_ROTARY_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "student/config.h"

namespace limbeck {

// Row p belongs to position p. Both halves of a row are equal: channel i turns
// with channel i + head_dim / 2.
struct RotaryTable {
  at::Tensor cosine;  // [positions, head_dim] float32
  at::Tensor sine;    // [positions, head_dim] float32
};

// Angles in float32 as Hugging Face computes them, so that long positions
// round alike.
RotaryTable MakeRotaryTable(const ModelConfig& config, int64_t positions);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_ROTARY_H_
