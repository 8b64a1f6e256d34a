// Checks and autograd of cross entropy of a linear head.
#include "kernels/linear_cross_entropy.h"

#include "kernels/cross_entropy_job.h"
#include "kernels/loss_autograd.h"

namespace limbeck::kernels {

LossResult LinearCrossEntropy(const at::Tensor& hidden,
                              const at::Tensor& weight,
                              const at::Tensor& target,
                              const CrossEntropyOptions& options,
                              const LinearOptions& linear) {
  ShapeCheck check("linear_cross_entropy");
  const LogitSource student = {hidden, weight, linear.bias, {}};
  CheckSource(check, kStudentNames, student);
  LossJob job =
      CrossEntropyJob(check, student, target, options, RowOptionsOf(linear));
  CheckBf16Logits(check, linear, student, {});
  job.bf16_logits = linear.bf16_logits;
  job.bfloat16_products = linear.bfloat16_products;
  job.chunk_tokens = CheckedChunkTokens(check, linear.chunk_tokens);
  job.accumulator = CheckedAccumulator(check, weight, linear);
  return RunDifferentiable(check.op(), job);
}

}  // namespace limbeck::kernels
