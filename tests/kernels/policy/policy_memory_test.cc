// Memory of the sampled-token losses does not grow with N x V: a few numbers
// per token beside the gradient of hidden.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "kernels/linear_cached_distillation.h"
#include "kernels/linear_logprob.h"
#include "kernels/linear_policy_loss.h"
#include "tests/kernels/peak_meter.h"
#include "tests/kernels/policy/policy_case.h"

namespace limbeck::kernels {
namespace {

constexpr int64_t kChunk = 32;

struct MemoryCase {
  std::string name;
  // Forward and backward.
  std::function<void(const PolicyData&, const LinearOptions&)> run;
};

MemoryCase PolicyMemory(PolicyKind kind) {
  return {std::string(PolicyKindName(kind)),
          [kind](const PolicyData& data, const LinearOptions& linear) {
            PolicyOptions options;
            options.kind = kind;
            options.kl_coefficient = 0.1;
            options.entropy_bonus = 0.1;
            RunPolicyLoss(options, data, linear).loss.backward();
          }};
}

std::vector<MemoryCase> Cases() {
  return {PolicyMemory(PolicyKind::kGrpo),
          PolicyMemory(PolicyKind::kGspo),
          {"logprob",
           [](const PolicyData& data, const LinearOptions& linear) {
             LinearLogprob(data.base.hidden, data.base.weight, data.base.target,
                           1.0, linear)
                 .logprob.sum()
                 .backward();
           }},
          {"cached", [](const PolicyData& data, LinearOptions linear) {
             linear.weight_grad = at::Tensor();
             LinearCachedDistillation(
                 data.base.hidden, data.base.weight,
                 {at::zeros_like(data.base.hidden), data.samples.advantage},
                 1.0, linear)
                 .loss.backward();
           }}};
}

class PolicyMemoryTest : public ::testing::TestWithParam<MemoryCase> {
 protected:
  static int64_t PeakBytes(int64_t tokens) {
    PolicyData data = MakePolicyData(161, tokens, 1.0, at::kFloat);
    data.base.hidden.requires_grad_(true);
    LinearOptions linear;
    linear.chunk_tokens = kChunk;
    linear.weight_grad = at::zeros_like(data.base.weight);
    return PeakBytesOf([&] { GetParam().run(data, linear); });
  }
};

TEST_P(PolicyMemoryTest, GrowsByAFewBytesPerToken) {
  PeakBytes(kChunk);  // what is allocated once per process
  const int64_t few = PeakBytes(4 * kChunk);
  const int64_t many = PeakBytes(64 * kChunk);
  // The gradient of hidden, and 320 bytes: numbers per row in float64.
  const int64_t hidden = DataShape().hidden * 4;
  EXPECT_LE(many - few, 60 * kChunk * (hidden + 320) + 64 * 64);
  // That the meter sees what it shall.
  EXPECT_GE(few, 4 * kChunk * hidden);
}

INSTANTIATE_TEST_SUITE_P(All, PolicyMemoryTest, ::testing::ValuesIn(Cases()),
                         [](const ::testing::TestParamInfo<MemoryCase>& test) {
                           return test.param.name;
                         });

}  // namespace
}  // namespace limbeck::kernels
