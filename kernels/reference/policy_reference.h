// Naive double-precision losses of sampled tokens, to judge the kernels by.
//
// Written from the published definitions, without the formulas that the kernels
// share. A whole batch at a time, since gspo needs whole sequences.
#ifndef LIMBECK_KERNELS_REFERENCE_POLICY_REFERENCE_H_
#define LIMBECK_KERNELS_REFERENCE_POLICY_REFERENCE_H_

#include <cstdint>
#include <vector>

#include "kernels/policy_kind.h"

namespace limbeck::kernels::reference {

// log q(target) and the entropy of q = softmax(logits / temperature), with
// their gradients in the logits.
struct LogprobRow {
  double log_prob = 0.0;
  double entropy = 0.0;
  std::vector<double> log_prob_gradient;
  std::vector<double> entropy_gradient;
};
LogprobRow Logprob(const std::vector<double>& logits, int64_t target,
                   double temperature);

struct PolicySettings {
  PolicyKind kind = PolicyKind::kGrpo;
  double clip_low = 0.2;
  double clip_high = 0.28;
  double ratio_cap = 0.0;
  double kl_coefficient = 0.0;
  KlEstimator kl_estimator = KlEstimator::kK2;
  double entropy_bonus = 0.0;
  double temperature = 1.0;
};

struct PolicyToken {
  std::vector<double> logits;
  int64_t target = 0;
  double weight = 1.0;  // 0: skipped
  double sampler_logprob = 0.0;
  double advantage = 0.0;
  double reference_logprob = 0.0;
  int64_t sequence_id = 0;
  // cispo: the ratio that counts, held fixed as its gradient does; negative:
  // computed.
  double frozen_ratio = -1.0;
};

struct PolicyBatch {
  double loss = 0.0;
  std::vector<double> token_loss;
  std::vector<double> log_prob;
  std::vector<double> entropy;
  std::vector<std::vector<double>> gradient;  // of loss in the logits
};
PolicyBatch Policy(const std::vector<PolicyToken>& tokens,
                   const PolicySettings& settings);

}  // namespace limbeck::kernels::reference

#endif  // LIMBECK_KERNELS_REFERENCE_POLICY_REFERENCE_H_
