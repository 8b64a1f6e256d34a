// Every policy loss against the double reference in every dtype, and against
// central differences.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/linear_policy_loss.h"
#include "tests/kernels/policy/policy_case.h"
#include "tests/support/tolerances.h"

namespace limbeck::kernels {
namespace {

using ::limbeck::testing::Tolerance;
using ::limbeck::testing::ToleranceOf;

void ExpectClose(const at::Tensor& ours, const at::Tensor& expected,
                 double tolerance) {
  const at::Tensor gap =
      (ours.to(at::kDouble) - expected).abs() / (1.0 + expected.abs());
  EXPECT_LE(gap.max().item<double>(), tolerance);
}

class PolicySuite : public ::testing::TestWithParam<
                        std::tuple<PolicyOptions, at::ScalarType>> {};

TEST_P(PolicySuite, MatchesReference) {
  const auto& [options, type] = GetParam();
  const Tolerance tolerance = ToleranceOf(type);
  PolicyData data = MakePolicyData(81, 13, options.temperature, type);
  const ExpectedPolicy expected = ExpectedOf(options, data);
  RequireGradients(data.base);
  const PolicyResult result = RunPolicyLoss(options, data);
  EXPECT_NEAR(result.loss.item<double>(), expected.loss,
              tolerance.loss * (1.0 + std::abs(expected.loss)));
  ExpectClose(result.token_loss, expected.token_loss, tolerance.loss);
  ExpectClose(result.logprob, expected.logprob, tolerance.loss);
  ExpectClose(result.entropy, expected.entropy, tolerance.loss);
  EXPECT_EQ(result.logprob.scalar_type(),
            type == at::kDouble ? at::kDouble : at::kFloat);
  for (const at::Tensor& output :
       {result.token_loss, result.logprob, result.entropy}) {
    EXPECT_FALSE(output.requires_grad());
  }
  result.loss.backward();
  EXPECT_LE(RelativeError(data.base.hidden.grad(), expected.hidden),
            tolerance.gradient);
  EXPECT_LE(RelativeError(data.base.weight.grad(), expected.weight),
            tolerance.gradient);
  EXPECT_LE(RelativeError(data.base.bias.grad(), expected.bias),
            tolerance.gradient);
}

INSTANTIATE_TEST_SUITE_P(
    All, PolicySuite,
    ::testing::Combine(::testing::ValuesIn(AllPolicies()),
                       ::testing::Values(at::kDouble, at::kFloat,
                                         at::kBFloat16)),
    [](const ::testing::TestParamInfo<PolicySuite::ParamType>& test) {
      return CaseName(std::get<0>(test.param)) + "_" +
             c10::toString(std::get<1>(test.param));
    });

class PolicyDerivative : public ::testing::TestWithParam<PolicyOptions> {};

// Along random directions in hidden, weight and bias at once.
TEST_P(PolicyDerivative, MatchesCentralDifferences) {
  const PolicyOptions& options = GetParam();
  // cispo holds its ratio fixed: the reference's test differentiates that.
  if (options.kind == PolicyKind::kCispo) return;
  PolicyData data = MakePolicyData(82, 9, options.temperature, at::kDouble);
  RequireGradients(data.base);
  RunPolicyLoss(options, data).loss.backward();
  constexpr double kStep = 1e-5;
  for (uint64_t direction = 0; direction < 3; ++direction) {
    PolicyData ahead = data;
    PolicyData behind = data;
    double slope = 0.0;
    uint64_t id = 1000 + 10 * direction;
    for (auto member :
         {&LossData::hidden, &LossData::weight, &LossData::bias}) {
      const at::Tensor& value = data.base.*member;
      const at::Tensor step = Normal(++id, value.sizes());
      slope += (step * value.grad()).sum().item<double>();
      ahead.base.*member = value.detach() + kStep * step;
      behind.base.*member = value.detach() - kStep * step;
    }
    const double difference = (RunPolicyLoss(options, ahead).loss -
                               RunPolicyLoss(options, behind).loss)
                                  .item<double>() /
                              (2.0 * kStep);
    EXPECT_NEAR(difference, slope,
                testing::kCentralDifference * (1.0 + std::abs(slope)));
  }
}

// The reference's own gradient by central differences of its own loss.
TEST_P(PolicyDerivative, OfTheReferenceMatchesCentralDifferences) {
  const PolicyOptions& options = GetParam();
  const reference::PolicySettings settings = Settings(options);
  std::vector<reference::PolicyToken> tokens =
      ReferenceTokens(MakePolicyData(83, 5, options.temperature, at::kDouble));
  tokens[1].weight = 0.0;
  for (reference::PolicyToken& token : tokens) token.frozen_ratio = 0.9;
  const reference::PolicyBatch here = reference::Policy(tokens, settings);
  constexpr double kStep = 1e-5;
  for (size_t i = 0; i < tokens.size(); ++i) {
    for (size_t column = 0; column < tokens[i].logits.size(); column += 11) {
      std::vector<reference::PolicyToken> moved = tokens;
      moved[i].logits[column] += kStep;
      const double ahead = reference::Policy(moved, settings).loss;
      moved[i].logits[column] -= 2.0 * kStep;
      const double behind = reference::Policy(moved, settings).loss;
      EXPECT_NEAR((ahead - behind) / (2.0 * kStep), here.gradient[i][column],
                  testing::kCentralDifference);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, PolicyDerivative, ::testing::ValuesIn(AllPolicies()),
    [](const ::testing::TestParamInfo<PolicyOptions>& test) {
      return CaseName(test.param);
    });

TEST(PolicyNames, RoundTrip) {
  for (const char* name :
       {"grpo", "dapo", "dr_grpo", "gspo", "cispo", "on_policy_distillation"}) {
    ASSERT_TRUE(ParsePolicyKind(name).has_value());
    EXPECT_EQ(PolicyKindName(*ParsePolicyKind(name)), name);
  }
  for (const char* name : {"k1", "k2", "k3"}) {
    ASSERT_TRUE(ParseKlEstimator(name).has_value());
    EXPECT_EQ(KlEstimatorName(*ParseKlEstimator(name)), name);
  }
  EXPECT_FALSE(ParsePolicyKind("ppo").has_value());
  EXPECT_FALSE(ParseKlEstimator("k4").has_value());
}

}  // namespace
}  // namespace limbeck::kernels
