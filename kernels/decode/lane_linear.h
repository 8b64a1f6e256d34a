// Linear layers and norms on activations stored [feature][lane].
#ifndef LIMBECK_KERNELS_DECODE_LANE_LINEAR_H_
#define LIMBECK_KERNELS_DECODE_LANE_LINEAR_H_

#include <cstdint>

#include "kernels/cpu/lanes_math.h"

namespace limbeck::kernels {

// One weight matrix [outputs, inputs] with an optional bias.
struct LaneMatrix {
  const float* weight;
  const float* bias;  // nullptr: none
  int64_t outputs;
  int64_t inputs;
};

// Long sums are cut so that rounding errors do not grow with the width.
inline constexpr int64_t kSumBlock = 512;

// to[r] = or += sum over k in [begin, end) of weight[r][k] x[k], R outputs.
template <typename L, int R>
inline void LaneProduct(const float* weight, int64_t inputs, const float* x,
                        int64_t begin, int64_t end, bool add, float* to) {
  typename L::V sum[R];
  for (int r = 0; r < R; ++r) sum[r] = L::Set(0.0f);
  const float* column = weight + begin;
  for (int64_t k = begin; k < end; ++k, ++column) {
    const typename L::V value = L::Load(x + k * L::kWidth);
    for (int r = 0; r < R; ++r) {
      sum[r] = L::Fma(L::Set(column[r * inputs]), value, sum[r]);
    }
  }
  for (int r = 0; r < R; ++r) {
    float* out = to + r * L::kWidth;
    L::Store(out, add ? L::Add(L::Load(out), sum[r]) : sum[r]);
  }
}

template <typename L, int R>
inline void LaneOutputs(const LaneMatrix& matrix, int64_t first, const float* x,
                        bool add, float* to) {
  const float* weight = matrix.weight + first * matrix.inputs;
  for (int64_t k = 0; k < matrix.inputs; k += kSumBlock) {
    LaneProduct<L, R>(weight, matrix.inputs, x, k,
                      Smaller(k + kSumBlock, matrix.inputs), add || k > 0, to);
  }
  if (matrix.bias == nullptr) return;
  for (int r = 0; r < R; ++r) {
    float* out = to + r * L::kWidth;
    L::Store(out, L::Add(L::Load(out), L::Set(matrix.bias[first + r])));
  }
}

// Outputs [begin, end) of the matrix: to [end - begin][lane].
template <typename L>
inline void LaneLinearRange(const LaneMatrix& matrix, int64_t begin,
                            int64_t end, const float* x, bool add, float* to) {
  constexpr int R = L::kLinearRows;
  int64_t o = begin;
  for (; o + R <= end; o += R) {
    LaneOutputs<L, R>(matrix, o, x, add, to + (o - begin) * L::kWidth);
  }
  for (; o < end; ++o) {
    LaneOutputs<L, 1>(matrix, o, x, add, to + (o - begin) * L::kWidth);
  }
}

// x [inputs][lane] -> to [outputs][lane].
template <typename L>
inline void LaneLinear(const LaneMatrix& matrix, const float* x, float* to) {
  LaneLinearRange<L>(matrix, 0, matrix.outputs, x, /*add=*/false, to);
}

// to += the product: residual connections.
template <typename L>
inline void AddLaneLinear(const LaneMatrix& matrix, const float* x, float* to) {
  LaneLinearRange<L>(matrix, 0, matrix.outputs, x, /*add=*/true, to);
}

// R outputs of LaneTransposed.
template <typename L, int R>
inline void TransposedOutputs(const float* weight, int64_t inputs,
                              int64_t outputs, const float* x, float* to) {
  typename L::V sum[R];
  for (int r = 0; r < R; ++r) sum[r] = L::Set(0.0f);
  for (int64_t k = 0; k < inputs; ++k, weight += outputs) {
    const typename L::V value = L::Load(x + k * L::kWidth);
    for (int r = 0; r < R; ++r) {
      sum[r] = L::Fma(L::Set(weight[r]), value, sum[r]);
    }
  }
  for (int r = 0; r < R; ++r) L::Store(to + r * L::kWidth, sum[r]);
}

// x [inputs][lane] -> to [outputs][lane] by a matrix that lies transposed,
// [inputs, outputs].
template <typename L>
inline void LaneTransposed(const float* weight, int64_t inputs, int64_t outputs,
                           const float* x, float* to) {
  constexpr int R = L::kLinearRows;
  int64_t o = 0;
  for (; o + R <= outputs; o += R) {
    TransposedOutputs<L, R>(weight + o, inputs, outputs, x, to + o * L::kWidth);
  }
  for (; o < outputs; ++o) {
    TransposedOutputs<L, 1>(weight + o, inputs, outputs, x, to + o * L::kWidth);
  }
}

// RMSNorm of every lane: x [width][lane] -> to [width][lane], which
// may be x.
template <typename L>
inline void LaneRmsNorm(const float* x, const float* weight, int64_t width,
                        float epsilon, float* to) {
  using V = typename L::V;
  constexpr int kParts = 4;  // independent sums hide the latency
  V sum[kParts];
  for (int p = 0; p < kParts; ++p) sum[p] = L::Set(0.0f);
  for (int64_t i = 0; i < width; ++i) {
    const V value = L::Load(x + i * L::kWidth);
    sum[i % kParts] = L::Fma(value, value, sum[i % kParts]);
  }
  const V total = L::Add(L::Add(sum[0], sum[1]), L::Add(sum[2], sum[3]));
  const V mean = L::Div(total, L::Set(static_cast<float>(width)));
  const V inverse =
      L::Div(L::Set(1.0f), L::Sqrt(L::Add(mean, L::Set(epsilon))));
  for (int64_t i = 0; i < width; ++i) {
    const V scaled = L::Mul(L::Load(x + i * L::kWidth), inverse);
    L::Store(to + i * L::kWidth, L::Mul(scaled, L::Set(weight[i])));
  }
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DECODE_LANE_LINEAR_H_
