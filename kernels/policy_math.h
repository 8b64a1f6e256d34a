// Every formula of the sampled-token losses, once, for CPU and CUDA.
// Derivations and sources: docs/operators.md.
//
// y is the sampled token, T the temperature, q = softmax(s / T). A loss L of
// log q(y) and the entropy H, with c = dL / d log q(y) and h = dL / dH, has
// the gradient in the logits
//   G_i = (c ([i = y] - q_i) - h q_i (log q_i + H)) / T.
#ifndef LIMBECK_KERNELS_POLICY_MATH_H_
#define LIMBECK_KERNELS_POLICY_MATH_H_

#include <cmath>

#include "data/base/random.h"
#include "kernels/policy_kind.h"
#include "kernels/row_math.h"
#include "kernels/scalar_math.h"

namespace limbeck::kernels {

// Log-ratios are cut to +-20 before exp, with slope 0 beyond.
inline constexpr double kLargestLogRatio = 20.0;

// The running state of a softmax and its entropy over any part of a row:
// moment = sum of exp(u) u, u = (x - max) / temperature floored at kLogFloor.
struct EntropyStats {
  double max = -INFINITY;
  double sum = 0.0;
  double moment = 0.0;
};

// Joins two parts, as Merge of SoftmaxStats.
LIMBECK_HOST_DEVICE inline EntropyStats Merge(const EntropyStats& a,
                                              const EntropyStats& b,
                                              double inverse_temperature) {
  if (a.max == -INFINITY) return b;
  if (b.max == -INFINITY) return a;
  const double max = a.max < b.max ? b.max : a.max;
  const double a_shift = FloorLog((a.max - max) * inverse_temperature);
  const double b_shift = FloorLog((b.max - max) * inverse_temperature);
  const double a_scale = std::exp(a_shift);
  const double b_scale = std::exp(b_shift);
  return {max, a.sum * a_scale + b.sum * b_scale,
          (a.moment + a.sum * a_shift) * a_scale +
              (b.moment + b.sum * b_shift) * b_scale};
}

// A row's softmax seen from its sampled token, which was set apart from the
// other columns so that 1 - q(y) is summed directly.
struct SampledSoftmax {
  double log_prob;    // of the sampled token
  double prob;        // q(y)
  double others;      // 1 - q(y)
  double entropy;     // H >= 0
  double tail_scale;  // q_i = exp(u_i) tail_scale for the other columns,
  double tail_log;    // log q_i = u_i + tail_log, u_i relative to tail.max
};

LIMBECK_HOST_DEVICE inline SampledSoftmax Seen(const EntropyStats& tail,
                                               double logit,
                                               double inverse_temperature) {
  const EntropyStats all =
      Merge(tail, EntropyStats{logit, 1.0, 0.0}, inverse_temperature);
  const double log_sum = std::log(all.sum);
  SampledSoftmax row;
  row.log_prob = FloorLog((logit - all.max) * inverse_temperature - log_sum);
  row.prob = std::exp((logit - all.max) * inverse_temperature) / all.sum;
  const bool alone = tail.max == -INFINITY;
  row.tail_log =
      alone ? 0.0
            : FloorLog((tail.max - all.max) * inverse_temperature) - log_sum;
  row.tail_scale = alone ? 0.0 : std::exp(row.tail_log);
  row.others = row.tail_scale * tail.sum;
  // Two terms, neither negative: nothing cancels.
  row.entropy = log_sum - all.moment / all.sum;
  return row;
}

// c and h of a row, its weight included.
struct SampledSlopes {
  double log_prob;
  double entropy;
};

// The gradient of the columns set against their exponentials:
// G_i = exp(u_i) (constant + slope u_i), and of the sampled token.
struct SampledGradient {
  double constant;
  double slope;
  double label;
};

LIMBECK_HOST_DEVICE inline SampledGradient GradientOf(
    const SampledSoftmax& row, const SampledSlopes& slopes,
    double inverse_temperature) {
  const double scale = row.tail_scale * inverse_temperature;
  const double h = slopes.entropy;
  return {-scale * (slopes.log_prob + h * (row.tail_log + row.entropy)),
          -scale * h,
          inverse_temperature * (slopes.log_prob * row.others -
                                 h * row.prob * (row.log_prob + row.entropy))};
}

struct PolicyRule {
  PolicyKind kind;
  double clip_low;
  double clip_high;
  double ratio_cap;  // infinity: none
  double kl_coefficient;
  KlEstimator kl_estimator;
  double entropy_bonus;
};

// A term of the loss and its derivative in a log-probability.
struct PolicyTerm {
  double loss;
  double slope;
};

// exp of a log-ratio, and its derivative.
struct Ratio {
  double value;
  double slope;
};

LIMBECK_HOST_DEVICE inline Ratio RatioOf(double log_ratio) {
  if (log_ratio > kLargestLogRatio) return {std::exp(kLargestLogRatio), 0.0};
  if (log_ratio < -kLargestLogRatio) return {std::exp(-kLargestLogRatio), 0.0};
  const double value = std::exp(log_ratio);
  return {value, value};
}

// min(ratio, cap), constant where the cap holds.
LIMBECK_HOST_DEVICE inline Ratio Capped(const Ratio& ratio, double cap) {
  return ratio.value > cap ? Ratio{cap, 0.0} : ratio;
}

// -min(r A, clip(r, 1 - low, 1 + high) A), r capped first (Schulman et al.
// 2017, PPO; two clip ranges: Yu et al. 2025, DAPO).
LIMBECK_HOST_DEVICE inline PolicyTerm ClippedTerm(const PolicyRule& rule,
                                                  double log_ratio,
                                                  double advantage) {
  const Ratio ratio = Capped(RatioOf(log_ratio), rule.ratio_cap);
  const double high = 1.0 + rule.clip_high;
  const double low = 1.0 - rule.clip_low;
  if (advantage > 0.0 && ratio.value > high) return {-high * advantage, 0.0};
  if (advantage < 0.0 && ratio.value < low) return {-low * advantage, 0.0};
  return {-ratio.value * advantage, -ratio.slope * advantage};
}

// -min(r, cap) A log q(y) with the ratio held fixed (MiniMax 2025, CISPO).
LIMBECK_HOST_DEVICE inline PolicyTerm DetachedTerm(const PolicyRule& rule,
                                                   double log_prob,
                                                   double log_ratio,
                                                   double advantage) {
  const double ratio = Capped(RatioOf(log_ratio), rule.ratio_cap).value;
  return {-ratio * advantage * log_prob, -ratio * advantage};
}

// -r A with A from the teacher's and the sampler's log-probabilities.
LIMBECK_HOST_DEVICE inline PolicyTerm SampledDistillationTerm(
    const PolicyRule& rule, double log_ratio, double advantage) {
  const Ratio ratio = Capped(RatioOf(log_ratio), rule.ratio_cap);
  return {-ratio.value * advantage, -ratio.slope * advantage};
}

// The losses of one token alone: every kind but gspo.
LIMBECK_HOST_DEVICE inline PolicyTerm TokenTerm(const PolicyRule& rule,
                                                double log_prob,
                                                double sampler_log_prob,
                                                double advantage) {
  const double log_ratio = log_prob - sampler_log_prob;
  switch (rule.kind) {
    case PolicyKind::kCispo:
      return DetachedTerm(rule, log_prob, log_ratio, advantage);
    case PolicyKind::kOnPolicyDistillation:
      return SampledDistillationTerm(rule, log_ratio, advantage);
    case PolicyKind::kGrpo:
    case PolicyKind::kDapo:
    case PolicyKind::kDrGrpo:
    case PolicyKind::kGspo:
      break;
  }
  return ClippedTerm(rule, log_ratio, advantage);
}

// An estimate of KL(student, reference) from the sampled token.
LIMBECK_HOST_DEVICE inline PolicyTerm KlPenalty(KlEstimator estimator,
                                                double log_prob,
                                                double reference_log_prob) {
  const double d = reference_log_prob - log_prob;
  if (estimator == KlEstimator::kK1) return {-d, 1.0};
  if (estimator == KlEstimator::kK2) return {0.5 * d * d, -d};
  if (d > kLargestLogRatio) {
    return {std::exp(kLargestLogRatio) - kLargestLogRatio - 1.0, 0.0};
  }
  const bool near = d >= -1.0 && d <= 1.0;
  return {near ? ExpExcess(d) : std::exp(d) - d - 1.0, -std::expm1(d)};
}

// Everything but the policy term: penalty and bonus, for a token of weight 1.
struct Regularizer {
  double loss;
  SampledSlopes slopes;
};

LIMBECK_HOST_DEVICE inline Regularizer RegularizerOf(const PolicyRule& rule,
                                                     double log_prob,
                                                     double reference_log_prob,
                                                     double entropy) {
  Regularizer result = {0.0, {0.0, 0.0}};
  if (rule.kl_coefficient != 0.0) {
    const PolicyTerm penalty =
        KlPenalty(rule.kl_estimator, log_prob, reference_log_prob);
    result.loss += rule.kl_coefficient * penalty.loss;
    result.slopes.log_prob += rule.kl_coefficient * penalty.slope;
  }
  if (rule.entropy_bonus != 0.0) {
    result.loss -= rule.entropy_bonus * entropy;
    result.slopes.entropy -= rule.entropy_bonus;
  }
  return result;
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_POLICY_MATH_H_
