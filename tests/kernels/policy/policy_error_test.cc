// Wrong arguments: an error that names operator, argument and both values.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kernels/linear_cached_distillation.h"
#include "kernels/linear_logprob.h"
#include "kernels/linear_policy_loss.h"
#include "tests/kernels/error_of.h"
#include "tests/kernels/policy/policy_case.h"

namespace limbeck::kernels {
namespace {

using ::testing::HasSubstr;

class PolicyErrors : public ::testing::Test {
 protected:
  std::string Error() {
    return ErrorOf([&] { RunPolicyLoss(options_, data_, linear_); });
  }
  PolicyData data_ = MakePolicyData(141, 6, 1.0, at::kFloat);
  PolicyOptions options_;
  LinearOptions linear_;
};

TEST_F(PolicyErrors, AdvantageLengthDiffers) {
  data_.samples.advantage = at::zeros({5});
  EXPECT_THAT(Error(), HasSubstr("linear_policy_loss: advantage has N = 5 "
                                 "(dimension 0), hidden has N = 6"));
}

TEST_F(PolicyErrors, SamplerLogprobMissing) {
  data_.samples.sampler_logprob = at::Tensor();
  EXPECT_THAT(Error(),
              HasSubstr("linear_policy_loss: sampler_logprob is undefined"));
}

TEST_F(PolicyErrors, AdvantageIsNotFloat) {
  data_.samples.advantage = at::zeros({6}, at::kLong);
  EXPECT_THAT(Error(), HasSubstr("advantage is Long, must be Float or Double"));
}

TEST_F(PolicyErrors, PenaltyWithoutReference) {
  options_.kl_coefficient = 0.25;
  data_.samples.reference_logprob = at::Tensor();
  EXPECT_THAT(Error(), HasSubstr("reference_logprob is undefined, must be "
                                 "given for kl_coefficient = 0.25"));
}

TEST_F(PolicyErrors, GspoWithoutSequences) {
  options_.kind = PolicyKind::kGspo;
  data_.samples.sequence_id = at::Tensor();
  EXPECT_THAT(Error(), HasSubstr("linear_policy_loss: sequence_id is "
                                 "undefined, must be given for kind = gspo"));
}

TEST_F(PolicyErrors, OptionsOutOfRange) {
  options_.clip_low = 1.5;
  EXPECT_THAT(Error(),
              HasSubstr("clip_low is 1.5, must be finite and in [0, 1]"));
  options_ = {};
  options_.temperature = -1.0;
  EXPECT_THAT(Error(), HasSubstr("temperature is -1, must be finite and > 0"));
  options_ = {};
  options_.kl_coefficient = -0.5;
  EXPECT_THAT(Error(), HasSubstr("kl_coefficient is -0.5, must be finite"));
}

TEST_F(PolicyErrors, ThereIsNoIgnoreIndex) {
  data_.base.target = data_.base.target.clone();
  data_.base.target[2] = -100;
  EXPECT_THAT(Error(), HasSubstr("target[2] is -100, must be in [0, 67)"));
}

TEST_F(PolicyErrors, WeightGradShape) {
  linear_.weight_grad = at::zeros({67, 4});
  EXPECT_THAT(Error(), HasSubstr("weight_grad has H = 4 (dimension 1)"));
}

TEST_F(PolicyErrors, UpstreamMustBeOneWithWeightGrad) {
  linear_.weight_grad = at::zeros({67, 5});
  data_.base.hidden.requires_grad_(true);
  const PolicyResult result = RunPolicyLoss(options_, data_, linear_);
  EXPECT_THAT(ErrorOf([&] { (result.loss * 2.0).backward(); }),
              HasSubstr("linear_policy_loss: the upstream gradient is 2"));
}

TEST_F(PolicyErrors, LogprobTakesNoWeights) {
  linear_.token_weight = data_.base.token_weight;
  EXPECT_THAT(ErrorOf([&] {
                LinearLogprob(data_.base.hidden, data_.base.weight,
                              data_.base.target, 1.0, linear_);
              }),
              HasSubstr("linear_logprob: token_weight is given"));
}

TEST_F(PolicyErrors, NegativeChunk) {
  linear_.chunk_tokens = -1;
  const std::string text = ": chunk_tokens is -1, must be 0 or more";
  const LossData& data = data_.base;
  EXPECT_THAT(Error(), HasSubstr("linear_policy_loss" + text));
  EXPECT_THAT(ErrorOf([&] {
                LinearLogprob(data.hidden, data.weight, data.target, 1.0,
                              linear_);
              }),
              HasSubstr("linear_logprob" + text));
  EXPECT_THAT(ErrorOf([&] {
                LinearCachedDistillation(data.hidden, data.weight,
                                         {at::zeros({6, 5}), at::zeros({6})},
                                         1.0, linear_);
              }),
              HasSubstr("linear_cached_distillation" + text));
}

TEST_F(PolicyErrors, CacheOfAnotherWidth) {
  EXPECT_THAT(ErrorOf([&] {
                LinearCachedDistillation(data_.base.hidden, data_.base.weight,
                                         {at::zeros({6, 4}), at::zeros({6})});
              }),
              HasSubstr("linear_cached_distillation: teacher_direction has "
                        "H = 4 (dimension 1), hidden has H = 5"));
}

TEST_F(PolicyErrors, CachedHeadIsFrozen) {
  linear_.weight_grad = at::zeros({67, 5});
  EXPECT_THAT(ErrorOf([&] {
                LinearCachedDistillation(data_.base.hidden, data_.base.weight,
                                         {at::zeros({6, 5}), at::zeros({6})},
                                         1.0, linear_);
              }),
              HasSubstr("linear_cached_distillation: weight_grad is given, "
                        "must be undefined"));
}

}  // namespace
}  // namespace limbeck::kernels
