// Token-level losses know their gradient in the first walk; gspo knows a
// sequence's ratio only after it, so it walks again.
#include "kernels/policy_job.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <utility>

#include "kernels/loss_autograd.h"
#include "kernels/sequence_policy.h"

namespace limbeck::kernels {
namespace {

void CheckFinite(const ShapeCheck& check, std::string_view name, double value,
                 double lowest, double highest) {
  TORCH_CHECK_VALUE(std::isfinite(value) && value >= lowest && value <= highest,
                    check.op(), ": ", name, " is ", value,
                    ", must be finite and in [", lowest, ", ", highest, "]");
}

PolicyRule CheckedRule(const ShapeCheck& check, const PolicyOptions& options) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  CheckFinite(check, "clip_low", options.clip_low, 0.0, 1.0);
  CheckFinite(check, "clip_high", options.clip_high, 0.0, kLargest);
  CheckFinite(check, "ratio_cap", options.ratio_cap, 0.0, kLargest);
  CheckFinite(check, "kl_coefficient", options.kl_coefficient, 0.0, kLargest);
  CheckFinite(check, "entropy_bonus", options.entropy_bonus, -kLargest,
              kLargest);
  CheckTemperature(check, options.temperature);
  return {options.kind,
          options.clip_low,
          options.clip_high,
          options.ratio_cap > 0.0 ? options.ratio_cap
                                  : std::numeric_limits<double>::infinity(),
          options.kl_coefficient,
          options.kl_estimator,
          options.entropy_bonus};
}

PolicyTensors CheckedSamples(ShapeCheck& check, const PolicySamples& samples,
                             const PolicyOptions& options) {
  PolicyTensors tensors;
  tensors.sampler_logprob =
      CheckedTokenValues(check, "sampler_logprob", samples.sampler_logprob);
  tensors.advantage = CheckedTokenValues(check, "advantage", samples.advantage);
  if (samples.reference_logprob.defined()) {
    tensors.reference_logprob = CheckedTokenValues(check, "reference_logprob",
                                                   samples.reference_logprob);
  }
  TORCH_CHECK_VALUE(
      options.kl_coefficient == 0.0 || samples.reference_logprob.defined(),
      check.op(),
      ": reference_logprob is undefined, must be given for kl_coefficient = ",
      options.kl_coefficient);
  if (samples.sequence_id.defined()) {
    check.Tensor("sequence_id", samples.sequence_id, {"N"});
    check.IntegerType("sequence_id", samples.sequence_id);
    tensors.sequence_id = samples.sequence_id.to(at::kLong).contiguous();
  }
  TORCH_CHECK_VALUE(
      options.kind != PolicyKind::kGspo || samples.sequence_id.defined(),
      check.op(), ": sequence_id is undefined, must be given for kind = gspo");
  return tensors;
}

void UsePolicyRows(const PolicyJob& policy, LossJob& job) {
  const auto run = [rule = policy.rule, temperature = policy.temperature,
                    tensors = policy.tensors, outputs = policy.outputs](
                       const auto& batch, RowRange range) {
    PolicyRows(rule, 1.0 / temperature, tensors.Pointers(), outputs.Pointers(),
               batch, range);
  };
  job.rows = {[run](const float*, const RowBatch<float>& batch,
                    RowRange range) { run(batch, range); },
              [run](const double*, const RowBatch<double>& batch,
                    RowRange range) { run(batch, range); }};
  job.device_rows = [rule = policy.rule, temperature = policy.temperature,
                     tensors = policy.tensors,
                     outputs = policy.outputs](const RowLaunch& rows) {
    const at::Tensor& reference = tensors.reference_logprob;
    return LaunchPolicy(
        {rows, temperature, rule,
         tensors.sampler_logprob.const_data_ptr<float>(),
         tensors.advantage.const_data_ptr<float>(),
         reference.defined() ? reference.const_data_ptr<float>() : nullptr,
         outputs.DevicePointers()});
  };
}

LossGradients RunSequences(const PolicyJob& policy,
                           const WantedGradients& wanted) {
  LossJob job = policy.job;
  UseLogprobRows(policy.temperature, {}, policy.outputs, job);
  KeptChunk kept;
  if (wanted.any() && job.student.hidden.is_cpu()) job.keep = &kept;
  const LossGradients first = RunChunks(job, {});
  const SequencePolicy sequences = MeasureSequences(
      policy.rule, policy.tensors, policy.outputs, job.selection);
  LossGradients result;
  if (wanted.any()) {
    UseLogprobRows(policy.temperature, sequences.slopes,
                   EmptySampledTensors(job.student.hidden), job);
    job.keep = nullptr;
    job.known = std::move(kept);
    result = RunChunks(job, wanted);
  }
  const at::ScalarType type = first.loss.scalar_type();
  result.loss = sequences.loss.to(type);
  result.token_loss = sequences.token_loss.to(type);
  return result;
}

}  // namespace

PolicyTokens PolicyTensors::Pointers() const {
  return {sampler_logprob.const_data_ptr<double>(),
          advantage.const_data_ptr<double>(),
          reference_logprob.defined()
              ? reference_logprob.const_data_ptr<double>()
              : nullptr};
}

PolicyJob CheckedPolicyJob(ShapeCheck& check, const LogitSource& student,
                           const at::Tensor& target,
                           const PolicySamples& samples,
                           const PolicyOptions& options,
                           const LinearOptions& linear) {
  TORCH_CHECK(target.defined(), check.op(), ": target is undefined");
  PolicyJob policy;
  policy.rule = CheckedRule(check, options);
  policy.temperature = options.temperature;
  policy.job = SampledJob(check, student, target, linear);
  policy.job.accumulator = CheckedAccumulator(check, student.weight, linear);
  policy.tensors = CheckedSamples(check, samples, options);
  policy.outputs = EmptySampledTensors(student.hidden);
  return policy;
}

LossGradients RunPolicy(const PolicyJob& policy,
                        const WantedGradients& wanted) {
  if (policy.rule.kind == PolicyKind::kGspo) {
    return RunSequences(policy, wanted);
  }
  LossJob job = policy.job;
  UsePolicyRows(policy, job);
  return RunChunks(job, wanted);
}

}  // namespace limbeck::kernels
