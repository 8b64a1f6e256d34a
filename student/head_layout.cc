// Places of rotated and other channels.
#include "student/head_layout.h"

namespace limbeck {

bool HeadLayout::IsIdentity() const {
  for (size_t c = 0; c < place.size(); ++c) {
    if (place[c] != static_cast<int64_t>(c)) return false;
  }
  return static_cast<int64_t>(place.size()) == width;
}

HeadLayout MakeHeadLayout(const ModelConfig& config) {
  const int64_t rotary = config.RotaryDim();
  const int64_t pairs = rotary / 2;
  const int64_t still = config.head_dim - rotary;
  HeadLayout layout;
  layout.width = (config.head_dim + 1) / 2 * 2;
  const int64_t half = layout.Half();
  for (int64_t c = 0; c < still; ++c) {
    const bool in_first = c < half - pairs;
    layout.place.push_back(in_first ? pairs + c : c + 2 * pairs);
  }
  for (int64_t c = 0; c < rotary; ++c) {
    const int64_t pair = config.rope_interleaved ? c / 2 : c % pairs;
    const bool is_second = config.rope_interleaved ? c % 2 == 1 : c >= pairs;
    layout.place.push_back(is_second ? half + pair : pair);
  }
  return layout;
}

}  // namespace limbeck
