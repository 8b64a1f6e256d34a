// Ratios are exp of log-ratios cut to +-20 (docs/operators.md).
#include "kernels/reference/policy_reference.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "kernels/reference/loss_reference.h"

namespace limbeck::kernels::reference {
namespace {

// A function of one log-probability: its value and derivative.
struct Slope {
  double value = 0.0;
  double derivative = 0.0;
};

Slope ImportanceRatio(double log_ratio, double cap) {
  const double cut = std::clamp(log_ratio, -20.0, 20.0);
  Slope ratio = {std::exp(cut), cut == log_ratio ? std::exp(cut) : 0.0};
  if (cap > 0.0 && ratio.value > cap) ratio = {cap, 0.0};
  return ratio;
}

// The smaller of both surrogates, with the derivative of the one chosen.
Slope ClippedSurrogate(double log_ratio, double advantage,
                       const PolicySettings& s) {
  const Slope ratio = ImportanceRatio(log_ratio, s.ratio_cap);
  const double clipped =
      std::clamp(ratio.value, 1.0 - s.clip_low, 1.0 + s.clip_high);
  const double plain = ratio.value * advantage;
  if (plain <= clipped * advantage) {
    return {-plain, -ratio.derivative * advantage};
  }
  return {-clipped * advantage, 0.0};
}

Slope TokenSurrogate(double log_prob, const PolicyToken& token,
                     const PolicySettings& s) {
  const double log_ratio = log_prob - token.sampler_logprob;
  const Slope ratio = ImportanceRatio(log_ratio, s.ratio_cap);
  if (s.kind == PolicyKind::kCispo) {
    const double fixed =
        token.frozen_ratio >= 0.0 ? token.frozen_ratio : ratio.value;
    return {-fixed * token.advantage * log_prob, -fixed * token.advantage};
  }
  if (s.kind == PolicyKind::kOnPolicyDistillation) {
    return {-ratio.value * token.advantage,
            -ratio.derivative * token.advantage};
  }
  return ClippedSurrogate(log_ratio, token.advantage, s);
}

Slope Penalty(double log_prob, double reference, KlEstimator estimator) {
  const double gap = log_prob - reference;
  switch (estimator) {
    case KlEstimator::kK1:
      return {gap, 1.0};
    case KlEstimator::kK2:
      return {gap * gap / 2.0, gap};
    case KlEstimator::kK3:
      break;
  }
  const double cut = std::max(gap, -20.0);
  return {std::exp(-cut) + cut - 1.0, cut == gap ? 1.0 - std::exp(-gap) : 0.0};
}

struct Sequence {
  double log_ratio = 0.0;
  int64_t length = 0;
};

std::map<int64_t, Sequence> Sequences(const std::vector<PolicyToken>& tokens,
                                      const std::vector<double>& log_prob) {
  std::map<int64_t, Sequence> sequences;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].weight == 0.0) continue;
    Sequence& sequence = sequences[tokens[i].sequence_id];
    sequence.log_ratio += log_prob[i] - tokens[i].sampler_logprob;
    ++sequence.length;
  }
  return sequences;
}

void AddScaled(const std::vector<double>& from, double scale,
               std::vector<double>& to) {
  for (size_t i = 0; i < from.size(); ++i) to[i] += scale * from[i];
}

}  // namespace

LogprobRow Logprob(const std::vector<double>& logits, int64_t target,
                   double temperature) {
  std::vector<double> log_q = LogSoftmax(logits, temperature);
  for (double& value : log_q) value = std::max(value, -1e5);
  LogprobRow row;
  row.log_prob = log_q[static_cast<size_t>(target)];
  for (const double value : log_q) row.entropy -= std::exp(value) * value;
  for (size_t i = 0; i < log_q.size(); ++i) {
    const double q = std::exp(log_q[i]);
    const double hit = static_cast<int64_t>(i) == target ? 1.0 : 0.0;
    row.log_prob_gradient.push_back((hit - q) / temperature);
    row.entropy_gradient.push_back(-q * (log_q[i] + row.entropy) / temperature);
  }
  return row;
}

PolicyBatch Policy(const std::vector<PolicyToken>& tokens,
                   const PolicySettings& settings) {
  PolicyBatch batch;
  std::vector<LogprobRow> rows;
  for (const PolicyToken& token : tokens) {
    rows.push_back(token.weight == 0.0 ? LogprobRow{}
                                       : Logprob(token.logits, token.target,
                                                 settings.temperature));
    batch.log_prob.push_back(rows.back().log_prob);
    batch.entropy.push_back(rows.back().entropy);
    batch.token_loss.push_back(0.0);
    batch.gradient.emplace_back(token.logits.size(), 0.0);
  }
  const auto sequences = Sequences(tokens, batch.log_prob);
  for (size_t i = 0; i < tokens.size(); ++i) {
    const PolicyToken& token = tokens[i];
    if (token.weight == 0.0) continue;
    if (settings.kind == PolicyKind::kGspo) {
      // Each token of the sequence moves the mean by 1 / length.
      const Sequence& own = sequences.at(token.sequence_id);
      const double length = static_cast<double>(own.length);
      const Slope term =
          ClippedSurrogate(own.log_ratio / length, token.advantage, settings);
      batch.token_loss[i] += term.value;
      for (size_t j = 0; j < tokens.size(); ++j) {
        if (tokens[j].weight == 0.0) continue;
        if (tokens[j].sequence_id != token.sequence_id) continue;
        AddScaled(rows[j].log_prob_gradient,
                  token.weight * term.derivative / length, batch.gradient[j]);
      }
    } else {
      const Slope term = TokenSurrogate(batch.log_prob[i], token, settings);
      batch.token_loss[i] += term.value;
      AddScaled(rows[i].log_prob_gradient, token.weight * term.derivative,
                batch.gradient[i]);
    }
    if (settings.kl_coefficient != 0.0) {
      const Slope penalty = Penalty(batch.log_prob[i], token.reference_logprob,
                                    settings.kl_estimator);
      batch.token_loss[i] += settings.kl_coefficient * penalty.value;
      AddScaled(rows[i].log_prob_gradient,
                token.weight * settings.kl_coefficient * penalty.derivative,
                batch.gradient[i]);
    }
    batch.token_loss[i] -= settings.entropy_bonus * batch.entropy[i];
    AddScaled(rows[i].entropy_gradient, -token.weight * settings.entropy_bonus,
              batch.gradient[i]);
    batch.loss += token.weight * batch.token_loss[i];
  }
  return batch;
}

}  // namespace limbeck::kernels::reference
