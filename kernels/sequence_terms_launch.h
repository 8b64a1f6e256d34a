// The losses of tokens whose ratio belongs to their sequence, in device memory.
#ifndef LIMBECK_KERNELS_SEQUENCE_TERMS_LAUNCH_H_
#define LIMBECK_KERNELS_SEQUENCE_TERMS_LAUNCH_H_

#include <cstdint>

#include "kernels/policy_math.h"
#include "kernels/row_launch.h"

namespace limbeck::kernels {

// [N] each, float64; the last four are filled.
struct SequenceTerms {
  const double* mean_log_ratio = nullptr;  // of the token's sequence
  const double* advantage = nullptr;
  const double* log_prob = nullptr;
  const double* reference = nullptr;  // null: no KL penalty
  const double* entropy = nullptr;
  double* loss = nullptr;            // of the token, weight left out
  double* ratio_slope = nullptr;     // in mean_log_ratio
  double* log_prob_slope = nullptr;  // of the penalty
  double* entropy_slope = nullptr;   // of the bonus
};

LIMBECK_HOST_DEVICE inline void FillSequenceTerm(const PolicyRule& rule,
                                                 const SequenceTerms& terms,
                                                 int64_t row) {
  const PolicyTerm term =
      ClippedTerm(rule, terms.mean_log_ratio[row], terms.advantage[row]);
  const double reference =
      terms.reference == nullptr ? 0.0 : terms.reference[row];
  const Regularizer extra =
      RegularizerOf(rule, terms.log_prob[row], reference, terms.entropy[row]);
  terms.loss[row] = term.loss + extra.loss;
  terms.ratio_slope[row] = term.slope;
  terms.log_prob_slope[row] = extra.slopes.log_prob;
  terms.entropy_slope[row] = extra.slopes.entropy;
}

struct SequenceTermsLaunch {
  int64_t num_rows = 0;
  PolicyRule rule;
  SequenceTerms terms;
  void* stream = nullptr;
};
LaunchError LaunchSequenceTerms(const SequenceTermsLaunch& launch);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_SEQUENCE_TERMS_LAUNCH_H_
