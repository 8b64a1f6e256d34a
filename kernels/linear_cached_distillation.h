// Forward KL against a teacher cached as directions of a frozen student head.
#ifndef LIMBECK_KERNELS_LINEAR_CACHED_DISTILLATION_H_
#define LIMBECK_KERNELS_LINEAR_CACHED_DISTILLATION_H_

#include <ATen/core/Tensor.h>

#include "kernels/loss_options.h"

namespace limbeck::kernels {

// The KL cache of a teacher P at temperature T and a frozen head W.
struct CachedTeacher {
  at::Tensor direction;  // [N, H] c = W^T p, the head's dtype or float32
  at::Tensor entropy;    // [N] float32, H(P) in nats
};

// hidden [N, H], weight [V, H] frozen. token_loss = KL(P, Q) over the whole
// vocabulary = lse(W h / T) - h . c / T - H(P), exact for the W, T and columns
// that the cache was made with; a cache of others is not noticed.
// Differentiable in hidden only; bias, weight_grad and grad_scale must be
// undefined.
LossResult LinearCachedDistillation(const at::Tensor& hidden,
                                    const at::Tensor& weight,
                                    const CachedTeacher& teacher,
                                    double temperature = 1.0,
                                    const LinearOptions& linear = {});

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LINEAR_CACHED_DISTILLATION_H_
