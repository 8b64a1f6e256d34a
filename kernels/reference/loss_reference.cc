// A log-probability of an impossible column counts as -1e5 (docs/operators.md).
#include "kernels/reference/loss_reference.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace limbeck::kernels::reference {
namespace {

using Row = std::vector<double>;

double Floored(double log_probability) {
  return std::max(log_probability, -1e5);
}

// Two distributions over the same classes, as logs.
struct ClassPair {
  Row log_p;
  Row log_q;
};

// The divergence and its derivative in the student's class logits (softmax
// over the classes).
RowLoss ForwardKl(const ClassPair& c) {
  RowLoss result;
  for (size_t i = 0; i < c.log_p.size(); ++i) {
    const double p = std::exp(c.log_p[i]);
    result.loss += p * (c.log_p[i] - c.log_q[i]);
    result.gradient.push_back(std::exp(c.log_q[i]) - p);
  }
  return result;
}

RowLoss ReverseKl(const ClassPair& c) {
  RowLoss result;
  for (size_t i = 0; i < c.log_p.size(); ++i) {
    result.loss += std::exp(c.log_q[i]) * (c.log_q[i] - c.log_p[i]);
  }
  for (size_t i = 0; i < c.log_p.size(); ++i) {
    result.gradient.push_back(std::exp(c.log_q[i]) *
                              (c.log_q[i] - c.log_p[i] - result.loss));
  }
  return result;
}

// log(share e^a + (1 - share) e^b)
double LogMix(double share, double a, double b) {
  if (share == 0.0) return b;
  if (share == 1.0) return a;
  const double x = std::log(share) + a;
  const double y = std::log1p(-share) + b;
  return std::max(x, y) + std::log1p(std::exp(-std::abs(x - y)));
}

// Generalised Jensen-Shannon of Agarwal et al. 2024 (GKD).
RowLoss Jsd(const ClassPair& c, double beta) {
  if (beta == 0.0) return ForwardKl(c);
  if (beta == 1.0) return ReverseKl(c);
  RowLoss result;
  double kl_student = 0.0;
  for (size_t i = 0; i < c.log_p.size(); ++i) {
    const double log_m = LogMix(beta, c.log_p[i], c.log_q[i]);
    result.loss += beta * std::exp(c.log_p[i]) * (c.log_p[i] - log_m);
    kl_student += std::exp(c.log_q[i]) * (c.log_q[i] - log_m);
  }
  result.loss += (1.0 - beta) * kl_student;
  for (size_t i = 0; i < c.log_p.size(); ++i) {
    const double log_m = LogMix(beta, c.log_p[i], c.log_q[i]);
    result.gradient.push_back((1.0 - beta) * std::exp(c.log_q[i]) *
                              (c.log_q[i] - log_m - kl_student));
  }
  return result;
}

// DistiLLM (Ko et al. 2024): KL(P, aP + (1-a)Q).
RowLoss SkewForward(const ClassPair& c, double a) {
  RowLoss result;
  Row ratio;
  double total = 0.0;
  for (size_t i = 0; i < c.log_p.size(); ++i) {
    const double log_m = LogMix(a, c.log_p[i], c.log_q[i]);
    result.loss += std::exp(c.log_p[i]) * (c.log_p[i] - log_m);
    ratio.push_back((1.0 - a) * std::exp(c.log_q[i] - log_m));
    total += std::exp(c.log_p[i]) * ratio.back();
  }
  for (size_t i = 0; i < c.log_p.size(); ++i) {
    result.gradient.push_back(std::exp(c.log_q[i]) * total -
                              std::exp(c.log_p[i]) * ratio[i]);
  }
  return result;
}

// DistiLLM: KL(Q, (1-a)P + aQ).
RowLoss SkewReverse(const ClassPair& c, double a) {
  RowLoss result;
  Row excess;
  double mean = 0.0;
  for (size_t i = 0; i < c.log_p.size(); ++i) {
    const double log_m = LogMix(1.0 - a, c.log_p[i], c.log_q[i]);
    const double q = std::exp(c.log_q[i]);
    result.loss += q * (c.log_q[i] - log_m);
    excess.push_back(c.log_q[i] - log_m - a * std::exp(c.log_q[i] - log_m));
    mean += q * excess.back();
  }
  for (size_t i = 0; i < c.log_p.size(); ++i) {
    result.gradient.push_back(std::exp(c.log_q[i]) * (excess[i] - mean));
  }
  return result;
}

RowLoss TotalVariation(const ClassPair& c) {
  RowLoss result;
  Row sign;
  double mean = 0.0;
  for (size_t i = 0; i < c.log_p.size(); ++i) {
    const double q = std::exp(c.log_q[i]);
    const double gap = q - std::exp(c.log_p[i]);
    result.loss += 0.5 * std::abs(gap);
    sign.push_back(gap > 0.0 ? 1.0 : gap < 0.0 ? -1.0 : 0.0);
    mean += q * sign.back();
  }
  for (size_t i = 0; i < c.log_p.size(); ++i) {
    result.gradient.push_back(0.5 * std::exp(c.log_q[i]) * (sign[i] - mean));
  }
  return result;
}

RowLoss Blend(const ClassPair& c, double forward_share) {
  const RowLoss forward = ForwardKl(c);
  const RowLoss reverse = ReverseKl(c);
  RowLoss result;
  result.loss =
      forward_share * forward.loss + (1.0 - forward_share) * reverse.loss;
  for (size_t i = 0; i < forward.gradient.size(); ++i) {
    result.gradient.push_back(forward_share * forward.gradient[i] +
                              (1.0 - forward_share) * reverse.gradient[i]);
  }
  return result;
}

Row Exponentials(const Row& logs) {
  Row result;
  for (const double value : logs) result.push_back(std::exp(value));
  return result;
}

RowLoss Measure(const ClassPair& c, const DistillationSettings& settings) {
  switch (settings.divergence) {
    case Divergence::kForwardKl:
      return ForwardKl(c);
    case Divergence::kReverseKl:
      return ReverseKl(c);
    case Divergence::kJsd:
      return Jsd(c, settings.mix);
    case Divergence::kSkewForwardKl:
      return SkewForward(c, settings.mix);
    case Divergence::kSkewReverseKl:
      return SkewReverse(c, settings.mix);
    case Divergence::kTotalVariation:
      return TotalVariation(c);
    case Divergence::kSymmetricKl:
      return Blend(c, 1.0 - settings.mix);
    case Divergence::kAdaptiveKl:
      break;
  }
  const double share =
      settings.frozen_forward_share >= 0.0
          ? settings.frozen_forward_share
          : AdaptiveForwardShare(Exponentials(c.log_p), Exponentials(c.log_q),
                                 settings.mix);
  return Blend(c, share);
}

// loss = (1 - share) scale D + share CE, and the same for the gradient, where
// D's gradient is in logits / temperature.
RowLoss Combine(const RowLoss& divergence, const Row& student, int64_t label,
                const DistillationSettings& settings) {
  const double t = settings.temperature;
  const double scale = (1.0 - settings.cross_entropy_share) *
                       (settings.temperature_squared ? t * t : 1.0);
  RowLoss result;
  result.loss = scale * divergence.loss;
  for (const double value : divergence.gradient) {
    result.gradient.push_back(scale * value / t);
  }
  if (settings.cross_entropy_share == 0.0) return result;
  const RowLoss cross_entropy = CrossEntropy(student, label, {});
  result.loss += settings.cross_entropy_share * cross_entropy.loss;
  for (size_t i = 0; i < result.gradient.size(); ++i) {
    result.gradient[i] +=
        settings.cross_entropy_share * cross_entropy.gradient[i];
  }
  return result;
}

struct TopKView {
  std::map<int64_t, double> p;  // by column, duplicates summed
  double total = 0.0;
};

TopKView View(const TopKRow& teacher) {
  TopKView view;
  for (size_t k = 0; k < teacher.ids.size(); ++k) {
    if (teacher.ids[k] < 0) continue;
    view.p[teacher.ids[k]] += std::exp(teacher.logprobs[k]);
    view.total += std::exp(teacher.logprobs[k]);
  }
  return view;
}

// The lumped teacher: one class per listed column, then the tail.
RowLoss Lumped(const TopKView& view, const TopKRow& teacher, const Row& log_q,
               const DistillationSettings& settings) {
  ClassPair classes;
  double tail_q = 0.0;
  for (size_t i = 0; i < log_q.size(); ++i) {
    const auto found = view.p.find(static_cast<int64_t>(i));
    if (found == view.p.end()) {
      tail_q += std::exp(log_q[i]);
      continue;
    }
    classes.log_p.push_back(Floored(std::log(found->second)));
    classes.log_q.push_back(log_q[i]);
  }
  const bool has_tail = view.p.size() < log_q.size();
  if (has_tail) {
    classes.log_p.push_back(teacher.has_tail_logprob
                                ? teacher.tail_logprob
                                : Floored(std::log(1.0 - view.total)));
    classes.log_q.push_back(Floored(std::log(tail_q)));
  }
  const RowLoss of_classes = Measure(classes, settings);
  RowLoss result;
  result.loss = of_classes.loss;
  size_t next = 0;
  for (size_t i = 0; i < log_q.size(); ++i) {
    const bool listed = view.p.contains(static_cast<int64_t>(i));
    // A tail column takes its share of the tail's derivative.
    result.gradient.push_back(listed ? of_classes.gradient[next++]
                                     : of_classes.gradient.back() *
                                           std::exp(log_q[i]) / tail_q);
  }
  return result;
}

// sum over the list of p (log p - log q), p divided by `total`.
RowLoss Truncated(const TopKView& view, double total, const Row& log_q) {
  RowLoss result;
  if (view.total == 0.0) return {0.0, Row(log_q.size(), 0.0)};
  double mass = 0.0;
  for (const auto& [column, p] : view.p) mass += p / total;
  for (size_t i = 0; i < log_q.size(); ++i) {
    const auto found = view.p.find(static_cast<int64_t>(i));
    const double p = found == view.p.end() ? 0.0 : found->second / total;
    if (p > 0.0) result.loss += p * (std::log(p) - log_q[i]);
    result.gradient.push_back(mass * std::exp(log_q[i]) - p);
  }
  return result;
}

Row FlooredLogSoftmax(const Row& logits, double temperature) {
  Row result = LogSoftmax(logits, temperature);
  for (double& value : result) value = Floored(value);
  return result;
}

}  // namespace

std::vector<double> LogSoftmax(const Row& logits, double temperature) {
  const double max = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const double x : logits) sum += std::exp((x - max) / temperature);
  Row result;
  for (const double x : logits) {
    result.push_back((x - max) / temperature - std::log(sum));
  }
  return result;
}

double AdaptiveForwardShare(const Row& p, const Row& q, double head_mass) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return p[a] > p[b]; });
  double mass = 0.0;
  double head = 0.0;
  double tail = 0.0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const size_t i = order[rank];
    mass += p[i];
    const bool in_head = rank == 0 || mass <= head_mass;
    (in_head ? head : tail) += std::abs(p[i] - q[i]);
  }
  return head + tail == 0.0 ? 0.5 : head / (head + tail);
}

RowLoss CrossEntropy(const Row& logits, int64_t label,
                     const CrossEntropySettings& settings) {
  Row capped = logits;
  if (settings.softcap > 0.0) {
    for (double& x : capped) {
      x = settings.softcap * std::tanh(x / settings.softcap);
    }
  }
  const Row log_q = LogSoftmax(capped, 1.0);
  const size_t peak = static_cast<size_t>(
      std::max_element(capped.begin(), capped.end()) - capped.begin());
  const double lse = capped[peak] - log_q[peak];
  double finite = 0.0;
  double sum_log_q = 0.0;
  for (const double value : log_q) {
    if (std::isinf(value)) continue;
    finite += 1.0;
    sum_log_q += value;
  }
  const double e = settings.label_smoothing;
  RowLoss result;
  result.loss = -(1.0 - e) * Floored(log_q[static_cast<size_t>(label)]) -
                e * sum_log_q / finite + settings.z_loss * lse * lse;
  for (size_t i = 0; i < log_q.size(); ++i) {
    double gradient = std::exp(log_q[i]) * (1.0 + 2.0 * settings.z_loss * lse) -
                      (static_cast<int64_t>(i) == label ? 1.0 - e : 0.0) -
                      (std::isinf(log_q[i]) ? 0.0 : e / finite);
    if (settings.softcap > 0.0) {
      const double ratio = capped[i] / settings.softcap;
      gradient *= 1.0 - ratio * ratio;
    }
    result.gradient.push_back(gradient);
  }
  return result;
}

RowLoss Distillation(const Row& student, const Row& teacher, int64_t label,
                     const DistillationSettings& settings) {
  const ClassPair pair = {FlooredLogSoftmax(teacher, settings.temperature),
                          FlooredLogSoftmax(student, settings.temperature)};
  return Combine(Measure(pair, settings), student, label, settings);
}

RowLoss TopKDistillation(const Row& student, const TopKRow& teacher,
                         int64_t label, const DistillationSettings& settings) {
  const Row log_q = FlooredLogSoftmax(student, settings.temperature);
  const TopKView view = View(teacher);
  if (settings.tail == Tail::kLumped) {
    return Combine(Lumped(view, teacher, log_q, settings), student, label,
                   settings);
  }
  const double total = settings.tail == Tail::kRenormalized ? view.total : 1.0;
  return Combine(Truncated(view, total, log_q), student, label, settings);
}

}  // namespace limbeck::kernels::reference
