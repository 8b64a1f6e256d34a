// Which rows count, in what order and chunks, and where gradients go, for the
// losses of sampled tokens.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "kernels/linear_policy_loss.h"
#include "tests/kernels/policy/policy_case.h"

namespace limbeck::kernels {
namespace {

struct Gradients {
  PolicyResult result;
  at::Tensor hidden;
  at::Tensor weight;
  at::Tensor bias;
};

Gradients Differentiate(const PolicyOptions& options, PolicyData data,
                        const LinearOptions& linear = {}) {
  for (auto member : {&LossData::hidden, &LossData::weight, &LossData::bias}) {
    data.base.*member =
        (data.base.*member).detach().clone().requires_grad_(true);
  }
  Gradients gradients;
  gradients.result = RunPolicyLoss(options, data, linear);
  gradients.result.loss.backward();
  gradients.hidden = data.base.hidden.grad();
  gradients.weight = data.base.weight.grad();
  gradients.bias = data.base.bias.grad();
  return gradients;
}

void ExpectSame(const Gradients& a, const Gradients& b, double tolerance) {
  EXPECT_LE(RelativeError(a.result.loss, b.result.loss), tolerance);
  EXPECT_LE(RelativeError(a.result.token_loss, b.result.token_loss), tolerance);
  EXPECT_LE(RelativeError(a.result.logprob, b.result.logprob), tolerance);
  EXPECT_LE(RelativeError(a.result.entropy, b.result.entropy), tolerance);
  EXPECT_LE(RelativeError(a.hidden, b.hidden), tolerance);
  EXPECT_LE(RelativeError(a.weight, b.weight), tolerance);
  EXPECT_LE(RelativeError(a.bias, b.bias), tolerance);
}

// A loss of one walk and one of two; everything switched on.
class PolicyRows : public ::testing::TestWithParam<PolicyKind> {
 protected:
  PolicyRows() {
    options_.kind = GetParam();
    options_.kl_coefficient = 0.2;
    options_.entropy_bonus = 0.1;
  }
  PolicyOptions options_;
  PolicyData data_ = MakePolicyData(111, 11, 1.0, at::kFloat);
};

TEST_P(PolicyRows, ChunkSizeDoesNotMatter) {
  const Gradients whole = Differentiate(options_, data_);
  for (const int64_t chunk : {1, 2, 3, 5, 11, 100}) {
    LinearOptions linear;
    linear.chunk_tokens = chunk;
    ExpectSame(Differentiate(options_, data_, linear), whole, 2e-6);
  }
}

TEST_P(PolicyRows, RepeatsBitForBitWithAnyNumberOfThreads) {
  const Gradients first = Differentiate(options_, data_);
  const int threads = at::get_num_threads();
  for (int i = 0; i < 20; ++i) {
    at::set_num_threads(1 + i % 2);
    ExpectSame(Differentiate(options_, data_), first, 0.0);
  }
  at::set_num_threads(threads);
}

TEST_P(PolicyRows, SkippedRowsAreNeverRead) {
  data_.base.token_weight = data_.base.token_weight.clone();
  data_.base.token_weight[2] = 0.0;
  data_.base.token_weight[7] = 0.0;
  PolicyData poisoned = data_;
  poisoned.base.hidden = data_.base.hidden.clone();
  poisoned.base.target = data_.base.target.clone();
  const auto copy = [](at::Tensor& tensor) { tensor = tensor.clone(); };
  copy(poisoned.samples.sampler_logprob);
  copy(poisoned.samples.advantage);
  copy(poisoned.samples.reference_logprob);
  for (const int64_t row : {2, 7}) {
    poisoned.base.hidden[row].fill_(NAN);
    poisoned.base.target[row] = -100;
    poisoned.samples.sampler_logprob[row] = NAN;
    poisoned.samples.advantage[row] = NAN;
    poisoned.samples.reference_logprob[row] = NAN;
  }
  const Gradients ours = Differentiate(options_, poisoned);
  ExpectSame(ours, Differentiate(options_, data_), 0.0);
  for (const int64_t row : {2, 7}) {
    for (const at::Tensor& output :
         {ours.result.token_loss, ours.result.logprob, ours.result.entropy}) {
      EXPECT_EQ(output[row].item<float>(), 0.0f);
    }
    EXPECT_EQ(ours.hidden[row].abs().max().item<float>(), 0.0f);
  }
}

TEST_P(PolicyRows, KeptRowsLeaveOthersOut) {
  LinearOptions kept;
  kept.kept_rows = at::tensor({1, 4, 5, 9}, at::kLong);
  PolicyData weighted = data_;
  weighted.base.token_weight = at::zeros({11});
  weighted.base.token_weight.index_copy_(
      0, kept.kept_rows,
      data_.base.token_weight.index_select(0, kept.kept_rows));
  ExpectSame(Differentiate(options_, data_, kept),
             Differentiate(options_, weighted), 0.0);
}

TEST_P(PolicyRows, DefaultWeightsAreTheMean) {
  LinearOptions linear;
  linear.kept_rows = at::tensor({0, 1, 2, 6}, at::kLong);
  data_.base.token_weight = at::Tensor();
  const Gradients gradients = Differentiate(options_, data_, linear);
  EXPECT_NEAR(gradients.result.loss.item<double>(),
              gradients.result.token_loss.sum().item<double>() / 4.0, 1e-6);
}

TEST_P(PolicyRows, EmptyInput) {
  PolicyData empty = data_;
  for (auto member :
       {&LossData::hidden, &LossData::target, &LossData::token_weight}) {
    empty.base.*member = (empty.base.*member).narrow(0, 0, 0);
  }
  for (auto member :
       {&PolicySamples::sampler_logprob, &PolicySamples::advantage,
        &PolicySamples::reference_logprob, &PolicySamples::sequence_id}) {
    empty.samples.*member = (empty.samples.*member).narrow(0, 0, 0);
  }
  const Gradients gradients = Differentiate(options_, empty);
  EXPECT_EQ(gradients.result.loss.item<float>(), 0.0f);
  EXPECT_EQ(gradients.result.entropy.size(0), 0);
  EXPECT_EQ(gradients.weight.abs().max().item<float>(), 0.0f);
}

TEST_P(PolicyRows, WeightGradReceivesTheScaledHeadGradientOnce) {
  const Gradients plain = Differentiate(options_, data_);
  LinearOptions linear;
  linear.weight_grad = at::ones({67, 5});
  linear.grad_scale = at::full({}, 2.0);
  linear.chunk_tokens = 4;
  PolicyData data = data_;
  data.base.hidden = data.base.hidden.detach().clone().requires_grad_(true);
  data.base.weight = data.base.weight.detach().clone().requires_grad_(true);
  const PolicyResult result = RunPolicyLoss(options_, data, linear);
  EXPECT_LE(RelativeError(linear.weight_grad - 1.0, plain.weight * 2.0), 1e-5);
  result.loss.backward();
  EXPECT_FALSE(data.base.weight.grad().defined());
  EXPECT_LE(RelativeError(data.base.hidden.grad(), plain.hidden), 2e-6);
  const at::Tensor before = linear.weight_grad.clone();
  const c10::AutoGradMode disabled(false);
  RunPolicyLoss(options_, data, linear);
  EXPECT_TRUE(at::equal(before, linear.weight_grad));
}

TEST_P(PolicyRows, PaddedColumnsTakeNoPart) {
  PolicyData padded = data_;
  padded.base.weight = at::cat({data_.base.weight, at::full({3, 5}, 9.0f)});
  padded.base.bias = at::cat({data_.base.bias, at::full({3}, 50.0f)});
  LinearOptions linear;
  linear.num_valid_columns = 67;
  const Gradients ours = Differentiate(options_, padded, linear);
  const Gradients plain = Differentiate(options_, data_);
  EXPECT_TRUE(at::equal(ours.result.token_loss, plain.result.token_loss));
  EXPECT_LE(RelativeError(ours.hidden, plain.hidden), 1e-6);
  EXPECT_EQ(ours.weight.narrow(0, 67, 3).abs().max().item<float>(), 0.0f);
}

TEST_P(PolicyRows, UncheckedBadTargetIsNanInItsRowOnly) {
  data_.base.target = data_.base.target.clone();
  data_.base.target[3] = 67;
  // gspo: a sequence with a bad token is bad as a whole.
  data_.samples.sequence_id = at::arange(11, at::kLong);
  LinearOptions linear;
  linear.check_values = false;
  const Gradients gradients = Differentiate(options_, data_, linear);
  for (const at::Tensor& output :
       {gradients.result.token_loss, gradients.result.logprob,
        gradients.result.entropy, gradients.hidden.sum(1)}) {
    const at::Tensor bad = output.isnan();
    EXPECT_TRUE(bad[3].item<bool>());
    EXPECT_EQ(bad.sum().item<int64_t>(), 1);
  }
}

TEST_P(PolicyRows, ExtremeAndMaskedLogitsAreFinite) {
  PolicyData extreme = data_;
  extreme.base.hidden = data_.base.hidden * 1e4;
  extreme.base.bias = data_.base.bias.clone();
  extreme.base.bias.narrow(0, 60, 7).fill_(-INFINITY);
  extreme.base.target =
      at::tensor({61, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, at::kLong);
  const Gradients gradients = Differentiate(options_, extreme);
  for (const at::Tensor& output :
       {gradients.result.token_loss, gradients.result.logprob,
        gradients.result.entropy, gradients.hidden, gradients.bias}) {
    EXPECT_TRUE(at::isfinite(output).all().item<bool>());
  }
  EXPECT_GE(gradients.result.entropy.min().item<float>(), 0.0f);
  // A masked column is impossible whatever the row.
  EXPECT_EQ(gradients.bias.narrow(0, 62, 5).abs().max().item<float>(), 0.0f);
}

INSTANTIATE_TEST_SUITE_P(All, PolicyRows,
                         ::testing::Values(PolicyKind::kGrpo,
                                           PolicyKind::kGspo),
                         [](const ::testing::TestParamInfo<PolicyKind>& test) {
                           return std::string(PolicyKindName(test.param));
                         });

}  // namespace
}  // namespace limbeck::kernels
