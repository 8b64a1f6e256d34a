// The share of forward KL in adaptive KL (Wu et al. 2024, "Rethinking
// Kullback-Leibler divergence in knowledge distillation for LLMs").
#ifndef LIMBECK_KERNELS_ADAPTIVE_SHARE_H_
#define LIMBECK_KERNELS_ADAPTIVE_SHARE_H_

#include "kernels/row_sweeps.h"

namespace limbeck::kernels {

// g_head / (g_head + g_tail), g = sum |p - q|; head = the largest p, ties by
// column, while their mass stays <= head_mass, at least one. 0.5 where p = q.
// p[i] = teacher_scale * teacher_exponential[i], q alike, i in [0,
// num_columns), num_columns > 0; exponentials in [0, 1].
template <typename Real>
double AdaptiveForwardShare(const PairPart<Real>& part, double head_mass);

extern template double AdaptiveForwardShare(const PairPart<float>&, double);
extern template double AdaptiveForwardShare(const PairPart<double>&, double);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ADAPTIVE_SHARE_H_
