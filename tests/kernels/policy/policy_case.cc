// Samples are rounded to float32 before the reference sees them.
#include "tests/kernels/policy/policy_case.h"

#include <ATen/ATen.h>

#include <cmath>

namespace limbeck::kernels {
namespace {

std::vector<double> Values(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().to(at::kDouble).contiguous();
  const double* data = values.const_data_ptr<double>();
  return {data, data + values.numel()};
}

at::Tensor Stack(const std::vector<std::vector<double>>& rows) {
  std::vector<at::Tensor> tensors;
  for (const std::vector<double>& row : rows) {
    tensors.push_back(at::tensor(row, at::kDouble));
  }
  return at::stack(tensors);
}

}  // namespace

std::string CaseName(const PolicyOptions& options) {
  std::string name(PolicyKindName(options.kind));
  name += "_t" + std::to_string(std::lround(100.0 * options.temperature));
  if (options.kl_coefficient > 0.0) {
    name += "_" + std::string(KlEstimatorName(options.kl_estimator));
  }
  return options.ratio_cap > 0.0 ? name + "_capped" : name;
}

std::vector<PolicyOptions> AllPolicies() {
  std::vector<PolicyOptions> cases;
  for (const PolicyKind kind :
       {PolicyKind::kGrpo, PolicyKind::kDapo, PolicyKind::kDrGrpo,
        PolicyKind::kGspo, PolicyKind::kCispo,
        PolicyKind::kOnPolicyDistillation}) {
    for (const double temperature : {1.0, 2.5}) {
      PolicyOptions options;
      options.kind = kind;
      options.temperature = temperature;
      cases.push_back(options);
      options.kl_coefficient = 0.3;
      options.entropy_bonus = 0.05;
      for (const KlEstimator estimator :
           {KlEstimator::kK1, KlEstimator::kK2, KlEstimator::kK3}) {
        options.kl_estimator = estimator;
        options.ratio_cap = estimator == KlEstimator::kK2 ? 1.1 : 0.0;
        cases.push_back(options);
      }
    }
  }
  return cases;
}

PolicyData MakePolicyData(uint64_t seed, int64_t tokens, double temperature,
                          at::ScalarType type) {
  DataShape shape;
  shape.tokens = tokens;
  PolicyData data;
  data.base = MakeData(seed, shape, type);
  const at::ScalarType given = type == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor log_prob =
      at::log_softmax(StudentLogits(data.base).div(temperature), 1)
          .gather(1, data.base.target.unsqueeze(1))
          .squeeze(1);
  const auto shifted = [&](uint64_t id, double scale) {
    return (log_prob + Normal(seed * 100 + id, {tokens}).mul(scale)).to(given);
  };
  data.samples.sampler_logprob = shifted(21, 0.5);
  data.samples.reference_logprob = shifted(22, 0.7);
  data.samples.advantage = Normal(seed * 100 + 23, {tokens}).to(given);
  data.samples.sequence_id = at::arange(tokens, at::kLong).remainder(3).sub(1);
  return data;
}

std::vector<reference::PolicyToken> ReferenceTokens(const PolicyData& data) {
  const at::Tensor logits = StudentLogits(data.base);
  const std::vector<double> target = Values(data.base.target);
  const std::vector<double> weight = Values(data.base.token_weight);
  const std::vector<double> sampler = Values(data.samples.sampler_logprob);
  const std::vector<double> advantage = Values(data.samples.advantage);
  const std::vector<double> reference = Values(data.samples.reference_logprob);
  const std::vector<double> sequence = Values(data.samples.sequence_id);
  std::vector<reference::PolicyToken> tokens;
  for (size_t i = 0; i < target.size(); ++i) {
    reference::PolicyToken token;
    token.logits = Values(logits[static_cast<int64_t>(i)]);
    token.target = static_cast<int64_t>(target[i]);
    token.weight = weight[i];
    token.sampler_logprob = sampler[i];
    token.advantage = advantage[i];
    token.reference_logprob = reference[i];
    token.sequence_id = static_cast<int64_t>(sequence[i]);
    tokens.push_back(token);
  }
  return tokens;
}

reference::PolicySettings Settings(const PolicyOptions& options) {
  return {options.kind,          options.clip_low,       options.clip_high,
          options.ratio_cap,     options.kl_coefficient, options.kl_estimator,
          options.entropy_bonus, options.temperature};
}

ExpectedPolicy ExpectedOf(const PolicyOptions& options,
                          const PolicyData& data) {
  const reference::PolicyBatch batch =
      reference::Policy(ReferenceTokens(data), Settings(options));
  const at::Tensor gradient = Stack(batch.gradient);
  ExpectedPolicy expected;
  expected.loss = batch.loss;
  expected.token_loss = at::tensor(batch.token_loss, at::kDouble);
  expected.logprob = at::tensor(batch.log_prob, at::kDouble);
  expected.entropy = at::tensor(batch.entropy, at::kDouble);
  expected.hidden = at::mm(gradient, data.base.weight.detach().to(at::kDouble));
  expected.weight =
      at::mm(gradient.t(), data.base.hidden.detach().to(at::kDouble));
  expected.bias = gradient.sum(0);
  return expected;
}

PolicyResult RunPolicyLoss(const PolicyOptions& options, const PolicyData& data,
                           LinearOptions linear) {
  linear.bias = data.base.bias;
  linear.token_weight = data.base.token_weight;
  return LinearPolicyLoss(data.base.hidden, data.base.weight, data.base.target,
                          data.samples, options, linear);
}

}  // namespace limbeck::kernels
