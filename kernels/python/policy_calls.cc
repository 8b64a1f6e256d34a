// Names were checked by the dispatcher against the schema.
#include "kernels/python/policy_calls.h"

#include <ATen/ATen.h>

#include <string>

#include "kernels/cached_job.h"

namespace limbeck::kernels {
namespace {

LinearOptions LinearOf(const NamedArguments& call) {
  LinearOptions linear;
  if (call.Has("bias")) linear.bias = call.Tensor("bias");
  if (call.Has("token_weight")) {
    linear.token_weight = call.Tensor("token_weight");
  }
  linear.weight_grad = call.Tensor("weight_grad");
  linear.grad_scale = call.Tensor("grad_scale");
  linear.kept_rows = call.Tensor("kept_rows");
  linear.num_valid_columns = call.Int("num_valid_columns");
  linear.chunk_tokens = call.Int("chunk_tokens");
  linear.check_values = call.OptionalBool("check_values");
  return linear;
}

PolicyKind KindOf(const NamedArguments& call) {
  const std::string name = call.String("kind");
  const auto kind = ParsePolicyKind(name);
  TORCH_CHECK_VALUE(kind.has_value(), call.op(), ": kind is '", name,
                    "', must be grpo, dapo, dr_grpo, gspo, cispo or "
                    "on_policy_distillation");
  return *kind;
}

KlEstimator EstimatorOf(const NamedArguments& call) {
  const std::string name = call.String("kl_estimator");
  const auto estimator = ParseKlEstimator(name);
  TORCH_CHECK_VALUE(estimator.has_value(), call.op(), ": kl_estimator is '",
                    name, "', must be k1, k2 or k3");
  return *estimator;
}

}  // namespace

PolicyJob PolicyJobOf(const NamedArguments& call) {
  const PolicySamples samples = {
      call.Tensor("sampler_logprob"), call.Tensor("advantage"),
      call.Tensor("reference_logprob"), call.Tensor("sequence_id")};
  PolicyOptions options;
  options.kind = KindOf(call);
  options.clip_low = call.Double("clip_low");
  options.clip_high = call.Double("clip_high");
  options.ratio_cap = call.Double("ratio_cap");
  options.kl_coefficient = call.Double("kl_coefficient");
  options.kl_estimator = EstimatorOf(call);
  options.entropy_bonus = call.Double("entropy_bonus");
  options.temperature = call.Double("temperature");
  const LinearOptions linear = LinearOf(call);
  ShapeCheck check(call.op(), Devices::kAlsoMeta);
  const LogitSource student = {
      call.Tensor("hidden"), call.Tensor("weight"), linear.bias, {}};
  CheckSource(check, kStudentNames, student);
  return CheckedPolicyJob(check, student, call.Tensor("target"), samples,
                          options, linear);
}

LossJob CachedJobOf(const NamedArguments& call) {
  ShapeCheck check(call.op(), Devices::kAlsoMeta);
  return CachedJob(
      check, call.Tensor("hidden"), call.Tensor("weight"),
      {call.Tensor("teacher_direction"), call.Tensor("teacher_entropy")},
      call.Double("temperature"), LinearOf(call));
}

LogprobArguments LogprobArgumentsOf(const NamedArguments& call) {
  return {call.op(),
          call.Tensor("hidden"),
          call.Tensor("weight"),
          call.Tensor("target"),
          call.Double("temperature"),
          LinearOf(call)};
}

}  // namespace limbeck::kernels
