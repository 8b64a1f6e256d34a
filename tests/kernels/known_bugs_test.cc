// One test per bug that another implementation of these losses is known to have
// had; the report's name stands above each test.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "kernels/cross_entropy.h"
#include "kernels/distillation.h"
#include "kernels/linear_cross_entropy.h"
#include "kernels/topk_distillation.h"
#include "tests/kernels/loss_case.h"
#include "tests/support/tolerances.h"

namespace limbeck::kernels {
namespace {

struct Outcome {
  at::Tensor token_loss;
  at::Tensor gradient;
};

DistillationOptions OptionsOf(Divergence divergence) {
  DistillationOptions options;
  options.divergence = divergence;
  return options;
}

Outcome Dense(const at::Tensor& student, const at::Tensor& teacher,
              Divergence divergence) {
  const at::Tensor leaf = student.detach().clone().requires_grad_(true);
  const LossResult result =
      Distillation(leaf, teacher, {}, OptionsOf(divergence));
  result.loss.backward();
  return {result.token_loss, leaf.grad()};
}

Outcome Listed(const at::Tensor& student, const TopKTeacher& teacher,
               const DistillationOptions& options) {
  const at::Tensor leaf = student.detach().clone().requires_grad_(true);
  const LossResult result = TopKDistillation(leaf, teacher, {}, options);
  result.loss.backward();
  return {result.token_loss, leaf.grad()};
}

bool IsFinite(const Outcome& outcome) {
  return at::isfinite(outcome.token_loss).all().item<bool>() &&
         at::isfinite(outcome.gradient).all().item<bool>();
}

// Liger-Kernel #1397, #1453: the mixture was formed from probabilities that had
// underflowed on both sides.
TEST(KnownBugs, JsdOfColumnsThatUnderflowOnBothSidesIsFinite) {
  const at::Tensor student = at::tensor({0.0f, -200.0f, -150.0f}).view({1, 3});
  const at::Tensor teacher = at::tensor({-1.0f, -300.0f, 0.0f}).view({1, 3});
  EXPECT_TRUE(IsFinite(Dense(student, teacher, Divergence::kJsd)));
}

// Liger-Kernel #1432, #1433: logits rounded to bfloat16 before the softmax.
TEST(KnownBugs, Bfloat16OperandsKeepFloat32Logits) {
  LossCase loss_case;
  loss_case.distillation.divergence = Divergence::kJsd;
  DataShape shape;
  shape.hidden = shape.teacher_hidden = 32;
  shape.columns = shape.teacher_columns = 600;
  shape.closeness = 0.02;
  LossData data = MakeData(41, shape, at::kBFloat16);
  const Expected expected = ExpectedOf(loss_case, data);
  RequireGradients(data);
  RunLinear(loss_case, data).loss.backward();
  EXPECT_LE(RelativeError(data.hidden.grad(), expected.hidden),
            testing::kBfloat16Tolerance.gradient);
}

// Liger-Kernel #1329: the label's gradient was rounded after softmax - 1.
TEST(KnownBugs, GradientOfAnAlmostCertainLabelKeepsItsPrecision) {
  at::Tensor logits = Normal(42, {1, 50}).to(at::kFloat);
  logits[0][7] = 22.0f;
  const at::Tensor leaf = logits.clone().requires_grad_(true);
  CrossEntropy(leaf, at::tensor({7}, at::kLong)).loss.backward();
  const at::Tensor p = at::softmax(logits.to(at::kDouble), 1);
  const double others = p.sum().item<double>() - p[0][7].item<double>();
  const double exact = -(
      at::cat({p.narrow(1, 0, 7), p.narrow(1, 8, 42)}, 1).sum().item<double>());
  EXPECT_LT(others, 1e-6);
  EXPECT_NEAR(leaf.grad()[0][7].item<double>() / exact, 1.0, 1e-5);
}

// Liger-Kernel #1298: dW was scaled after the sum over tokens.
TEST(KnownBugs, WeightGradientCarriesEachTokensOwnWeight) {
  LossData data = MakeData(43, {}, at::kDouble);
  data.weight.requires_grad_(true);
  LinearOptions linear;
  linear.token_weight = at::tensor({1.0f, 0.0f, 3.0f, 0.25f, 0.0f, 2.0f});
  LinearCrossEntropy(data.hidden, data.weight, data.target, {}, linear)
      .loss.backward();
  at::Tensor sum = at::zeros_like(data.weight);
  for (int64_t row = 0; row < 6; ++row) {
    const at::Tensor weight = data.weight.detach().requires_grad_(true);
    LinearCrossEntropy(data.hidden.narrow(0, row, 1), weight,
                       data.target.narrow(0, row, 1))
        .loss.backward();
    sum += weight.grad() * linear.token_weight[row].item<double>();
  }
  EXPECT_LE(RelativeError(data.weight.grad(), sum), 1e-12);
}

// Liger-Kernel #512, #827: dW summed in bfloat16 over chunks and micro-batches
// loses the small terms.
TEST(KnownBugs, ManyChunksDoNotWearOutTheHeadsGradient) {
  DataShape shape;
  shape.tokens = 256;
  shape.hidden = 16;
  LossData data = MakeData(51, shape, at::kBFloat16);
  LossCase loss_case;
  loss_case.family = Family::kCrossEntropy;
  const Expected expected = ExpectedOf(loss_case, data);
  RequireGradients(data);
  LinearOptions linear;
  linear.chunk_tokens = 2;
  RunLinear(loss_case, data, linear).loss.backward();
  EXPECT_LE(RelativeError(data.weight.grad(), expected.weight),
            testing::kBfloat16Tolerance.gradient);
  linear.weight_grad = at::zeros(data.weight.sizes(), at::kFloat);
  for (int batch = 0; batch < 50; ++batch) {
    RunLinear(loss_case, data, linear).loss.backward();
  }
  EXPECT_LE(RelativeError(linear.weight_grad, 50.0 * expected.weight), 2e-5);
}

// TRL #6629: the fused path dropped the softcap.
TEST(KnownBugs, SoftcapReachesTheLinearOperator) {
  const LossData data = MakeData(52, {}, at::kDouble);
  CrossEntropyOptions options;
  options.softcap = 1.5;
  const at::Tensor capped =
      LinearCrossEntropy(data.hidden, data.weight, data.target, options).loss;
  const at::Tensor logits =
      at::tanh(at::mm(data.hidden, data.weight.t()) / 1.5) * 1.5;
  EXPECT_NEAR(capped.item<double>(),
              CrossEntropy(logits, data.target).loss.item<double>(), 1e-12);
}

// Liger-Kernel #974: ignore_index was ignored in the chunked JSD.
TEST(KnownBugs, IgnoredTargetsAreIgnoredInEveryChunk) {
  LossCase loss_case;
  loss_case.distillation.divergence = Divergence::kJsd;
  LossData data = MakeData(44, {}, at::kDouble);
  data.target = at::tensor({5, -100, -100, 1, 2, -100}, at::kLong);
  LinearOptions linear;
  linear.chunk_tokens = 2;
  const LossResult result = RunLinear(loss_case, data, linear);
  EXPECT_TRUE(at::equal(result.token_loss.eq(0.0), data.target.eq(-100)));
}

// TRL #5731: half a cross entropy was mixed in silently.
TEST(KnownBugs, WithoutAShareTheTargetDoesNotMatter) {
  const LossCase loss_case;
  LossData data = MakeData(45, {}, at::kDouble);
  const LossResult with = RunLinear(loss_case, data);
  data.target = at::Tensor();
  EXPECT_TRUE(at::equal(with.loss, RunLinear(loss_case, data).loss));
}

// DistillKit #45: 1 - sum(q) clamped at 1 - eps gave a backward factor of 1e8.
TEST(KnownBugs, FullListWithRoundedMassKeepsGradientsBounded) {
  TopKTeacher list;
  list.ids = at::tensor({0, 1}, at::kLong).view({1, 2});
  list.logprobs = at::tensor({std::log(0.7f), std::log(0.3f)}).view({1, 2});
  at::Tensor student = at::zeros({1, 40});
  student.narrow(1, 0, 2).fill_(30.0f);
  for (const Divergence divergence :
       {Divergence::kForwardKl, Divergence::kReverseKl, Divergence::kJsd}) {
    const Outcome outcome = Listed(student, list, OptionsOf(divergence));
    EXPECT_TRUE(IsFinite(outcome));
    EXPECT_LT(outcome.gradient.abs().max().item<float>(), 1.0f);
  }
}

// verl #7856, VeOmni #771: the zero-tail sum was clamped at 0, in the forward
// pass only.
TEST(KnownBugs, ZeroTailMayBeNegativeAndKeepsItsGradient) {
  TopKTeacher list;
  list.ids = at::tensor({0}, at::kLong).view({1, 1});
  list.logprobs = at::tensor({std::log(0.4f)}).view({1, 1});
  at::Tensor student = at::zeros({1, 10});
  student[0][0] = 5.0f;
  DistillationOptions options;
  options.tail = Tail::kZero;
  const Outcome outcome = Listed(student, list, options);
  EXPECT_LT(outcome.token_loss[0].item<float>(), -0.1f);
  const double q = at::softmax(student.to(at::kDouble), 1)[0][0].item<double>();
  EXPECT_NEAR(outcome.gradient[0][0].item<double>(), 0.4 * q - 0.4, 1e-6);
}

// verl #5041: truncated reverse KL collapsed the top-k mass: not offered.
TEST(KnownBugs, TruncatedReverseKlIsRefused) {
  LossCase loss_case;
  loss_case.family = Family::kTopK;
  loss_case.distillation.divergence = Divergence::kReverseKl;
  loss_case.distillation.tail = Tail::kZero;
  const LossData data = MakeData(46, {}, at::kFloat);
  EXPECT_THROW(RunLinear(loss_case, data), c10::Error);
}

// Soup #719: finite loss, NaN gradient where the teacher's probability had
// underflowed.
TEST(KnownBugs, ReverseKlOfAnUnderflownTeacherHasAFiniteGradient) {
  const at::Tensor student = at::zeros({1, 4});
  const at::Tensor teacher =
      at::tensor({0.0f, -400.0f, -500.0f, -1000.0f}).view({1, 4});
  EXPECT_TRUE(IsFinite(Dense(student, teacher, Divergence::kReverseKl)));
  EXPECT_TRUE(IsFinite(Dense(student, teacher, Divergence::kJsd)));
}

// EasyDeL #267: bfloat16 sums gave a floor of 0.025 and negative values.
TEST(KnownBugs, KlOfEqualBfloat16LogitsIsZeroAtAQuarterMillionColumns) {
  const at::Tensor logits = Normal(47, {1, 248320}).mul(2.0).to(at::kBFloat16);
  const Outcome outcome = Dense(logits, logits, Divergence::kForwardKl);
  EXPECT_GE(outcome.token_loss[0].item<float>(), 0.0f);
  EXPECT_LE(outcome.token_loss[0].item<float>(), 1e-6f);
}

// apex xentropy: the log-sum-exp was kept in bfloat16.
TEST(KnownBugs, LossOfBfloat16LogitsIsFloat32) {
  const at::Tensor logits = Normal(48, {3, 3000}).mul(3.0).to(at::kBFloat16);
  const at::Tensor target = at::tensor({1, 2999, 77}, at::kLong);
  const LossResult result = CrossEntropy(logits, target);
  const at::Tensor exact = -at::log_softmax(logits.to(at::kDouble), 1)
                                .gather(1, target.unsqueeze(1))
                                .squeeze(1);
  EXPECT_EQ(result.token_loss.scalar_type(), at::kFloat);
  EXPECT_LE((result.token_loss - exact).abs().max().item<double>(), 2e-6);
}

// FLA fused KL: the teacher's row stride was taken from the student. LMOps
// #331, torchtune #2119, TRL #3028: 152064 against 151936 columns crashed.
TEST(KnownBugs, WiderTeacherKeepsItsOwnRowStride) {
  const at::Tensor student = Normal(49, {3, 151936}).to(at::kFloat);
  const at::Tensor teacher = Normal(50, {3, 152064}).to(at::kFloat);
  const Outcome wide = Dense(student, teacher, Divergence::kForwardKl);
  const Outcome cut = Dense(student, teacher.narrow(1, 0, 151936).contiguous(),
                            Divergence::kForwardKl);
  EXPECT_TRUE(at::equal(wide.token_loss, cut.token_loss));
  EXPECT_TRUE(at::equal(wide.gradient, cut.gradient));
  const Outcome turned = Dense(teacher, student, Divergence::kForwardKl);
  EXPECT_EQ(turned.gradient.narrow(1, 151936, 128).abs().max().item<float>(),
            0.0f);
}

// TransformerEngine #2325, #3193: a bfloat16 gradient was rounded again when
// the upstream gradient was multiplied in.
TEST(KnownBugs, UpstreamScaleIsNotRoundedToBfloat16) {
  LossCase loss_case;
  LossData data = MakeData(53, {}, at::kBFloat16);
  const Expected expected = ExpectedOf(loss_case, data);
  RequireGradients(data);
  (RunLinear(loss_case, data).loss / 3.0).backward();
  EXPECT_LE(RelativeError(data.weight.grad(), expected.weight / 3.0),
            testing::kBfloat16Tolerance.gradient);
}

// mlx-lm #1700: a race made 26 of 50 runs differ.
TEST(KnownBugs, ThreadsDoNotChangeTheRows) {
  const at::Tensor student = Normal(51, {64, 1000}).to(at::kFloat);
  const at::Tensor teacher = Normal(52, {64, 1000}).to(at::kFloat);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Outcome one = Dense(student, teacher, Divergence::kJsd);
  at::set_num_threads(2);
  for (int run = 0; run < 5; ++run) {
    const Outcome two = Dense(student, teacher, Divergence::kJsd);
    EXPECT_TRUE(at::equal(one.gradient, two.gradient));
    EXPECT_TRUE(at::equal(one.token_loss, two.token_loss));
  }
  at::set_num_threads(threads);
}

}  // namespace
}  // namespace limbeck::kernels
