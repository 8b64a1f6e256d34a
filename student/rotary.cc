// Cosines and sines of the rotary angles.
#include "student/rotary.h"

#include <ATen/ATen.h>

namespace limbeck {

RotaryTable MakeRotaryTable(const ModelConfig& config, int64_t positions) {
  const at::TensorOptions options = at::TensorOptions().dtype(at::kFloat);
  const at::Tensor channel = at::arange(0, config.head_dim, 2, options) /
                             static_cast<double>(config.head_dim);
  const at::Tensor frequency =
      1.0 / at::pow(at::Scalar(config.rope_theta), channel);
  const at::Tensor angle = at::outer(at::arange(positions, options), frequency);
  const at::Tensor both = at::cat({angle, angle}, -1);
  return {both.cos(), both.sin()};
}

}  // namespace limbeck
