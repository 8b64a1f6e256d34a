// Root-mean-square normalisation with a learned weight.
#ifndef LIMBECK_KERNELS_LAYERS_RMS_NORM_H_
#define LIMBECK_KERNELS_LAYERS_RMS_NORM_H_

#include <ATen/core/Tensor.h>

namespace limbeck::kernels {

// x [N, H], weight [H] -> x / sqrt(mean(x^2) + epsilon) * weight (Zhang and
// Sennrich 2019, arXiv:1910.07467). Computed in float32, cast to the type of
// x, then multiplied by the weight: Hugging Face's order. Differentiable.
at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight,
                   double epsilon);

// The same through ATen's operators, for any type.
at::Tensor RmsNormComposite(const at::Tensor& x, const at::Tensor& weight,
                            double epsilon);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LAYERS_RMS_NORM_H_
