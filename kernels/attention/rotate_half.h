// One row of rotary position embedding, forward and backward.
#ifndef LIMBECK_KERNELS_ATTENTION_ROTATE_HALF_H_
#define LIMBECK_KERNELS_ATTENTION_ROTATE_HALF_H_

#include <cstdint>

namespace limbeck::kernels {

// The angles of one position, both halves equal.
struct RotaryRow {
  const float* cosine;  // [head_dim]
  const float* sine;    // [head_dim]
};

// to[d * stride] = factor * (x cos + rotate_half(x) sin)[d].
template <typename L>
inline void RotateRow(const float* x, RotaryRow angle, int64_t head_dim,
                      float factor, float* to, int64_t stride) {
  const int64_t half = head_dim / 2;
  for (int64_t i = 0; i < half; ++i) {
    const float low = x[i] * angle.cosine[i] - x[i + half] * angle.sine[i];
    const float high =
        x[i + half] * angle.cosine[i + half] + x[i] * angle.sine[i + half];
    to[i * stride] = low * factor;
    to[(i + half) * stride] = high * factor;
  }
}

// The transpose of the rotation: the gradient of x from that of the result.
template <typename L>
inline void RotateRowBack(const float* gradient, RotaryRow angle,
                          int64_t head_dim, float* to) {
  const int64_t half = head_dim / 2;
  for (int64_t i = 0; i < half; ++i) {
    const float low = gradient[i];
    const float high = gradient[i + half];
    to[i] = low * angle.cosine[i] + high * angle.sine[i + half];
    to[i + half] = high * angle.cosine[i + half] - low * angle.sine[i];
  }
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ATTENTION_ROTATE_HALF_H_
