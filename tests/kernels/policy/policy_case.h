// Cases, data and expected values that the tests of the sampled-token losses
// share.
#ifndef LIMBECK_TESTS_KERNELS_POLICY_POLICY_CASE_H_
#define LIMBECK_TESTS_KERNELS_POLICY_POLICY_CASE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/linear_policy_loss.h"
#include "kernels/loss_options.h"
#include "kernels/reference/policy_reference.h"
#include "tests/kernels/loss_case.h"

namespace limbeck::kernels {

std::string CaseName(const PolicyOptions& options);

// Every kind x temperature x {plain, each KL estimator with bonus and cap}.
std::vector<PolicyOptions> AllPolicies();

// The student of LossData with samples: three interleaved sequences, ratios on
// both sides of both clips, advantages of both signs.
struct PolicyData {
  LossData base;
  PolicySamples samples;
};
PolicyData MakePolicyData(uint64_t seed, int64_t tokens, double temperature,
                          at::ScalarType type);

std::vector<reference::PolicyToken> ReferenceTokens(const PolicyData& data);
reference::PolicySettings Settings(const PolicyOptions& options);

// From the double reference, all float64.
struct ExpectedPolicy {
  double loss = 0.0;
  at::Tensor token_loss;
  at::Tensor logprob;
  at::Tensor entropy;
  at::Tensor hidden;  // gradients, from here on
  at::Tensor weight;
  at::Tensor bias;
};
ExpectedPolicy ExpectedOf(const PolicyOptions& options, const PolicyData& data);

// The operator on the data; bias and token_weight of the data go in.
PolicyResult RunPolicyLoss(const PolicyOptions& options, const PolicyData& data,
                           LinearOptions linear = {});

}  // namespace limbeck::kernels

#endif  // LIMBECK_TESTS_KERNELS_POLICY_POLICY_CASE_H_
