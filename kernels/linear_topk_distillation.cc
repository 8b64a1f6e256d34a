// Checks and autograd of distillation from a top-k teacher to a linear head.
#include "kernels/linear_topk_distillation.h"

#include "kernels/distillation_job.h"
#include "kernels/loss_autograd.h"

namespace limbeck::kernels {

LossResult LinearTopKDistillation(const at::Tensor& hidden,
                                  const at::Tensor& weight,
                                  const TopKTeacher& teacher,
                                  const at::Tensor& target,
                                  const DistillationOptions& options,
                                  const LinearOptions& linear) {
  ShapeCheck check("linear_topk_distillation");
  const LogitSource student = {hidden, weight, linear.bias, {}};
  CheckSource(check, kStudentNames, student);
  LossJob job =
      TopKJob(check, student, teacher, target, options, RowOptionsOf(linear));
  CheckBf16Logits(check, linear, student, {});
  job.bf16_logits = linear.bf16_logits;
  job.bfloat16_products = linear.bfloat16_products;
  job.chunk_tokens = CheckedChunkTokens(check, linear.chunk_tokens);
  job.accumulator = CheckedAccumulator(check, weight, linear);
  return RunDifferentiable(check.op(), job);
}

}  // namespace limbeck::kernels
