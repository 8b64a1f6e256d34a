// Rotary position embedding in double precision, from the papers: the angles
// of every scaling and the turning itself.
#ifndef LIMBECK_TESTS_STUDENT_PLAIN_ROTARY_H_
#define LIMBECK_TESTS_STUDENT_PLAIN_ROTARY_H_

#include <cstdint>
#include <vector>

#include "student/config/config.h"

namespace limbeck {

struct PlainRotary {
  explicit PlainRotary(const ModelConfig& config);

  // Turns the last channels of one head, [begin, begin + head_dim) of x.
  void Turn(int64_t begin, int64_t head_dim, int64_t position,
            std::vector<double>& x) const;

  std::vector<double> frequencies;  // radians for each position, by pair
  double length = 1.0;              // of cosine and sine
  bool interleaved = false;
};

}  // namespace limbeck

#endif  // LIMBECK_TESTS_STUDENT_PLAIN_ROTARY_H_
