// Where the channels of an attention head lie when kernels work on it.
//
// Kernels turn channel i with channel i + half of a head of even width, for all
// i. Heads of latent attention have channels that do not turn, and checkpoints
// may keep the pairs side by side; the order of channels inside a head is free
// as long as queries and keys agree, so such heads are put in the order that
// kernels want.
#ifndef LIMBECK_STUDENT_HEAD_LAYOUT_H_
#define LIMBECK_STUDENT_HEAD_LAYOUT_H_

#include <cstdint>
#include <vector>

#include "student/config/config.h"

namespace limbeck {

struct HeadLayout {
  int64_t width = 0;  // even; a place that no channel goes to holds 0
  // place[c] of channel c as stored: latent attention has the channels that
  // do not turn first, then the rotated ones.
  std::vector<int64_t> place;

  int64_t Half() const { return width / 2; }
  // Stored order and kernel order are the same.
  bool IsIdentity() const;
};

// Rotated pair i goes to places i and half + i; what does not turn follows
// behind the rotated channels of the first half, then of the second.
HeadLayout MakeHeadLayout(const ModelConfig& config);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_HEAD_LAYOUT_H_
