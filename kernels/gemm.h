// The matrix products of a linear head, for the device that the tensors are on.
//
// C rows of a chunk, H hidden width, V columns. Operands keep their stored
// dtype, rows may lie further apart than their length, and sums run in float32
// (float64 for float64). Bits repeat for equal shapes.
#ifndef LIMBECK_KERNELS_GEMM_H_
#define LIMBECK_KERNELS_GEMM_H_

#include <ATen/core/Tensor.h>

#include "kernels/loss_options.h"

namespace limbeck::kernels {

// What to hand over as `hidden` or `weight` below: the tensor itself, or a copy
// in the form that the device multiplies faster. Once per call for a head.
// products: CPU only.
at::Tensor GemmOperand(const at::Tensor& stored,
                       Bfloat16Products products = Bfloat16Products::kFastest);

// What the products return: float64 for float64, else float32.
at::ScalarType GemmResultType(at::ScalarType stored);

// logits [C, V] = hidden [C, H] weight [V, H]^T, added to what logits hold if
// `accumulate`. logits: result type; on CUDA also bfloat16.
void LogitsGemm(const at::Tensor& hidden, const at::Tensor& weight,
                bool accumulate, at::Tensor& logits);

// The same for close pairs, whose gradient would show the rounding of long
// sums: on the CPU, float32 operands are multiplied by exact_logits.h.
void ExactLogitsGemm(const at::Tensor& hidden, const at::Tensor& weight,
                     bool accumulate, at::Tensor& logits);

// out [C, H] = gradient [C, V] weight [V, H]. out: result type; on CUDA also
// the stored one.
void HiddenGradientGemm(const at::Tensor& gradient, const at::Tensor& weight,
                        at::Tensor& out);

// out [V, H] = scale gradient [C, V]^T hidden [C, H], added to what out holds
// if `accumulate`. out: result type. scale: one number of the result type on
// the same device, or undefined for 1.
void WeightGradientGemm(const at::Tensor& gradient, const at::Tensor& hidden,
                        const at::Tensor& scale, bool accumulate,
                        at::Tensor& out);

// Whether the next function is for this hidden, as GemmOperand gave it:
// bfloat16 multiplied as stored on the CPU.
bool RoundsWeightGradient(const at::Tensor& hidden);

// rounded [V, H] = sums + gradient [C, V]^T hidden [C, H], rounded to bfloat16
// once. sums: float32 [V, H] or undefined for none.
void RoundedWeightGradientGemm(const at::Tensor& gradient,
                               const at::Tensor& hidden, const at::Tensor& sums,
                               at::Tensor& rounded);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_GEMM_H_
