// Compiled for three instruction sets by target_clones: everything a clone
// calls is forced inline, so that it is compiled for the clone's set.
#include "kernels/row_sweeps.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/instruction_sets.h"

namespace limbeck::kernels {
namespace {

constexpr int64_t kBlock = 512;
constexpr int64_t kLanes = 16;

template <typename Real>
struct LanesOf {
  using Type __attribute__((vector_size(kLanes * sizeof(Real)), may_alias)) =
      Real;
};

template <typename Real>
[[gnu::always_inline]] inline double LaneSum(const Real* x, int64_t n) {
  using Lanes = typename LanesOf<Real>::Type;
  Lanes sum = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    Lanes value;
    std::memcpy(&value, x + i, sizeof(value));
    sum += value;
  }
  Real lane[kLanes];
  std::memcpy(lane, &sum, sizeof(sum));
  for (int64_t k = 0; i + k < n; ++k) lane[k] += x[i + k];
  for (int64_t width = kLanes / 2; width > 0; width /= 2) {
    for (int64_t k = 0; k < width; ++k) lane[k] += lane[k + width];
  }
  return static_cast<double>(lane[0]);
}

template <typename Real>
[[gnu::always_inline]] inline Real MaxBody(const Real* x, int64_t n) {
  Real lane[kLanes];
  for (Real& value : lane) value = -INFINITY;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t k = 0; k < kLanes; ++k) {
      lane[k] = x[i + k] > lane[k] ? x[i + k] : lane[k];
    }
  }
  Real max = -INFINITY;
  for (; i < n; ++i) max = x[i] > max ? x[i] : max;
  for (const Real value : lane) max = value > max ? value : max;
  return max;
}

template <typename Real>
[[gnu::always_inline]] inline double ExpBody(const Real* x, int64_t n, Real max,
                                             Real inverse_temperature,
                                             Real* exponential) {
  double sum = 0.0;
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t end = std::min(n, begin + kBlock);
    for (int64_t i = begin; i < end; ++i) {
      exponential[i] = Exp((x[i] - max) * inverse_temperature);
    }
    sum += LaneSum(exponential + begin, end - begin);
  }
  return sum;
}

template <Divergence kind, typename Real>
[[gnu::always_inline]] inline PairSums PairBody(Real mix,
                                                const PairPart<Real>& part) {
  const PairPart<Real> own = part;  // by value: nothing aliases its fields
  Real loss[kBlock];
  PairSums sums;
  for (int64_t begin = 0; begin < own.num_columns; begin += kBlock) {
    const int64_t count = std::min(kBlock, own.num_columns - begin);
    const Real* student = own.student + begin;
    const Real* teacher = own.teacher + begin;
    const Real* teacher_exponential = own.teacher_exponential + begin;
    Real* q_of = own.student_exponential + begin;
    Real* w_of = own.weight + begin;
    for (int64_t i = 0; i < count; ++i) {
      const Real log_q =
          FloorLog((student[i] - own.student_max) * own.inverse_temperature);
      const Real log_p =
          FloorLog((teacher[i] - own.teacher_max) * own.inverse_temperature);
      const Real q = q_of[i] * own.student_scale;
      const Real p = teacher_exponential[i] * own.teacher_scale;
      const PairTerm<Real> term =
          Pair<kind>(p, q, (log_p - log_q) + own.log_sum_gap, mix);
      loss[i] = term.loss;
      q_of[i] = q;
      w_of[i] = term.weight;
    }
    sums.loss += LaneSum(loss, count);
    sums.weight += LaneSum(w_of, count);
  }
  return sums;
}

template <typename Real>
[[gnu::always_inline]] inline PairSums PairSwitch(Divergence kind, Real mix,
                                                  const PairPart<Real>& part) {
  switch (kind) {
    case Divergence::kForwardKl:
      return PairBody<Divergence::kForwardKl>(mix, part);
    case Divergence::kReverseKl:
      return PairBody<Divergence::kReverseKl>(mix, part);
    case Divergence::kJsd:
      return PairBody<Divergence::kJsd>(mix, part);
    case Divergence::kSkewForwardKl:
      return PairBody<Divergence::kSkewForwardKl>(mix, part);
    case Divergence::kSkewReverseKl:
      return PairBody<Divergence::kSkewReverseKl>(mix, part);
    case Divergence::kTotalVariation:
      return PairBody<Divergence::kTotalVariation>(mix, part);
    case Divergence::kAdaptiveKl:
    case Divergence::kSymmetricKl:
      break;
  }
  return PairBody<Divergence::kSymmetricKl>(mix, part);
}

// tanh(x) = -e / (2 + e), e = exp(-2 |x|) - 1, odd.
template <typename Real>
[[gnu::always_inline]] inline void SoftcapBody(Real* x, int64_t n, Real cap) {
  for (int64_t i = 0; i < n; ++i) {
    const Real u = x[i] / cap;
    const Real decay = ExpM1Negative(u < Real{0} ? u + u : -(u + u));
    const Real magnitude = cap * (-decay / (Real{2} + decay));
    x[i] = u < Real{0} ? -magnitude : magnitude;
  }
}

}  // namespace

LIMBECK_KERNELS_CLONES
void RowSoftcap(float* x, int64_t n, float cap) { SoftcapBody(x, n, cap); }

void RowSoftcap(double* x, int64_t n, double cap) { SoftcapBody(x, n, cap); }

LIMBECK_KERNELS_CLONES float RowMax(const float* x, int64_t n) {
  return MaxBody(x, n);
}

double RowMax(const double* x, int64_t n) { return MaxBody(x, n); }

LIMBECK_KERNELS_CLONES double RowExp(const float* x, int64_t n, float max,
                                     float inverse_temperature,
                                     float* exponential) {
  return ExpBody(x, n, max, inverse_temperature, exponential);
}

double RowExp(const double* x, int64_t n, double max,
              double inverse_temperature, double* exponential) {
  return ExpBody(x, n, max, inverse_temperature, exponential);
}

LIMBECK_KERNELS_CLONES void RowScale(const float* x, int64_t n, float factor,
                                     float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = factor * x[i];
}

void RowScale(const double* x, int64_t n, double factor, double* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = factor * x[i];
}

LIMBECK_KERNELS_CLONES void RowAdd(const float* x, int64_t n, float factor,
                                   float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

void RowAdd(const double* x, int64_t n, double factor, double* y) {
  for (int64_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

LIMBECK_KERNELS_CLONES PairSums RowPair(Divergence kind, float mix,
                                        const PairPart<float>& part) {
  return PairSwitch(kind, mix, part);
}

PairSums RowPair(Divergence kind, double mix, const PairPart<double>& part) {
  return PairSwitch(kind, mix, part);
}

LIMBECK_KERNELS_CLONES void RowPairGradient(const float* w, const float* q,
                                            int64_t n, float weight_sum,
                                            float factor, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = factor * (w[i] - q[i] * weight_sum);
}

void RowPairGradient(const double* w, const double* q, int64_t n,
                     double weight_sum, double factor, double* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = factor * (w[i] - q[i] * weight_sum);
}

}  // namespace limbeck::kernels
