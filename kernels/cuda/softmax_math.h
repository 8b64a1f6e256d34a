// What the softmax rows do with one tile: sums over it, and its gradient
// G_i = e_i (constant + slope v_i) + plain e1_i - smoothing, where
// v_i = scale x_i - subtrahend, e_i = 2^v_i, and e1 the same without
// temperature. Columns set apart hold a blank and get 0.
#ifndef LIMBECK_KERNELS_CUDA_SOFTMAX_MATH_H_
#define LIMBECK_KERNELS_CUDA_SOFTMAX_MATH_H_

#include <cmath>
#include <cstdint>

#include "kernels/cuda/architecture.h"
#include "kernels/cuda/columns.h"
#include "kernels/cuda/fast_float.h"
#include "kernels/cuda/reductions.h"
#include "kernels/cuda/tile_pipe.h"
#include "kernels/merged_softmax.h"
#include "kernels/row_math.h"

namespace limbeck::kernels::cuda {

// Parts of the sweeps that only some losses need.
struct SoftmaxParts {
  bool moment = false;     // sum of e v
  bool plain = false;      // a softmax without temperature beside the other
  bool smoothing = false;  // number and sum of the finite logits
  bool softcap = false;    // logits are cap tanh(x / cap)
};

struct SoftmaxScales {
  float exponent;  // log2(e) / temperature
  float softcap;
};

struct SliceStats {
  ExpSum tempered;
  float moment = 0.0f;
  ExpSum plain;
  float finite_count = 0.0f;
  float finite_sum = 0.0f;
};

// `part` with its exponentials relative to `max`, which is no smaller.
template <SoftmaxParts parts>
LIMBECK_DEVICE_CODE SliceStats Rebased(const SliceStats& part, float max,
                                       float plain_max) {
  SliceStats result = part;
  const float shift = part.tempered.max - Subtrahend(max);
  const float factor = Exp2Approx(shift);
  result.tempered = {max, part.tempered.sum * factor};
  if constexpr (parts.moment) {
    result.moment =
        fmaf(part.tempered.sum, FloorLog2(shift), part.moment) * factor;
  }
  if constexpr (parts.plain) {
    result.plain = {
        plain_max,
        part.plain.sum * Exp2Approx(part.plain.max - Subtrahend(plain_max))};
  }
  return result;
}

// Stats of a kernel whose losses need `parts`.
template <SoftmaxParts parts>
struct PartStats : SliceStats {};

template <class Machine, SoftmaxParts parts>
LIMBECK_DEVICE_CODE PartStats<parts> WarpMerge(const Machine& machine,
                                               const PartStats<parts>& part,
                                               int width) {
  const float max = WarpMax(machine, part.tempered.max, width);
  const float plain_max =
      parts.plain ? WarpMax(machine, part.plain.max, width) : 0.0f;
  PartStats<parts> all = {Rebased<parts>(part, max, plain_max)};
  all.tempered.sum = WarpSum(machine, all.tempered.sum, width);
  if constexpr (parts.moment) {
    all.moment = WarpSum(machine, all.moment, width);
  }
  if constexpr (parts.plain) {
    all.plain.sum = WarpSum(machine, all.plain.sum, width);
  }
  if constexpr (parts.smoothing) {
    all.finite_count = WarpSum(machine, all.finite_count, width);
    all.finite_sum = WarpSum(machine, all.finite_sum, width);
  }
  return all;
}

// Bits of a column set apart. -inf serves, unless the softcap would make it
// finite: then those of a NaN that no arithmetic produces, in bfloat16 too.
inline constexpr uint32_t kBlankBits = 0xFFC30000u;

template <SoftmaxParts parts>
LIMBECK_HOST_DEVICE constexpr uint32_t Blank() {
  return parts.softcap ? kBlankBits : kMinusInfinityBits;
}

// cap tanh(x / cap); tanh(u) = -m / (2 + m), m = exp(-2 |u|) - 1, odd.
LIMBECK_DEVICE_CODE float Softcapped(float x, float cap) {
  const float u = x / cap;
  const float m = ExpM1Negative(FastFloat(-2.0f * fabsf(u))).value;
  return copysignf(cap * (-m / (2.0f + m)), u);
}

template <SoftmaxParts parts>
LIMBECK_DEVICE_CODE float LogitOf(float cell, const SoftmaxScales& scales) {
  if constexpr (!parts.softcap) return cell;
  if (__builtin_bit_cast(uint32_t, cell) == kBlankBits) return -kInfinity;
  return Softcapped(cell, scales.softcap);
}

// One thread's share of a tile, in two sweeps.
template <SoftmaxParts parts, class Machine, typename Element>
LIMBECK_DEVICE_CODE SliceStats SumTile(const Machine& machine,
                                       const SoftmaxScales& scales,
                                       const Element* cells,
                                       int32_t num_vectors) {
  const int thread = machine.Thread();
  float max = -kInfinity;
  LIMBECK_UNROLL_4
  for (int32_t v = thread; v < num_vectors; v += Machine::kThreads) {
    const Float4 x = LoadVector(cells, v);
    LIMBECK_UNROLL
    for (int i = 0; i < kVectorColumns; ++i) {
      max = fmaxf(max, LogitOf<parts>(x.column[i], scales));
    }
  }
  SliceStats stats;
  stats.tempered.max = max * scales.exponent;
  stats.plain.max = max * kLog2E;
  const float subtrahend = Subtrahend(stats.tempered.max);
  const float plain_subtrahend = Subtrahend(stats.plain.max);
  LIMBECK_UNROLL_4
  for (int32_t v = thread; v < num_vectors; v += Machine::kThreads) {
    const Float4 cell = LoadVector(cells, v);
    LIMBECK_UNROLL
    for (int i = 0; i < kVectorColumns; ++i) {
      const float x = LogitOf<parts>(cell.column[i], scales);
      const float exponent = fmaf(x, scales.exponent, -subtrahend);
      const float e = Exp2Approx(exponent);
      stats.tempered.sum += e;
      if constexpr (parts.moment) {
        stats.moment = fmaf(e, FloorLog2(exponent), stats.moment);
      }
      if constexpr (parts.plain) {
        stats.plain.sum += Exp2Approx(fmaf(x, kLog2E, -plain_subtrahend));
      }
      if constexpr (parts.smoothing) {
        const bool is_finite = x > -kInfinity;
        stats.finite_count += is_finite ? 1.0f : 0.0f;
        stats.finite_sum += is_finite ? x : 0.0f;
      }
    }
  }
  return stats;
}

// Sums of two parts of a thread's columns.
template <SoftmaxParts parts>
LIMBECK_DEVICE_CODE SliceStats Joined(const SliceStats& a,
                                      const SliceStats& b) {
  const float max = fmaxf(a.tempered.max, b.tempered.max);
  const float plain_max = fmaxf(a.plain.max, b.plain.max);
  SliceStats sum = Rebased<parts>(a, max, plain_max);
  const SliceStats other = Rebased<parts>(b, max, plain_max);
  sum.tempered.sum += other.tempered.sum;
  sum.moment += other.moment;
  sum.plain.sum += other.plain.sum;
  sum.finite_count += other.finite_count;
  sum.finite_sum += other.finite_sum;
  return sum;
}

struct TailGradient {
  float subtrahend = 0.0f;
  float constant = 0.0f;
  float slope = 0.0f;
  float plain_subtrahend = 0.0f;
  float plain = 0.0f;
  float smoothing = 0.0f;
};

template <SoftmaxParts parts>
LIMBECK_DEVICE_CODE float GradientOf(const TailGradient& gradient,
                                     const SoftmaxScales& scales, float cell) {
  const float x = LogitOf<parts>(cell, scales);
  const float exponent = fmaf(x, scales.exponent, -gradient.subtrahend);
  float factor = gradient.constant;
  if constexpr (parts.moment) {
    factor = fmaf(gradient.slope, FloorLog2(exponent), factor);
  }
  float result = Exp2Approx(exponent) * factor;
  if constexpr (parts.plain) {
    const float plain = fmaf(x, kLog2E, -gradient.plain_subtrahend);
    result = fmaf(Exp2Approx(plain), gradient.plain, result);
  }
  if constexpr (parts.smoothing) {
    if (x > -kInfinity) result -= gradient.smoothing;
  }
  if constexpr (parts.softcap) {
    const float share = x / scales.softcap;
    if (x > -kInfinity) result *= fmaf(-share, share, 1.0f);
  }
  return result;
}

// A tile's gradient to columns [first, end) of `row`.
template <SoftmaxParts parts, class Machine, typename Element, typename Out>
LIMBECK_DEVICE_CODE void WriteTile(const Machine& machine,
                                   const SoftmaxScales& scales,
                                   const TailGradient& gradient,
                                   const Element* cells, ColumnRange range,
                                   bool is_aligned, Out* row) {
  const int32_t num_vectors = CeilDivide(range.size(), kVectorColumns);
  LIMBECK_UNROLL_4
  for (int32_t v = machine.Thread(); v < num_vectors; v += Machine::kThreads) {
    const Float4 cell = LoadVector(cells, v);
    Float4 result;
    LIMBECK_UNROLL
    for (int i = 0; i < kVectorColumns; ++i) {
      result.column[i] = GradientOf<parts>(gradient, scales, cell.column[i]);
    }
    StoreVector(row, is_aligned, range.begin + kVectorColumns * v, range.end,
                result);
  }
}

// The sums of a part in double, relative to a logit: for merged_softmax.h with
// EffectiveInverseTemperature, so that both see the same exponents.
LIMBECK_DEVICE_CODE SoftmaxStats InLogits(const ExpSum& part, float exponent) {
  if (part.max == -kInfinity) {  // empty, or NaN throughout
    return {part.sum == 0.0f ? -INFINITY : 0.0, part.sum};
  }
  return {static_cast<double>(part.max) / static_cast<double>(exponent),
          static_cast<double>(part.sum)};
}

LIMBECK_DEVICE_CODE double EffectiveInverseTemperature(float exponent) {
  return static_cast<double>(exponent) * 0.6931471805599453;
}

LIMBECK_DEVICE_CODE MergedSoftmax Merged(const SoftmaxStats& a,
                                         const SoftmaxStats& b,
                                         double inverse_temperature) {
  return kernels::Finish(Merge(a, b, inverse_temperature), inverse_temperature);
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_SOFTMAX_MATH_H_
