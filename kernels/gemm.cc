// Sends each product to the device that its result is on.
#include "kernels/gemm.h"

#include <ATen/ATen.h>

#include "kernels/bfloat16_gemm_cpu.h"
#include "kernels/gemm_devices.h"

namespace limbeck::kernels {

at::Tensor GemmOperand(const at::Tensor& stored, Bfloat16Products products) {
  return stored.is_cuda() ? stored : cpu::GemmOperand(stored, products);
}

at::ScalarType GemmResultType(at::ScalarType stored) {
  return stored == at::kDouble ? at::kDouble : at::kFloat;
}

void LogitsGemm(const at::Tensor& hidden, const at::Tensor& weight,
                bool accumulate, at::Tensor& logits) {
  if (logits.is_cuda()) {
    cuda::LogitsGemm(hidden, weight, accumulate, logits);
  } else {
    cpu::LogitsGemm(hidden, weight, accumulate, logits);
  }
}

void ExactLogitsGemm(const at::Tensor& hidden, const at::Tensor& weight,
                     bool accumulate, at::Tensor& logits) {
  if (logits.is_cpu() && hidden.scalar_type() == at::kFloat) {
    cpu::ExactLogitsGemm(hidden, weight, accumulate, logits);
  } else {
    LogitsGemm(hidden, weight, accumulate, logits);
  }
}

void HiddenGradientGemm(const at::Tensor& gradient, const at::Tensor& weight,
                        at::Tensor& out) {
  if (out.is_cuda()) {
    cuda::HiddenGradientGemm(gradient, weight, out);
  } else {
    cpu::HiddenGradientGemm(gradient, weight, out);
  }
}

void WeightGradientGemm(const at::Tensor& gradient, const at::Tensor& hidden,
                        const at::Tensor& scale, bool accumulate,
                        at::Tensor& out) {
  if (out.is_cuda()) {
    cuda::WeightGradientGemm(gradient, hidden, scale, accumulate, out);
  } else {
    cpu::WeightGradientGemm(gradient, hidden, scale, accumulate, out);
  }
}

bool RoundsWeightGradient(const at::Tensor& hidden) {
  return hidden.is_cpu() && hidden.scalar_type() == at::kBFloat16;
}

void RoundedWeightGradientGemm(const at::Tensor& gradient,
                               const at::Tensor& hidden, const at::Tensor& sums,
                               at::Tensor& rounded) {
  cpu::Bfloat16WeightGradientRounded(gradient, hidden, sums, rounded);
}

}  // namespace limbeck::kernels
