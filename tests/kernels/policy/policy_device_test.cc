// The losses of sampled tokens and of a cached teacher on the GPU, held to the
// CPU's numbers.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "kernels/linear_cached_distillation.h"
#include "kernels/linear_logprob.h"
#include "kernels/linear_policy_loss.h"
#include "tests/kernels/devices.h"
#include "tests/kernels/policy/policy_case.h"
#include "tests/support/tolerances.h"

namespace limbeck::kernels {
namespace {

constexpr int64_t kTokens = 300;

PolicyData OnDevice(const PolicyData& data, at::Device device) {
  PolicyData moved = {OnDevice(data.base, device), data.samples};
  for (auto member :
       {&PolicySamples::sampler_logprob, &PolicySamples::advantage,
        &PolicySamples::reference_logprob, &PolicySamples::sequence_id}) {
    moved.samples.*member = (data.samples.*member).to(device);
  }
  return moved;
}

struct Gradients {
  PolicyResult result;
  at::Tensor hidden;
  at::Tensor weight;
  at::Tensor bias;
};

Gradients Differentiate(const PolicyOptions& options, PolicyData data,
                        LinearOptions linear = {}) {
  for (auto member : {&LossData::hidden, &LossData::weight, &LossData::bias}) {
    data.base.*member = (data.base.*member).detach();
  }
  RequireGradients(data.base);
  if (linear.kept_rows.defined()) {
    linear.kept_rows = linear.kept_rows.to(data.base.hidden.device());
  }
  Gradients gradients;
  gradients.result = RunPolicyLoss(options, data, linear);
  gradients.result.loss.backward();
  gradients.hidden = data.base.hidden.grad();
  gradients.weight = data.base.weight.grad();
  gradients.bias = data.base.bias.grad();
  return gradients;
}

// RelativeError compares on the CPU.
double Error(const at::Tensor& ours, const at::Tensor& expected) {
  return RelativeError(ours.cpu(), expected.cpu());
}

void ExpectSame(const Gradients& ours, const Gradients& expected,
                double tolerance) {
  EXPECT_LE(Error(ours.result.loss, expected.result.loss), tolerance);
  EXPECT_LE(Error(ours.result.token_loss, expected.result.token_loss),
            tolerance);
  EXPECT_LE(Error(ours.result.logprob, expected.result.logprob), tolerance);
  EXPECT_LE(Error(ours.result.entropy, expected.result.entropy), tolerance);
  EXPECT_LE(Error(ours.hidden, expected.hidden), tolerance);
  EXPECT_LE(Error(ours.weight, expected.weight), tolerance);
  EXPECT_LE(Error(ours.bias, expected.bias), tolerance);
}

// Either side has its own rounding.
double ToleranceFor(at::ScalarType type) {
  return 2.0 * testing::ToleranceOf(type).gradient;
}

class PolicyOnCuda : public ::testing::TestWithParam<PolicyKind> {
 protected:
  void SetUp() override {
    if (!HasDevice(at::kCUDA)) GTEST_SKIP() << kNoDevice;
    options_.kind = GetParam();
    options_.kl_coefficient = 0.2;
    options_.entropy_bonus = 0.05;
    options_.temperature = 1.5;
  }
  PolicyData Data(at::ScalarType type) const {
    return MakePolicyData(151, kTokens, options_.temperature, type);
  }
  PolicyOptions options_;
};

TEST_P(PolicyOnCuda, ChunksOfAnySizeAgreeWithTheCpu) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const PolicyData data = Data(type);
    const Gradients expected = Differentiate(options_, data);
    for (const int64_t chunk : {0, 1, 37, 128, 300}) {
      LinearOptions linear;
      linear.chunk_tokens = chunk;
      ExpectSame(Differentiate(options_, OnDevice(data, at::kCUDA), linear),
                 expected, ToleranceFor(type));
    }
  }
}

TEST_P(PolicyOnCuda, SkippedRowsAreNeverReadAndGetZeros) {
  PolicyData data = Data(at::kFloat);
  LinearOptions linear;
  linear.kept_rows = at::arange(1, kTokens, at::kLong);
  for (int64_t row = 0; row < kTokens; row += 3) {
    data.base.hidden[row].fill_(NAN);
    data.base.token_weight[row] = 0.0;
    data.base.target[row] = -100;
    data.samples.sampler_logprob[row] = NAN;
    data.samples.advantage[row] = NAN;
  }
  const Gradients expected = Differentiate(options_, data, linear);
  const Gradients ours =
      Differentiate(options_, OnDevice(data, at::kCUDA), linear);
  ExpectSame(ours, expected, ToleranceFor(at::kFloat));
  EXPECT_EQ(ours.hidden[3].abs().max().item<float>(), 0.0f);
  EXPECT_EQ(ours.result.logprob[3].item<float>(), 0.0f);
}

TEST_P(PolicyOnCuda, RepeatsBitForBit) {
  const PolicyData data = OnDevice(Data(at::kBFloat16), at::kCUDA);
  const Gradients first = Differentiate(options_, data);
  for (int i = 0; i < 20; ++i) {
    ExpectSame(Differentiate(options_, data), first, 0.0);
  }
}

TEST_P(PolicyOnCuda, UncheckedBadTargetIsNanInItsRowOnly) {
  PolicyData data = Data(at::kFloat);
  data.base.target[5] = 67;
  data.samples.sequence_id = at::arange(kTokens, at::kLong);
  const Gradients ours = Differentiate(options_, OnDevice(data, at::kCUDA));
  for (const at::Tensor& output :
       {ours.result.token_loss, ours.result.logprob, ours.hidden.sum(1)}) {
    EXPECT_TRUE(output.isnan()[5].item<bool>());
    EXPECT_EQ(output.isnan().sum().item<int64_t>(), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(All, PolicyOnCuda,
                         ::testing::Values(PolicyKind::kGrpo, PolicyKind::kGspo,
                                           PolicyKind::kCispo,
                                           PolicyKind::kOnPolicyDistillation),
                         [](const ::testing::TestParamInfo<PolicyKind>& test) {
                           return std::string(PolicyKindName(test.param));
                         });

TEST(LogprobOnCuda, AgreesWithTheCpu) {
  if (!HasDevice(at::kCUDA)) GTEST_SKIP() << kNoDevice;
  const LossData data = MakePolicyData(152, kTokens, 1.0, at::kBFloat16).base;
  const at::Tensor a = Normal(1, {kTokens}).to(at::kFloat);
  const at::Tensor b = Normal(2, {kTokens}).to(at::kFloat);
  const auto run = [&](at::Device device) {
    LossData moved = OnDevice(data, device);
    RequireGradients(moved);
    LinearOptions linear;
    linear.bias = moved.bias;
    const LogprobResult result =
        LinearLogprob(moved.hidden, moved.weight, moved.target, 0.7, linear);
    (result.logprob * a.to(device) + result.entropy * b.to(device))
        .sum()
        .backward();
    return std::tuple(result.logprob.cpu(), result.entropy.cpu(),
                      moved.hidden.grad().cpu(), moved.weight.grad().cpu());
  };
  const auto expected = run(at::kCPU);
  const auto ours = run(at::kCUDA);
  const double tolerance = ToleranceFor(at::kBFloat16);
  EXPECT_LE(Error(std::get<0>(ours), std::get<0>(expected)), 1e-5);
  EXPECT_LE(Error(std::get<1>(ours), std::get<1>(expected)), 1e-5);
  EXPECT_LE(Error(std::get<2>(ours), std::get<2>(expected)), tolerance);
  EXPECT_LE(Error(std::get<3>(ours), std::get<3>(expected)), tolerance);
}

// bfloat16 inputs of a close pair: q must not be rounded.
TEST(CachedOnCuda, AgreesWithTheCpu) {
  if (!HasDevice(at::kCUDA)) GTEST_SKIP() << kNoDevice;
  DataShape shape;
  shape.tokens = kTokens;
  shape.hidden = shape.teacher_hidden = 32;
  shape.closeness = 0.05;
  const LossData data = MakeData(153, shape, at::kBFloat16);
  const at::Tensor log_p = at::log_softmax(TeacherLogits(data), 1);
  const at::Tensor direction =
      at::mm(log_p.exp(), data.weight.to(at::kDouble)).to(at::kFloat);
  const at::Tensor entropy = -(log_p.exp() * log_p).sum(1).to(at::kFloat);
  const auto run = [&](at::Device device) {
    const at::Tensor hidden =
        data.hidden.detach().to(device, at::kBFloat16, false, true);
    hidden.requires_grad_(true);
    LinearOptions linear;
    linear.token_weight = data.token_weight.to(device);
    const LossResult result = LinearCachedDistillation(
        hidden, data.weight.to(device),
        {direction.to(device), entropy.to(device)}, 1.0, linear);
    result.loss.backward();
    return std::pair(result.token_loss.cpu(), hidden.grad().cpu());
  };
  const auto expected = run(at::kCPU);
  const auto ours = run(at::kCUDA);
  EXPECT_LE((ours.first - expected.first).abs().max().item<double>(), 2e-5);
  EXPECT_LE(Error(ours.second, expected.second), ToleranceFor(at::kBFloat16));
}

}  // namespace
}  // namespace limbeck::kernels
