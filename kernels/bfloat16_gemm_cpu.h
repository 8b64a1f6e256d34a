// The products of a bfloat16 head on the CPU, float32 results, on the matrix
// unit of processors that have one. As in gemm.h.
#ifndef LIMBECK_KERNELS_BFLOAT16_GEMM_CPU_H_
#define LIMBECK_KERNELS_BFLOAT16_GEMM_CPU_H_

#include <ATen/core/Tensor.h>

namespace limbeck::kernels::cpu {

// Whether this machine can run the functions below.
bool HasBfloat16Gemm();

void Bfloat16Logits(const at::Tensor& hidden, const at::Tensor& weight,
                    bool accumulate, at::Tensor& logits);

// gradient: float32; 16 bits of each entry count.
void Bfloat16HiddenGradient(const at::Tensor& gradient,
                            const at::Tensor& weight, at::Tensor& out);
void Bfloat16WeightGradient(const at::Tensor& gradient,
                            const at::Tensor& hidden, double scale,
                            bool accumulate, at::Tensor& out);

// As RoundedWeightGradientGemm.
void Bfloat16WeightGradientRounded(const at::Tensor& gradient,
                                   const at::Tensor& hidden,
                                   const at::Tensor& sums, at::Tensor& rounded);

}  // namespace limbeck::kernels::cpu

#endif  // LIMBECK_KERNELS_BFLOAT16_GEMM_CPU_H_
