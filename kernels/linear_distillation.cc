// Checks and autograd of distillation between two linear heads.
#include "kernels/linear_distillation.h"

#include "kernels/distillation_job.h"
#include "kernels/loss_autograd.h"

namespace limbeck::kernels {

LossResult LinearDistillation(
    const at::Tensor& hidden, const at::Tensor& weight,
    const at::Tensor& teacher_hidden, const at::Tensor& teacher_weight,
    const at::Tensor& target, const at::Tensor& teacher_bias,
    const DistillationOptions& options, const LinearOptions& linear) {
  ShapeCheck check("linear_distillation");
  const LogitSource student = {hidden, weight, linear.bias, {}};
  const LogitSource teacher = {
      teacher_hidden, teacher_weight, teacher_bias, {}};
  CheckSource(check, kStudentNames, student);
  CheckSource(check, kTeacherNames, teacher);
  LossJob job =
      DenseJob(check, student, teacher, target, options, RowOptionsOf(linear));
  CheckBf16Logits(check, linear, student, teacher);
  job.bf16_logits = linear.bf16_logits;
  job.bfloat16_products = linear.bfloat16_products;
  job.chunk_tokens = CheckedChunkTokens(check, linear.chunk_tokens);
  job.accumulator = CheckedAccumulator(check, weight, linear);
  return RunDifferentiable(check.op(), job);
}

}  // namespace limbeck::kernels
