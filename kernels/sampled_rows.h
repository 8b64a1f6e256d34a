// The row kernels of the sampled-token losses, as raw pointers.
#ifndef LIMBECK_KERNELS_SAMPLED_ROWS_H_
#define LIMBECK_KERNELS_SAMPLED_ROWS_H_

#include "kernels/policy_math.h"
#include "kernels/row_kernels.h"

namespace limbeck::kernels {

// What every sampled row reports, by the caller's row.
struct SampledOutputs {
  double* log_prob;  // [N]
  double* entropy;   // [N]
};

// Slopes of the loss in both outputs, weights included. [N] each; null: only
// the outputs are wanted.
struct GivenSlopes {
  const double* log_prob;
  const double* entropy;
};

// Fills the outputs and, if the batch wants it, the gradient of
// log_prob * slope + entropy * slope. Writes no token_loss but NaN on a bad id.
// Without gradient the logits keep their values.
void LogprobRows(double inverse_temperature, const GivenSlopes& slopes,
                 const SampledOutputs& outputs, const RowBatch<float>& batch,
                 RowRange rows);
void LogprobRows(double inverse_temperature, const GivenSlopes& slopes,
                 const SampledOutputs& outputs, const RowBatch<double>& batch,
                 RowRange rows);

// What a policy loss knows of each token, by the caller's row. [N] each.
struct PolicyTokens {
  const double* sampler_logprob;
  const double* advantage;
  const double* reference_logprob;  // null: no KL penalty
};

// Every kind but gspo, which needs whole sequences.
void PolicyRows(const PolicyRule& rule, double inverse_temperature,
                const PolicyTokens& tokens, const SampledOutputs& outputs,
                const RowBatch<float>& batch, RowRange rows);
void PolicyRows(const PolicyRule& rule, double inverse_temperature,
                const PolicyTokens& tokens, const SampledOutputs& outputs,
                const RowBatch<double>& batch, RowRange rows);

// What the KL cache knows of each token, by the caller's row. [N] each.
struct CachedTokens {
  const double* teacher_logit;    // hidden . teacher_direction
  const double* teacher_entropy;  // H(P)
};

// token_loss = lse(s / T) - teacher_logit / T - teacher_entropy; the gradient
// is that of lse only.
void CachedDistillationRows(double inverse_temperature,
                            const CachedTokens& tokens,
                            const RowBatch<float>& batch, RowRange rows);
void CachedDistillationRows(double inverse_temperature,
                            const CachedTokens& tokens,
                            const RowBatch<double>& batch, RowRange rows);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_SAMPLED_ROWS_H_
