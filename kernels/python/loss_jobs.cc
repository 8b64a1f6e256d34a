// Which arguments an operator has says what it is.
#include "kernels/python/loss_jobs.h"

#include <ATen/ATen.h>

#include <string>

#include "kernels/cross_entropy_job.h"
#include "kernels/distillation_job.h"
#include "kernels/loss_autograd.h"

namespace limbeck::kernels {
namespace {

LogitSource StudentOf(const NamedArguments& call) {
  if (!call.Has("hidden")) {
    LogitSource source;
    source.logits = call.Tensor("student_logits");
    return source;
  }
  return {
      call.Tensor("hidden"), call.Tensor("weight"), call.Tensor("bias"), {}};
}

LogitSource TeacherOf(const NamedArguments& call) {
  if (!call.Has("teacher_hidden")) {
    LogitSource source;
    source.logits = call.Tensor("teacher_logits");
    return source;
  }
  return {call.Tensor("teacher_hidden"),
          call.Tensor("teacher_weight"),
          call.Tensor("teacher_bias"),
          {}};
}

LogitOptions RowsOf(const NamedArguments& call) {
  LogitOptions rows;
  rows.token_weight = call.Tensor("token_weight");
  rows.kept_rows = call.Tensor("kept_rows");
  rows.ignore_index = call.Int("ignore_index");
  rows.num_valid_columns = call.Int("num_valid_columns");
  rows.check_values = call.OptionalBool("check_values");
  return rows;
}

Divergence DivergenceOf(const NamedArguments& call) {
  const std::string name = call.String("divergence");
  const auto divergence = ParseDivergence(name);
  TORCH_CHECK_VALUE(divergence.has_value(), call.op(), ": divergence is '",
                    name,
                    "', must be forward_kl, reverse_kl, jsd, skew_forward_kl, "
                    "skew_reverse_kl, total_variation, adaptive_kl or "
                    "symmetric_kl");
  return *divergence;
}

Tail TailOf(const NamedArguments& call) {
  const std::string name = call.String("tail");
  const auto tail = ParseTail(name);
  TORCH_CHECK_VALUE(tail.has_value(), call.op(), ": tail is '", name,
                    "', must be lumped, renormalized or zero");
  return *tail;
}

DistillationOptions DistillationOf(const NamedArguments& call) {
  DistillationOptions options;
  options.divergence = DivergenceOf(call);
  if (call.Has("tail")) options.tail = TailOf(call);
  options.mix = call.Double("mix");
  options.temperature = call.Double("temperature");
  options.temperature_squared = call.Bool("temperature_squared");
  options.cross_entropy_share = call.Double("cross_entropy_share");
  return options;
}

LossJob RowsJob(ShapeCheck& check, const NamedArguments& call,
                const LogitSource& student) {
  const at::Tensor target = call.Tensor("target");
  const LogitOptions rows = RowsOf(call);
  if (call.Has("label_smoothing")) {
    const CrossEntropyOptions options = {call.Double("label_smoothing"),
                                         call.Double("z_loss"),
                                         call.Double("softcap")};
    return CrossEntropyJob(check, student, target, options, rows);
  }
  if (call.Has("top_ids")) {
    const TopKTeacher teacher = {call.Tensor("top_ids"),
                                 call.Tensor("top_logprobs"),
                                 call.Tensor("tail_logprob")};
    return TopKJob(check, student, teacher, target, DistillationOf(call), rows);
  }
  const LogitSource teacher = TeacherOf(call);
  CheckSource(check, kTeacherNames, teacher);
  return DenseJob(check, student, teacher, target, DistillationOf(call), rows);
}

}  // namespace

LossJob JobOf(const NamedArguments& call) {
  ShapeCheck check(call.op(), Devices::kAlsoMeta);
  const LogitSource student = StudentOf(call);
  CheckSource(check, kStudentNames, student);
  LossJob job = RowsJob(check, call, student);
  if (call.Has("hidden")) {
    LinearOptions linear;
    linear.weight_grad = call.Tensor("weight_grad");
    linear.grad_scale = call.Tensor("grad_scale");
    linear.bf16_logits = call.Bool("bf16_logits");
    CheckBf16Logits(check, linear, student, job.teacher);
    job.bf16_logits = linear.bf16_logits;
    job.chunk_tokens = CheckedChunkTokens(check, call.Int("chunk_tokens"));
    job.accumulator = CheckedAccumulator(check, student.weight, linear);
  }
  return job;
}

}  // namespace limbeck::kernels
