// Every formula of the row losses, once, for CPU and CUDA, templated on the
// scalar. Derivations and sources: docs/operators.md.
//
// P teacher, Q student, d = log p - log q of one column. A row loss is
// D = sum phi(p, q); with w = q dphi/dq and W = sum w its gradient in the
// student's logits is (w - q W) / temperature. Adding c q to w changes nothing.
#ifndef LIMBECK_KERNELS_ROW_MATH_H_
#define LIMBECK_KERNELS_ROW_MATH_H_

#include "data/base/random.h"
#include "kernels/divergence.h"
#include "kernels/scalar_math.h"

namespace limbeck::kernels {

// Log-probabilities below this count as this: keeps logs of exact zeros (a
// logit of -inf) finite, so that no 0 * inf can arise.
inline constexpr double kLogFloor = -1e5;

template <typename Real>
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline Real FloorLog(Real value) {
  constexpr Real kFloor = static_cast<Real>(kLogFloor);
  return value < kFloor ? kFloor : value;
}

// The running state of a softmax over any part of a row:
// sum of exp((x - max) / temperature). An empty part is {-inf, 0}.
struct SoftmaxStats {
  double max = -INFINITY;
  double sum = 0.0;
};

// Joins two parts; associative up to rounding, so parts may be blocks of a
// row, thread blocks or ranks of a split vocabulary.
LIMBECK_HOST_DEVICE inline SoftmaxStats Merge(const SoftmaxStats& a,
                                              const SoftmaxStats& b,
                                              double inverse_temperature) {
  if (a.max == -INFINITY) return b;
  if (b.max == -INFINITY) return a;
  const double max = a.max < b.max ? b.max : a.max;
  return {max, a.sum * std::exp((a.max - max) * inverse_temperature) +
                   b.sum * std::exp((b.max - max) * inverse_temperature)};
}

// p log(p/q) + q - p: one column of a KL divergence, never negative. Summed
// over normalised P and Q it is KL(P, Q), without first-order cancellation.
template <typename Real>
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline Real KlTerm(Real p, Real q,
                                                              Real d) {
  const Real magnitude = d < Real{0} ? -d : d;
  const Real near = p * ExpExcess(magnitude <= Real{1} ? -d : Real{0});
  const Real far = p * d + (q - p);
  const Real term = magnitude <= Real{1} ? near : far;
  return term < Real{0} ? Real{0} : term;
}

// M = teacher_share P + (1 - teacher_share) Q seen from one column.
template <typename Real>
struct Mixture {
  Real log_ratio;  // log(m / q)
  Real ratio;      // q / m
};

template <typename Real>
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline Mixture<Real> Mix(
    Real d, Real teacher_share) {
  const bool teacher_larger = d > Real{0};
  const Real student_share = Real{1} - teacher_share;
  const Real smaller_share = teacher_larger ? student_share : teacher_share;
  const Real decay = ExpM1Negative(teacher_larger ? -d : d);
  const Real excess = smaller_share * decay;
  const Real base = Log1p(excess);
  const Real total = Real{1} + excess;
  const Real bounded = total < Real(1e-37) ? Real(1e-37) : total;
  return {teacher_larger ? d + base : base,
          (teacher_larger ? Real{1} + decay : Real{1}) / bounded};
}

// One column of mix KL(P, M) + (1 - mix) KL(Q, M), log_ratio = log(m / q).
template <typename Real>
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline Real JsdTerm(Real p, Real q,
                                                               Real d,
                                                               Real log_ratio,
                                                               Real mix) {
  const Real rest = Real{1} - mix;
  const Real m = mix * p + rest * q;
  return mix * KlTerm(p, m, d - log_ratio) + rest * KlTerm(q, m, -log_ratio);
}

// One column's share of the loss, and its w.
template <typename Real>
struct PairTerm {
  Real loss;
  Real weight;
};

template <Divergence kind, typename Real>
[[gnu::always_inline]] LIMBECK_HOST_DEVICE inline PairTerm<Real> Pair(
    Real p, Real q, Real d, Real mix) {
  const Real rest = Real{1} - mix;
  if constexpr (kind == Divergence::kForwardKl) {
    return {KlTerm(p, q, d), -p};
  } else if constexpr (kind == Divergence::kReverseKl) {
    return {KlTerm(q, p, -d), -q * d};
  } else if constexpr (kind == Divergence::kJsd) {
    const Real log_ratio = Mix(d, mix).log_ratio;
    return {JsdTerm(p, q, d, log_ratio, mix), -rest * q * log_ratio};
  } else if constexpr (kind == Divergence::kSkewForwardKl) {
    const Mixture<Real> mixture = Mix(d, mix);
    const Real m = mix * p + rest * q;
    return {KlTerm(p, m, d - mixture.log_ratio), -p * (rest * mixture.ratio)};
  } else if constexpr (kind == Divergence::kSkewReverseKl) {
    const Mixture<Real> mixture = Mix(d, rest);
    const Real m = rest * p + mix * q;
    return {KlTerm(q, m, -mixture.log_ratio),
            -q * (mixture.log_ratio + mix * mixture.ratio)};
  } else if constexpr (kind == Divergence::kTotalVariation) {
    const Real gap = q - p;
    const Real half = gap > Real{0}   ? Real{0.5}
                      : gap < Real{0} ? Real{-0.5}
                                      : Real{0};
    return {half * gap, half * q};
  } else {  // kSymmetricKl, and kAdaptiveKl with the row's own mix
    return {rest * KlTerm(p, q, d) + mix * KlTerm(q, p, -d),
            -rest * p - mix * (q * d)};
  }
}

// The same, chosen at run time.
template <typename Real>
LIMBECK_HOST_DEVICE inline PairTerm<Real> Pair(Divergence kind, Real p, Real q,
                                               Real d, Real mix) {
  switch (kind) {
    case Divergence::kForwardKl:
      return Pair<Divergence::kForwardKl>(p, q, d, mix);
    case Divergence::kReverseKl:
      return Pair<Divergence::kReverseKl>(p, q, d, mix);
    case Divergence::kJsd:
      return Pair<Divergence::kJsd>(p, q, d, mix);
    case Divergence::kSkewForwardKl:
      return Pair<Divergence::kSkewForwardKl>(p, q, d, mix);
    case Divergence::kSkewReverseKl:
      return Pair<Divergence::kSkewReverseKl>(p, q, d, mix);
    case Divergence::kTotalVariation:
      return Pair<Divergence::kTotalVariation>(p, q, d, mix);
    case Divergence::kAdaptiveKl:
    case Divergence::kSymmetricKl:
      break;
  }
  return Pair<Divergence::kSymmetricKl>(p, q, d, mix);
}

// A divergence whose formula is the plain one: at the ends of its range a
// mixture is a KL (jsd 0 forward, 1 reverse: Agarwal et al. 2024, GKD). A head
// of mass 1 is every column; a sum of probabilities may round to more than 1.
struct PairRule {
  Divergence kind;
  double mix;
};

inline PairRule SimplifyRule(Divergence kind, double mix) {
  const bool at_start = mix == 0.0;
  if (kind == Divergence::kJsd && at_start) return {Divergence::kForwardKl, 0};
  if (kind == Divergence::kJsd && mix == 1.0)
    return {Divergence::kReverseKl, 0};
  if (kind == Divergence::kSkewForwardKl && at_start) {
    return {Divergence::kForwardKl, 0};
  }
  if (kind == Divergence::kSkewReverseKl && at_start) {
    return {Divergence::kReverseKl, 0};
  }
  if (kind == Divergence::kAdaptiveKl && mix == 1.0) {
    return {Divergence::kForwardKl, 0};
  }
  return {kind, mix};
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ROW_MATH_H_
