// The products of gemm.h for one device each; gemm.cc chooses.
#ifndef LIMBECK_KERNELS_GEMM_DEVICES_H_
#define LIMBECK_KERNELS_GEMM_DEVICES_H_

#include <ATen/core/Tensor.h>

#include "kernels/loss_options.h"

namespace limbeck::kernels {

namespace cpu {
at::Tensor GemmOperand(const at::Tensor& stored, Bfloat16Products products);
void LogitsGemm(const at::Tensor& hidden, const at::Tensor& weight,
                bool accumulate, at::Tensor& logits);
void ExactLogitsGemm(const at::Tensor& hidden, const at::Tensor& weight,
                     bool accumulate, at::Tensor& logits);
void HiddenGradientGemm(const at::Tensor& gradient, const at::Tensor& weight,
                        at::Tensor& out);
void WeightGradientGemm(const at::Tensor& gradient, const at::Tensor& hidden,
                        const at::Tensor& scale, bool accumulate,
                        at::Tensor& out);
}  // namespace cpu

namespace cuda {
void LogitsGemm(const at::Tensor& hidden, const at::Tensor& weight,
                bool accumulate, at::Tensor& logits);
void HiddenGradientGemm(const at::Tensor& gradient, const at::Tensor& weight,
                        at::Tensor& out);
void WeightGradientGemm(const at::Tensor& gradient, const at::Tensor& hidden,
                        const at::Tensor& scale, bool accumulate,
                        at::Tensor& out);
}  // namespace cuda

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_GEMM_DEVICES_H_
