// The loops of row_sweeps.h, written once. Every instruction set compiles a
// copy of its own (L is a type local to that file), so this header takes
// nothing from LibTorch or the standard library that could be shared.
//
// No product is fused with a sum (-ffp-contract=off) and sums run over 16 lanes
// and 512-column blocks, so all copies give the same bits.
#ifndef LIMBECK_KERNELS_ROW_SWEEP_LOOPS_H_
#define LIMBECK_KERNELS_ROW_SWEEP_LOOPS_H_

#include <cstdint>

#include "kernels/divergence.h"
#include "kernels/row_math.h"
#include "kernels/row_sweeps.h"

namespace limbeck::kernels {

inline constexpr int64_t kSweepBlock = 512;
inline constexpr int64_t kSweepLanes = 16;
inline constexpr int64_t kGapLanes = 8;  // of float64

template <typename L, typename Real>
struct SweepLoops {
  using Lanes
      __attribute__((vector_size(kSweepLanes * sizeof(Real)), may_alias)) =
          Real;

  [[gnu::always_inline]] static inline int64_t BlockEnd(int64_t begin,
                                                        int64_t n) {
    return n - begin < kSweepBlock ? n : begin + kSweepBlock;
  }

  [[gnu::always_inline]] static inline void Copy(const Real* from, int64_t n,
                                                 Real* to) {
    __builtin_memcpy(to, from, static_cast<uint64_t>(n) * sizeof(Real));
  }

  [[gnu::always_inline]] static inline double LaneSum(const Real* x,
                                                      int64_t n) {
    Lanes sum = {};
    int64_t i = 0;
    for (; i + kSweepLanes <= n; i += kSweepLanes) {
      Lanes value;
      __builtin_memcpy(&value, x + i, sizeof(value));
      sum += value;
    }
    Real lane[kSweepLanes];
    __builtin_memcpy(lane, &sum, sizeof(sum));
    for (int64_t k = 0; i + k < n; ++k) lane[k] += x[i + k];
    for (int64_t width = kSweepLanes / 2; width > 0; width /= 2) {
      for (int64_t k = 0; k < width; ++k) lane[k] += lane[k + width];
    }
    return static_cast<double>(lane[0]);
  }

  static Real Max(const Real* x, int64_t n) {
    Real lane[kSweepLanes];
    for (Real& value : lane) value = -__builtin_inff();
    int64_t i = 0;
    for (; i + kSweepLanes <= n; i += kSweepLanes) {
      for (int64_t k = 0; k < kSweepLanes; ++k) {
        lane[k] = x[i + k] > lane[k] ? x[i + k] : lane[k];
      }
    }
    Real max = -__builtin_inff();
    for (; i < n; ++i) max = x[i] > max ? x[i] : max;
    for (const Real value : lane) max = value > max ? value : max;
    return max;
  }

  static double ExpSum(const Real* x, int64_t n, Real max,
                       Real inverse_temperature, Real* exponential) {
    Real block[kSweepBlock];
    double sum = 0.0;
    for (int64_t begin = 0; begin < n; begin += kSweepBlock) {
      const int64_t count = BlockEnd(begin, n) - begin;
      for (int64_t i = 0; i < count; ++i) {
        block[i] = Exp((x[begin + i] - max) * inverse_temperature);
      }
      sum += LaneSum(block, count);
      Copy(block, count, exponential + begin);
    }
    return sum;
  }

  // tanh(x) = -e / (2 + e), e = exp(-2 |x|) - 1, odd.
  static void Softcap(Real* x, int64_t n, Real cap) {
    for (int64_t i = 0; i < n; ++i) {
      const Real u = x[i] / cap;
      const Real decay = ExpM1Negative(u < Real{0} ? u + u : -(u + u));
      const Real magnitude = cap * (-decay / (Real{2} + decay));
      x[i] = u < Real{0} ? -magnitude : magnitude;
    }
  }

  static void SoftcapSlope(const Real* capped, int64_t n, Real cap, Real* y) {
    const Real inverse = Real{1} / cap;
    for (int64_t i = 0; i < n; ++i) {
      const Real share = capped[i] * inverse;
      y[i] *= Real{1} - share * share;
    }
  }

  static FiniteSums SumFinite(const Real* x, int64_t n) {
    Real block[kSweepBlock];
    FiniteSums sums;
    for (int64_t begin = 0; begin < n; begin += kSweepBlock) {
      const int64_t count = BlockEnd(begin, n) - begin;
      int32_t finite = 0;
      for (int64_t i = 0; i < count; ++i) {
        const Real value = x[begin + i];
        const bool counts = !(value == -__builtin_inff());
        block[i] = counts ? value : Real{0};
        finite += counts ? 1 : 0;
      }
      sums.sum += LaneSum(block, count);
      sums.count += finite;
    }
    return sums;
  }

  static void SubtractFinite(const Real* x, int64_t n, Real amount, Real* y) {
    for (int64_t i = 0; i < n; ++i) {
      y[i] -= x[i] > -__builtin_inff() ? amount : Real{0};
    }
  }

  // y may be x: whole vectors are read before they are written.
  static void Scale(const Real* x, int64_t n, Real factor, Real* y) {
    int64_t i = 0;
    for (; i + kSweepLanes <= n; i += kSweepLanes) {
      Lanes value;
      __builtin_memcpy(&value, x + i, sizeof(value));
      value *= factor;
      __builtin_memcpy(y + i, &value, sizeof(value));
    }
    for (; i < n; ++i) y[i] = factor * x[i];
  }

  static void Add(const Real* x, int64_t n, Real factor, Real* y) {
    for (int64_t i = 0; i < n; ++i) y[i] += factor * x[i];
  }

  template <Divergence kind>
  [[gnu::always_inline]] static inline PairSums PairOf(
      Real mix, const PairPart<Real>& part) {
    const PairPart<Real> own = part;  // by value: nothing aliases its fields
    Real loss[kSweepBlock];
    Real q_block[kSweepBlock];
    Real w_block[kSweepBlock];
    PairSums sums;
    for (int64_t begin = 0; begin < own.num_columns; begin += kSweepBlock) {
      const int64_t count = BlockEnd(begin, own.num_columns) - begin;
      const Real* student = own.student + begin;
      const Real* teacher = own.teacher + begin;
      const Real* teacher_exponential = own.teacher_exponential + begin;
      const Real* student_exponential = own.student_exponential + begin;
      for (int64_t i = 0; i < count; ++i) {
        const Real log_q =
            FloorLog((student[i] - own.student_max) * own.inverse_temperature);
        const Real log_p =
            FloorLog((teacher[i] - own.teacher_max) * own.inverse_temperature);
        const Real q = student_exponential[i] * own.student_scale;
        const Real p = teacher_exponential[i] * own.teacher_scale;
        const PairTerm<Real> term =
            Pair<kind>(p, q, (log_p - log_q) + own.log_sum_gap, mix);
        loss[i] = term.loss;
        q_block[i] = q;
        w_block[i] = term.weight;
      }
      sums.loss += LaneSum(loss, count);
      sums.weight += LaneSum(w_block, count);
      Copy(q_block, count, own.student_exponential + begin);
      Copy(w_block, count, own.weight + begin);
    }
    return sums;
  }

  static PairSums PairRow(Divergence kind, Real mix,
                          const PairPart<Real>& part) {
    switch (kind) {
      case Divergence::kForwardKl:
        return PairOf<Divergence::kForwardKl>(mix, part);
      case Divergence::kReverseKl:
        return PairOf<Divergence::kReverseKl>(mix, part);
      case Divergence::kJsd:
        return PairOf<Divergence::kJsd>(mix, part);
      case Divergence::kSkewForwardKl:
        return PairOf<Divergence::kSkewForwardKl>(mix, part);
      case Divergence::kSkewReverseKl:
        return PairOf<Divergence::kSkewReverseKl>(mix, part);
      case Divergence::kTotalVariation:
        return PairOf<Divergence::kTotalVariation>(mix, part);
      case Divergence::kAdaptiveKl:
      case Divergence::kSymmetricKl:
        break;
    }
    return PairOf<Divergence::kSymmetricKl>(mix, part);
  }

  static void PairGradient(const Real* w, const Real* q, int64_t n,
                           Real weight_sum, Real factor, Real* y) {
    for (int64_t i = 0; i < n; ++i) y[i] = factor * (w[i] - q[i] * weight_sum);
  }

  static void MassAbove(const Real* x, int64_t n,
                        const float (&from)[kMassThresholds],
                        ColumnMass (&above)[kMassThresholds]) {
    Real block[kSweepBlock];
    for (ColumnMass& mass : above) mass = {};
    for (int64_t begin = 0; begin < n; begin += kSweepBlock) {
      const int64_t count = BlockEnd(begin, n) - begin;
      for (int64_t t = 0; t < kMassThresholds; ++t) {
        const Real threshold = static_cast<Real>(from[t]);
        int32_t columns = 0;
        for (int64_t i = 0; i < count; ++i) {
          const bool counts = x[begin + i] >= threshold;
          block[i] = counts ? x[begin + i] : Real{0};
          columns += counts ? 1 : 0;
        }
        above[t].mass += LaneSum(block, count);
        above[t].columns += columns;
      }
    }
  }

  struct GapLanes {
    double all[kGapLanes] = {};
    double head[kGapLanes] = {};
    double mass[kGapLanes] = {};
  };

  [[gnu::always_inline]] static inline void AddGaps(const PairPart<Real>& part,
                                                    int64_t begin,
                                                    int64_t count, Real from,
                                                    GapLanes& lanes) {
    const double p_scale = static_cast<double>(part.teacher_scale);
    const double q_scale = static_cast<double>(part.student_scale);
    for (int64_t k = 0; k < count; ++k) {
      const Real value = part.teacher_exponential[begin + k];
      const double p = p_scale * static_cast<double>(value);
      const double q =
          q_scale * static_cast<double>(part.student_exponential[begin + k]);
      const double gap = __builtin_fabs(p - q);
      const bool in_head = value >= from;
      lanes.all[k] += gap;
      lanes.head[k] += in_head ? gap : 0.0;
      lanes.mass[k] += in_head ? p : 0.0;
    }
  }

  static GapSums SumGap(const PairPart<Real>& part, Real from) {
    const PairPart<Real> own = part;
    GapLanes lanes;
    int64_t begin = 0;
    for (; begin + kGapLanes <= own.num_columns; begin += kGapLanes) {
      AddGaps(own, begin, kGapLanes, from, lanes);
    }
    AddGaps(own, begin, own.num_columns - begin, from, lanes);
    GapSums sums;
    for (int64_t k = 0; k < kGapLanes; ++k) {
      sums.all_gap += lanes.all[k];
      sums.head_gap += lanes.head[k];
      sums.head_mass += lanes.mass[k];
    }
    return sums;
  }

  static ExpMoment ExpMomentSum(const Real* x, int64_t n, Real max,
                                Real inverse_temperature, Real* exponential) {
    Real block[kSweepBlock];
    Real product[kSweepBlock];
    ExpMoment total;
    for (int64_t begin = 0; begin < n; begin += kSweepBlock) {
      const int64_t count = BlockEnd(begin, n) - begin;
      for (int64_t i = 0; i < count; ++i) {
        const Real u = FloorLog((x[begin + i] - max) * inverse_temperature);
        block[i] = Exp(u);
        product[i] = block[i] * u;
      }
      total.sum += LaneSum(block, count);
      total.moment += LaneSum(product, count);
      Copy(block, count, exponential + begin);
    }
    return total;
  }

  static void EntropySlope(const Real* x, const Real* exponential, int64_t n,
                           const EntropyGradient<Real>& gradient, Real* y) {
    const EntropyGradient<Real> own = gradient;  // nothing aliases its fields
    Real block[kSweepBlock];
    for (int64_t begin = 0; begin < n; begin += kSweepBlock) {
      const int64_t count = BlockEnd(begin, n) - begin;
      for (int64_t i = 0; i < count; ++i) {
        const Real u =
            FloorLog((x[begin + i] - own.max) * own.inverse_temperature);
        block[i] = exponential[begin + i] * (own.constant + own.slope * u);
      }
      Copy(block, count, y + begin);
    }
  }
};

template <typename L>
constexpr RowSweeps MakeRowSweeps() {
  using Loops = SweepLoops<L, float>;
  return {.max = &Loops::Max,
          .exp_sum = &Loops::ExpSum,
          .softcap = &Loops::Softcap,
          .softcap_slope = &Loops::SoftcapSlope,
          .sum_finite = &Loops::SumFinite,
          .subtract_finite = &Loops::SubtractFinite,
          .scale = &Loops::Scale,
          .add = &Loops::Add,
          .pair = &Loops::PairRow,
          .pair_gradient = &Loops::PairGradient,
          .mass_above = &Loops::MassAbove,
          .sum_gap = &Loops::SumGap,
          .exp_moment = &Loops::ExpMomentSum,
          .entropy_gradient = &Loops::EntropySlope};
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ROW_SWEEP_LOOPS_H_
