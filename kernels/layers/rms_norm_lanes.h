// RMSNorm over rows, for any instruction set.
#ifndef LIMBECK_KERNELS_LAYERS_RMS_NORM_LANES_H_
#define LIMBECK_KERNELS_LAYERS_RMS_NORM_LANES_H_

#include <cstdint>

#include "kernels/cpu/lanes_math.h"
#include "kernels/layers/rms_norm_launch.h"

namespace limbeck::kernels {

template <typename L>
inline float SumOfSquares(const float* x, int64_t width) {
  typename L::V sum = L::Set(0.0f);
  int64_t i = 0;
  for (; i + L::kWidth <= width; i += L::kWidth) {
    const typename L::V value = L::Load(x + i);
    sum = L::Fma(value, value, sum);
  }
  if (i < width) {
    const typename L::V value = L::LoadFirst(x + i, width - i);
    sum = L::Fma(value, value, sum);
  }
  return L::Sum(sum);
}

template <typename L>
void RmsNormForwardLanes(const RmsNormForward& args, int64_t begin,
                         int64_t end) {
  using V = typename L::V;
  const int64_t width = args.width;
  for (int64_t n = begin; n < end; ++n) {
    const float* x = args.x + n * width;
    float* y = args.y + n * width;
    const float mean = SumOfSquares<L>(x, width) / static_cast<float>(width);
    const float inverse = 1.0f / __builtin_sqrtf(mean + args.epsilon);
    args.inverse[n] = inverse;
    const V scale = L::Set(inverse);
    int64_t i = 0;
    for (; i + L::kWidth <= width; i += L::kWidth) {
      const V scaled = L::Mul(L::Load(x + i), scale);
      L::Store(y + i, L::Mul(scaled, L::Load(args.weight + i)));
    }
    if (i < width) {
      const int64_t rest = width - i;
      const V scaled = L::Mul(L::LoadFirst(x + i, rest), scale);
      L::StoreFirst(y + i, L::Mul(scaled, L::LoadFirst(args.weight + i, rest)),
                    rest);
    }
  }
}

// sum of y_grad * weight * x.
template <typename L>
inline float WeightedProduct(const float* y_grad, const float* weight,
                             const float* x, int64_t width) {
  typename L::V sum = L::Set(0.0f);
  int64_t i = 0;
  for (; i + L::kWidth <= width; i += L::kWidth) {
    sum = L::Fma(L::Mul(L::Load(y_grad + i), L::Load(weight + i)),
                 L::Load(x + i), sum);
  }
  if (i < width) {
    const int64_t rest = width - i;
    sum = L::Fma(
        L::Mul(L::LoadFirst(y_grad + i, rest), L::LoadFirst(weight + i, rest)),
        L::LoadFirst(x + i, rest), sum);
  }
  return L::Sum(sum);
}

// With r = 1 / rms and g = y_grad * weight:
// x_grad = r g - x r^3 mean(g x), weight_grad += y_grad x r.
template <typename L>
void RmsNormBackwardLanes(const RmsNormBackward& args, int64_t begin,
                          int64_t end, float* weight_grad) {
  using V = typename L::V;
  const int64_t width = args.width;
  for (int64_t n = begin; n < end; ++n) {
    const float* x = args.x + n * width;
    const float* y_grad = args.y_grad + n * width;
    float* x_grad = args.x_grad + n * width;
    const float inverse = args.inverse[n];
    const float product = WeightedProduct<L>(y_grad, args.weight, x, width);
    const V r = L::Set(inverse);
    const V back = L::Set(-inverse * inverse * inverse * product /
                          static_cast<float>(width));
    int64_t i = 0;
    for (; i + L::kWidth <= width; i += L::kWidth) {
      const V dy = L::Load(y_grad + i);
      const V value = L::Load(x + i);
      const V g = L::Mul(dy, L::Load(args.weight + i));
      L::Store(x_grad + i, L::Fma(value, back, L::Mul(g, r)));
      L::Store(weight_grad + i,
               L::Fma(dy, L::Mul(value, r), L::Load(weight_grad + i)));
    }
    if (i < width) {
      const int64_t rest = width - i;
      const V dy = L::LoadFirst(y_grad + i, rest);
      const V value = L::LoadFirst(x + i, rest);
      const V g = L::Mul(dy, L::LoadFirst(args.weight + i, rest));
      L::StoreFirst(x_grad + i, L::Fma(value, back, L::Mul(g, r)), rest);
      L::StoreFirst(
          weight_grad + i,
          L::Fma(dy, L::Mul(value, r), L::LoadFirst(weight_grad + i, rest)),
          rest);
    }
  }
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LAYERS_RMS_NORM_LANES_H_
