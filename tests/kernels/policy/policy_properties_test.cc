// What must hold of the policy losses whatever the numbers, and the bugs that
// other implementations are known to have had.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/distillation.h"
#include "kernels/linear_logprob.h"
#include "kernels/linear_policy_loss.h"
#include "tests/kernels/policy/policy_case.h"

namespace limbeck::kernels {
namespace {

struct Outcome {
  PolicyResult result;
  at::Tensor hidden;  // gradient
};

Outcome Differentiate(const PolicyOptions& options, PolicyData data,
                      const LinearOptions& linear = {}) {
  data.base.hidden = data.base.hidden.detach().clone().requires_grad_(true);
  Outcome outcome;
  outcome.result = RunPolicyLoss(options, data, linear);
  outcome.result.loss.backward();
  outcome.hidden = data.base.hidden.grad();
  return outcome;
}

PolicyOptions OptionsOf(PolicyKind kind) {
  PolicyOptions options;
  options.kind = kind;
  return options;
}

at::Tensor LogProbOf(const PolicyData& data) {
  LinearOptions linear;
  linear.bias = data.base.bias;
  return LinearLogprob(data.base.hidden, data.base.weight, data.base.target,
                       1.0, linear)
      .logprob.detach();
}

// One prefix, every continuation once, weighted by its probability: sums over
// rows are exact expectations under the student.
struct Enumeration {
  PolicyData data;
  at::Tensor q;      // [V]
  at::Tensor log_p;  // [V] of an unrelated teacher
};

Enumeration Enumerate(uint64_t seed) {
  Enumeration all;
  PolicyData& data = all.data;
  const int64_t columns = DataShape().columns;
  data = MakePolicyData(seed, columns, 1.0, at::kDouble);
  data.base.hidden = data.base.hidden.narrow(0, 0, 1).repeat({columns, 1});
  data.base.target = at::arange(columns, at::kLong);
  const at::Tensor log_q = at::log_softmax(StudentLogits(data.base)[0], 0);
  all.q = log_q.exp();
  data.base.token_weight = all.q;
  data.samples.sampler_logprob = log_q;
  all.log_p = at::log_softmax(Normal(seed + 7, {columns}), 0);
  data.samples.reference_logprob = all.log_p;
  return all;
}

// Gradient of a divergence from the enumeration's teacher in the one hidden.
at::Tensor DivergenceGradient(const Enumeration& all, Divergence divergence) {
  const at::Tensor hidden =
      all.data.base.hidden.narrow(0, 0, 1).clone().requires_grad_(true);
  const at::Tensor logits =
      at::addmm(all.data.base.bias, hidden, all.data.base.weight.t());
  DistillationOptions options;
  options.divergence = divergence;
  Distillation(logits, all.log_p.unsqueeze(0), {}, options).loss.backward();
  return hidden.grad()[0];
}

double Largest(const at::Tensor& tensor) {
  return tensor.abs().max().item<double>();
}

class EveryKind : public ::testing::TestWithParam<PolicyKind> {};

TEST_P(EveryKind, OnPolicyItIsThePlainPolicyGradient) {
  PolicyData data = MakePolicyData(91, 8, 1.0, at::kDouble);
  data.samples.sampler_logprob = LogProbOf(data);
  // Plain: one advantage per sequence, as gspo means it.
  data.samples.advantage = data.samples.sequence_id.to(at::kDouble).add(0.5);
  data.base.token_weight = at::ones({8}, at::kDouble);
  const Outcome ours = Differentiate(OptionsOf(GetParam()), data);
  const at::Tensor hidden =
      data.base.hidden.detach().clone().requires_grad_(true);
  LinearOptions linear;
  linear.bias = data.base.bias;
  const at::Tensor log_prob =
      LinearLogprob(hidden, data.base.weight, data.base.target, 1.0, linear)
          .logprob;
  (-data.samples.advantage * log_prob).sum().backward();
  EXPECT_LE(RelativeError(ours.hidden, hidden.grad()), 1e-12);
  if (GetParam() == PolicyKind::kCispo) return;  // its value is -A log q
  EXPECT_LE(RelativeError(ours.result.token_loss, -data.samples.advantage),
            1e-12);
}

// miles #2362: a reward that does not depend on the sampled token teaches
// nothing; its expected gradient is zero, and a loss that ignores this trains
// on noise.
TEST_P(EveryKind, RewardIndependentOfTheTokenHasNoExpectedGradient) {
  Enumeration all = Enumerate(92);
  all.data.samples.advantage = at::full_like(all.q, 1.7);
  // gspo's sequences are single tokens here.
  all.data.samples.sequence_id = all.data.base.target;
  const Outcome outcome = Differentiate(OptionsOf(GetParam()), all.data);
  EXPECT_GT(Largest(outcome.hidden), 1e-3);
  EXPECT_LE(Largest(outcome.hidden.sum(0)), 1e-14);
}

TEST_P(EveryKind, ZeroAdvantageGivesExactlyNothing) {
  PolicyData data = MakePolicyData(93, 7, 1.0, at::kFloat);
  data.samples.advantage.zero_();
  const Outcome outcome = Differentiate(OptionsOf(GetParam()), data);
  EXPECT_EQ(Largest(outcome.hidden), 0.0);
  EXPECT_EQ(Largest(outcome.result.token_loss), 0.0);
}

// Clamped log-ratios: finite, and the derivative of what is returned (VeOmni
// #771 clamped the value only).
TEST_P(EveryKind, ExtremeRatiosAreFinite) {
  PolicyOptions options = OptionsOf(GetParam());
  options.kl_coefficient = 0.1;
  options.kl_estimator = KlEstimator::kK3;
  PolicyData data = MakePolicyData(94, 6, 1.0, at::kFloat);
  data.samples.sampler_logprob =
      at::tensor({-1000.0f, 800.0f, -INFINITY, -50.0f, 0.0f, -25.0f});
  data.samples.reference_logprob =
      at::tensor({500.0f, -1000.0f, -3.0f, 40.0f, -INFINITY, 0.0f});
  data.samples.reference_logprob[4] = -30.0f;
  const Outcome outcome = Differentiate(options, data);
  EXPECT_TRUE(at::isfinite(outcome.hidden).all().item<bool>());
  EXPECT_TRUE(at::isfinite(outcome.result.token_loss).all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(All, EveryKind,
                         ::testing::Values(PolicyKind::kGrpo, PolicyKind::kDapo,
                                           PolicyKind::kDrGrpo,
                                           PolicyKind::kGspo,
                                           PolicyKind::kCispo,
                                           PolicyKind::kOnPolicyDistillation),
                         [](const ::testing::TestParamInfo<PolicyKind>& test) {
                           return std::string(PolicyKindName(test.param));
                         });

// One row whose ratio is `ratio`.
Outcome AtRatio(double ratio, double advantage, PolicyOptions options) {
  PolicyData data = MakePolicyData(95, 1, 1.0, at::kDouble);
  data.samples.sampler_logprob = LogProbOf(data) - std::log(ratio);
  data.samples.advantage = at::full({1}, advantage, at::kDouble);
  data.base.token_weight = at::ones({1}, at::kDouble);
  return Differentiate(options, data);
}

TEST(Clip, RegionsHaveExactlyNoGradient) {
  for (const PolicyKind kind :
       {PolicyKind::kGrpo, PolicyKind::kDapo, PolicyKind::kGspo}) {
    const PolicyOptions options = OptionsOf(kind);
    const Outcome high = AtRatio(1.29, 2.0, options);
    EXPECT_EQ(Largest(high.hidden), 0.0);
    EXPECT_NEAR(high.result.loss.item<double>(), -1.28 * 2.0, 1e-12);
    const Outcome low = AtRatio(0.79, -2.0, options);
    EXPECT_EQ(Largest(low.hidden), 0.0);
    EXPECT_NEAR(low.result.loss.item<double>(), 0.8 * 2.0, 1e-12);
    // The other halves are not clipped: the loss must be able to come back.
    EXPECT_GT(Largest(AtRatio(1.29, -2.0, options).hidden), 1e-3);
    EXPECT_GT(Largest(AtRatio(0.79, 2.0, options).hidden), 1e-3);
    EXPECT_GT(Largest(AtRatio(1.27, 2.0, options).hidden), 1e-3);
  }
}

TEST(Clip, CapHoldsWhereTheClipDoesNot) {
  PolicyOptions options;
  options.ratio_cap = 3.0;
  const Outcome capped = AtRatio(5.0, -2.0, options);
  EXPECT_EQ(Largest(capped.hidden), 0.0);
  EXPECT_NEAR(capped.result.loss.item<double>(), 6.0, 1e-12);
  EXPECT_GT(Largest(AtRatio(2.9, -2.0, options).hidden), 1e-3);
}

TEST(Clip, CispoKeepsEveryTokensGradient) {
  PolicyOptions options = OptionsOf(PolicyKind::kCispo);
  options.ratio_cap = 3.0;
  const Outcome at_cap = AtRatio(3.0, 2.0, options);
  const Outcome above = AtRatio(50.0, 2.0, options);
  EXPECT_LE(RelativeError(above.hidden, at_cap.hidden), 1e-12);
  EXPECT_GT(Largest(above.hidden), 1e-3);
}

TEST(Gspo, OrderOfTokensDoesNotMatter) {
  const PolicyOptions options = OptionsOf(PolicyKind::kGspo);
  const PolicyData data = MakePolicyData(96, 12, 1.0, at::kDouble);
  const at::Tensor order =
      at::tensor({7, 0, 11, 4, 2, 9, 1, 10, 3, 8, 6, 5}, at::kLong);
  PolicyData turned = data;
  for (auto member :
       {&LossData::hidden, &LossData::target, &LossData::token_weight}) {
    turned.base.*member = (data.base.*member).index_select(0, order);
  }
  for (auto member :
       {&PolicySamples::sampler_logprob, &PolicySamples::advantage,
        &PolicySamples::reference_logprob, &PolicySamples::sequence_id}) {
    turned.samples.*member = (data.samples.*member).index_select(0, order);
  }
  const Outcome plain = Differentiate(options, data);
  const Outcome other = Differentiate(options, turned);
  EXPECT_LE(RelativeError(other.result.loss, plain.result.loss), 1e-13);
  EXPECT_LE(RelativeError(other.result.token_loss,
                          plain.result.token_loss.index_select(0, order)),
            1e-13);
  EXPECT_LE(RelativeError(other.hidden, plain.hidden.index_select(0, order)),
            1e-12);
}

TEST(Gspo, SequencesOfOneTokenAreGrpo) {
  PolicyData data = MakePolicyData(97, 9, 1.0, at::kDouble);
  data.samples.sequence_id = at::arange(9, at::kInt).mul(-1000);
  const Outcome gspo = Differentiate(OptionsOf(PolicyKind::kGspo), data);
  const Outcome grpo = Differentiate(OptionsOf(PolicyKind::kGrpo), data);
  EXPECT_LE(RelativeError(gspo.hidden, grpo.hidden), 1e-13);
  EXPECT_LE(RelativeError(gspo.result.token_loss, grpo.result.token_loss),
            1e-14);
}

TEST(Gspo, SkippedTokensDoNotCountInTheMean) {
  PolicyData data = MakePolicyData(98, 6, 1.0, at::kDouble);
  data.samples.sequence_id.zero_();
  PolicyData cut = data;
  data.base.token_weight = data.base.token_weight.clone();
  data.base.token_weight.narrow(0, 3, 3).zero_();
  for (auto member :
       {&LossData::hidden, &LossData::target, &LossData::token_weight}) {
    cut.base.*member = (cut.base.*member).narrow(0, 0, 3);
  }
  for (auto member :
       {&PolicySamples::sampler_logprob, &PolicySamples::advantage,
        &PolicySamples::reference_logprob, &PolicySamples::sequence_id}) {
    cut.samples.*member = (cut.samples.*member).narrow(0, 0, 3);
  }
  const PolicyOptions options = OptionsOf(PolicyKind::kGspo);
  const Outcome masked = Differentiate(options, data);
  const Outcome alone = Differentiate(options, cut);
  EXPECT_LE(RelativeError(masked.hidden.narrow(0, 0, 3), alone.hidden), 1e-13);
  EXPECT_EQ(Largest(masked.hidden.narrow(0, 3, 3)), 0.0);
}

TEST(EntropyBonus, DescentRaisesTheEntropy) {
  PolicyData data = MakePolicyData(99, 5, 1.0, at::kDouble);
  data.samples.advantage.zero_();
  PolicyOptions options;
  options.entropy_bonus = 0.7;
  const Outcome here = Differentiate(options, data);
  EXPECT_LE(RelativeError(here.result.token_loss, -0.7 * here.result.entropy),
            1e-13);
  PolicyData moved = data;
  moved.base.hidden = data.base.hidden - 0.01 * here.hidden;
  const Outcome there = Differentiate(options, moved);
  EXPECT_GT((there.result.entropy - here.result.entropy).min().item<double>(),
            0.0);
}

TEST(KlEstimator, K2IsUnbiasedForReverseKl) {
  Enumeration all = Enumerate(101);
  all.data.samples.advantage = at::zeros_like(all.q);
  PolicyOptions options;
  options.kl_coefficient = 1.0;
  const Outcome k2 = Differentiate(options, all.data);
  EXPECT_LE(RelativeError(k2.hidden.sum(0),
                          DivergenceGradient(all, Divergence::kReverseKl)),
            1e-12);
}

// As a loss k1 has no expected gradient at all and k3 that of forward KL: only
// their values estimate reverse KL.
TEST(KlEstimator, K1AndK3AreBiasedAsLosses) {
  Enumeration all = Enumerate(102);
  all.data.samples.advantage = at::zeros_like(all.q);
  PolicyOptions options;
  options.kl_coefficient = 1.0;
  options.kl_estimator = KlEstimator::kK1;
  const Outcome k1 = Differentiate(options, all.data);
  EXPECT_LE(Largest(k1.hidden.sum(0)), 1e-14);
  options.kl_estimator = KlEstimator::kK3;
  const Outcome k3 = Differentiate(options, all.data);
  EXPECT_LE(RelativeError(k3.hidden.sum(0),
                          DivergenceGradient(all, Divergence::kForwardKl)),
            1e-12);
  const double kl = (all.q * (all.q.log() - all.log_p)).sum().item<double>();
  EXPECT_NEAR(k1.result.loss.item<double>(), kl, 1e-13);
  EXPECT_NEAR(k3.result.loss.item<double>(), kl, 1e-13);
  EXPECT_GE(k3.result.token_loss.min().item<double>(), 0.0);
}

TEST(OnPolicyDistillation, ExpectsTheReverseKlGradient) {
  Enumeration all = Enumerate(103);
  all.data.samples.advantage = all.log_p - all.data.samples.sampler_logprob;
  const Outcome outcome =
      Differentiate(OptionsOf(PolicyKind::kOnPolicyDistillation), all.data);
  EXPECT_LE(RelativeError(outcome.hidden.sum(0),
                          DivergenceGradient(all, Divergence::kReverseKl)),
            1e-12);
}

// Liger-Kernel #1082: the gradient norm was 100 times off against TRL, because
// of a normaliser. Ours is what the weights say: GRPO's mean over sequences of
// token means, written with ATen and its autograd.
TEST(KnownBugs, GrpoIsWhatItsWeightsSay) {
  PolicyData data = MakePolicyData(104, 10, 1.0, at::kDouble);
  const at::Tensor id = data.samples.sequence_id;
  at::Tensor length = at::zeros({10}, at::kDouble);
  for (int64_t row = 0; row < 10; ++row) length[row] = id.eq(id[row]).sum();
  data.base.token_weight = 1.0 / (3.0 * length);
  const Outcome ours = Differentiate(OptionsOf(PolicyKind::kGrpo), data);

  const at::Tensor hidden =
      data.base.hidden.detach().clone().requires_grad_(true);
  const at::Tensor log_prob =
      at::log_softmax(at::addmm(data.base.bias, hidden, data.base.weight.t()),
                      1)
          .gather(1, data.base.target.unsqueeze(1))
          .squeeze(1);
  const at::Tensor ratio = (log_prob - data.samples.sampler_logprob).exp();
  const at::Tensor& advantage = data.samples.advantage;
  const at::Tensor loss = -at::minimum(
      ratio * advantage, ratio.clamp(1.0 - 0.2, 1.0 + 0.28) * advantage);
  at::Tensor total = at::zeros({}, at::kDouble);
  for (const int64_t sequence : {-1, 0, 1}) {
    total = total + loss.masked_select(id.eq(sequence)).mean() / 3.0;
  }
  total.backward();
  EXPECT_NEAR(ours.result.loss.item<double>(), total.item<double>(), 1e-13);
  EXPECT_LE(RelativeError(ours.hidden, hidden.grad()), 1e-12);
}

}  // namespace
}  // namespace limbeck::kernels
