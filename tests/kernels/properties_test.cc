// What must hold of every divergence whatever the numbers.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/cross_entropy.h"
#include "kernels/distillation.h"
#include "kernels/topk_distillation.h"
#include "tests/kernels/loss_case.h"
#include "tests/support/tolerances.h"

namespace limbeck::kernels {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Outcome {
  at::Tensor token_loss;
  at::Tensor gradient;  // with weight 1 on every row
};

DistillationOptions OptionsOf(Divergence divergence, double mix = 0.3) {
  DistillationOptions options;
  options.divergence = divergence;
  options.mix = mix;
  return options;
}

LogitOptions UnitWeights(int64_t rows) {
  LogitOptions options;
  options.token_weight = at::ones({rows});
  return options;
}

Outcome Dense(const at::Tensor& student, const at::Tensor& teacher,
              const DistillationOptions& options) {
  const at::Tensor leaf = student.detach().clone().requires_grad_(true);
  const LossResult result =
      Distillation(leaf, teacher, {}, options, UnitWeights(student.size(0)));
  result.loss.backward();
  return {result.token_loss, leaf.grad()};
}

Outcome TopK(const at::Tensor& student, const TopKTeacher& teacher,
             const DistillationOptions& options) {
  const at::Tensor leaf = student.detach().clone().requires_grad_(true);
  const LossResult result = TopKDistillation(leaf, teacher, {}, options,
                                             UnitWeights(student.size(0)));
  result.loss.backward();
  return {result.token_loss, leaf.grad()};
}

Outcome LabelLoss(const at::Tensor& logits, const at::Tensor& target) {
  const at::Tensor leaf = logits.detach().clone().requires_grad_(true);
  const LossResult result =
      CrossEntropy(leaf, target, {}, UnitWeights(logits.size(0)));
  result.loss.backward();
  return {result.token_loss, leaf.grad()};
}

// The teacher's `entries` largest, with the exact rest as tail.
TopKTeacher ListOf(const at::Tensor& teacher, int64_t entries) {
  const at::Tensor log_p = at::log_softmax(teacher, 1);
  const auto [values, ids] = log_p.topk(entries, 1);
  TopKTeacher list;
  list.ids = ids;
  list.logprobs = values;
  list.tail_logprob = log_p.exp().scatter(1, ids, 0.0).sum(1).log();
  return list;
}

void ExpectClose(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  ASSERT_EQ(a.sizes(), b.sizes());
  EXPECT_LE((a - b).abs().max().item<double>(), tolerance);
}

void ExpectFinite(const Outcome& outcome) {
  EXPECT_TRUE(at::isfinite(outcome.token_loss).all().item<bool>());
  EXPECT_TRUE(at::isfinite(outcome.gradient).all().item<bool>());
}

class EveryDivergence : public ::testing::TestWithParam<Divergence> {
 protected:
  const at::Tensor student_ = Normal(11, {5, 40}).mul(2.0);
  const at::Tensor teacher_ = Normal(12, {5, 40}).mul(2.0);
};

TEST_P(EveryDivergence, GradientRowsSumToZero) {
  const Outcome dense = Dense(student_, teacher_, OptionsOf(GetParam()));
  const Outcome lumped =
      TopK(student_, ListOf(teacher_, 6), OptionsOf(GetParam()));
  EXPECT_LE(dense.gradient.sum(1).abs().max().item<double>(), 1e-14);
  EXPECT_LE(lumped.gradient.sum(1).abs().max().item<double>(), 1e-14);
}

TEST_P(EveryDivergence, ZeroAndWithoutGradientWhenTeacherIsStudent) {
  const at::Tensor logits = student_.mul(4.0).to(at::kFloat);
  const Outcome dense = Dense(logits, logits, OptionsOf(GetParam()));
  EXPECT_LE(dense.token_loss.abs().max().item<double>(), 1e-7);
  EXPECT_LE(dense.gradient.abs().max().item<double>(), 1e-6);
  const Outcome lumped =
      TopK(logits, ListOf(logits.to(at::kDouble), 6), OptionsOf(GetParam()));
  EXPECT_LE(lumped.token_loss.abs().max().item<double>(), 1e-6);
  // Total variation has a kink at p = q: its sign follows the rounding of the
  // given log-probabilities.
  if (GetParam() == Divergence::kTotalVariation) return;
  EXPECT_LE(lumped.gradient.abs().max().item<double>(), 1e-6);
}

TEST_P(EveryDivergence, NeverNegativeEvenAlmostEqual) {
  for (const double gap : {1.0, 1e-2, 1e-4, 1e-6}) {
    const at::Tensor student = student_.to(at::kFloat);
    const at::Tensor teacher = (student_ + teacher_.mul(gap)).to(at::kFloat);
    const Outcome dense = Dense(student, teacher, OptionsOf(GetParam()));
    EXPECT_GE(dense.token_loss.min().item<double>(), 0.0) << gap;
    const Outcome lumped =
        TopK(student, ListOf(teacher, 6), OptionsOf(GetParam()));
    EXPECT_GE(lumped.token_loss.min().item<double>(), 0.0) << gap;
  }
}

TEST_P(EveryDivergence, ShiftOfARowChangesNothing) {
  const Outcome plain = Dense(student_, teacher_, OptionsOf(GetParam()));
  const Outcome shifted =
      Dense(student_ + 300.0, teacher_ - 200.0, OptionsOf(GetParam()));
  ExpectClose(plain.token_loss, shifted.token_loss, 1e-11);
  ExpectClose(plain.gradient, shifted.gradient, 1e-11);
}

TEST_P(EveryDivergence, PermutationOfColumnsPermutesTheGradient) {
  const at::Tensor order = at::arange(39, -1, -1, at::kLong);
  const Outcome plain = Dense(student_, teacher_, OptionsOf(GetParam()));
  const Outcome turned =
      Dense(student_.index_select(1, order), teacher_.index_select(1, order),
            OptionsOf(GetParam()));
  ExpectClose(plain.token_loss, turned.token_loss, 1e-13);
  ExpectClose(plain.gradient.index_select(1, order), turned.gradient, 1e-13);
}

TEST_P(EveryDivergence, FullListEqualsDense) {
  const Outcome dense = Dense(student_, teacher_, OptionsOf(GetParam()));
  const Outcome listed =
      TopK(student_, ListOf(teacher_, 40), OptionsOf(GetParam()));
  ExpectClose(dense.token_loss, listed.token_loss, 1e-12);
  ExpectClose(dense.gradient, listed.gradient, 1e-12);
}

TEST_P(EveryDivergence, EmptyListGivesNothing) {
  TopKTeacher nothing;
  nothing.ids = at::full({5, 3}, -1, at::kLong);
  nothing.logprobs = at::full({5, 3}, NAN, at::kDouble);
  const Outcome outcome = TopK(student_, nothing, OptionsOf(GetParam()));
  EXPECT_LE(outcome.token_loss.abs().max().item<double>(), 1e-15);
  EXPECT_LE(outcome.gradient.abs().max().item<double>(), 1e-15);
}

// Every f-divergence shrinks when classes are joined; adaptive KL is a mixture
// whose share changes, so it is not one.
TEST_P(EveryDivergence, LumpedIsAtMostDense) {
  if (GetParam() == Divergence::kAdaptiveKl) return;
  const Outcome dense = Dense(student_, teacher_, OptionsOf(GetParam()));
  for (const int64_t entries : {1, 6, 20, 39}) {
    const Outcome lumped =
        TopK(student_, ListOf(teacher_, entries), OptionsOf(GetParam()));
    EXPECT_LE((lumped.token_loss - dense.token_loss).max().item<double>(),
              1e-12);
  }
}

TEST_P(EveryDivergence, MaskedColumnsOnBothSidesCountAsAbsent) {
  at::Tensor student = student_.clone();
  at::Tensor teacher = teacher_.clone();
  student.narrow(1, 30, 10).fill_(-kInfinity);
  teacher.narrow(1, 30, 10).fill_(-kInfinity);
  const Outcome masked = Dense(student, teacher, OptionsOf(GetParam()));
  const Outcome cut = Dense(student_.narrow(1, 0, 30),
                            teacher_.narrow(1, 0, 30), OptionsOf(GetParam()));
  ExpectClose(masked.token_loss, cut.token_loss, 1e-12);
  ExpectClose(masked.gradient.narrow(1, 0, 30), cut.gradient, 1e-12);
  EXPECT_EQ(masked.gradient.narrow(1, 30, 10).abs().max().item<double>(), 0.0);
}

TEST_P(EveryDivergence, FiniteForExtremeAndOneSidedLogits) {
  at::Tensor student = student_.to(at::kFloat);
  at::Tensor teacher = teacher_.to(at::kFloat);
  ExpectFinite(
      Dense(student.mul(5e3), teacher.mul(5e3), OptionsOf(GetParam())));
  ExpectFinite(
      TopK(student.mul(5e3), ListOf(teacher, 6), OptionsOf(GetParam())));
  student[0][3] = -INFINITY;
  teacher[1][4] = -INFINITY;
  ExpectFinite(Dense(student, teacher, OptionsOf(GetParam())));
  ExpectFinite(TopK(student, ListOf(teacher, 6), OptionsOf(GetParam())));
}

TEST_P(EveryDivergence, MixtureEndsAreFinite) {
  for (const double mix : {0.0, 1e-12, 1.0 - 1e-9, 1.0}) {
    const Outcome outcome =
        Dense(student_.to(at::kFloat).mul(100.0),
              teacher_.to(at::kFloat).mul(100.0), OptionsOf(GetParam(), mix));
    ExpectFinite(outcome);
    EXPECT_GE(outcome.token_loss.min().item<double>(), 0.0);
  }
}

TEST_P(EveryDivergence, LongRowKeepsTheTolerance) {
  constexpr int64_t kColumns = 151936;
  LossCase loss_case;
  loss_case.distillation = OptionsOf(GetParam());
  DataShape shape;
  shape.tokens = 1;
  shape.columns = shape.teacher_columns = kColumns;
  LossData data = MakeData(13, shape, at::kFloat);
  const Expected expected = ExpectedOf(loss_case, data);
  const at::Tensor student =
      StudentLogits(data).to(at::kFloat).requires_grad_(true);
  const LossResult result =
      RunGiven(loss_case, data, student, TeacherLogits(data).to(at::kFloat));
  result.loss.backward();
  EXPECT_LE(RelativeError(student.grad(), expected.logits),
            testing::kFloat32Tolerance.gradient);
}

INSTANTIATE_TEST_SUITE_P(
    All, EveryDivergence,
    ::testing::Values(Divergence::kForwardKl, Divergence::kReverseKl,
                      Divergence::kJsd, Divergence::kSkewForwardKl,
                      Divergence::kSkewReverseKl, Divergence::kTotalVariation,
                      Divergence::kAdaptiveKl, Divergence::kSymmetricKl),
    [](const ::testing::TestParamInfo<Divergence>& test) {
      return std::string(DivergenceName(test.param));
    });

class Pairs : public ::testing::Test {
 protected:
  double Mean(Divergence divergence, double mix) const {
    return Dense(student_, teacher_, OptionsOf(divergence, mix))
        .token_loss.mean()
        .item<double>();
  }
  const at::Tensor student_ = Normal(21, {4, 30});
  const at::Tensor teacher_ = Normal(22, {4, 30});
};

TEST_F(Pairs, JsdIsSymmetricAtOneHalf) {
  const DistillationOptions half = OptionsOf(Divergence::kJsd, 0.5);
  ExpectClose(Dense(student_, teacher_, half).token_loss,
              Dense(teacher_, student_, half).token_loss, 1e-14);
}

TEST_F(Pairs, MixtureEndsAreThePlainDivergences) {
  const double forward = Mean(Divergence::kForwardKl, 0.0);
  const double reverse = Mean(Divergence::kReverseKl, 0.0);
  EXPECT_EQ(Mean(Divergence::kJsd, 0.0), forward);
  EXPECT_EQ(Mean(Divergence::kJsd, 1.0), reverse);
  EXPECT_EQ(Mean(Divergence::kSkewForwardKl, 0.0), forward);
  EXPECT_EQ(Mean(Divergence::kSkewReverseKl, 0.0), reverse);
  EXPECT_NEAR(Mean(Divergence::kSkewForwardKl, 1.0), 0.0, 1e-15);
  EXPECT_NEAR(Mean(Divergence::kSkewReverseKl, 1.0), 0.0, 1e-15);
  EXPECT_NEAR(Mean(Divergence::kSymmetricKl, 0.0), forward, 1e-15);
  EXPECT_NEAR(Mean(Divergence::kSymmetricKl, 1.0), reverse, 1e-15);
}

// Rounded probabilities sum to more than 1 in about every other row.
TEST_F(Pairs, AdaptiveHeadOfAllMassIsForwardKl) {
  const at::Tensor student = Normal(23, {64, 100});
  const at::Tensor teacher = Normal(24, {64, 100});
  const auto rows = [&](Divergence divergence) {
    return Dense(student, teacher, OptionsOf(divergence, 1.0)).token_loss;
  };
  EXPECT_TRUE(
      at::equal(rows(Divergence::kAdaptiveKl), rows(Divergence::kForwardKl)));
}

TEST_F(Pairs, JsdByItsMixTendsToTheKlsAtBothEnds) {
  EXPECT_NEAR(Mean(Divergence::kJsd, 1e-7) / 1e-7,
              Mean(Divergence::kForwardKl, 0.0), 1e-5);
  EXPECT_NEAR(Mean(Divergence::kJsd, 1.0 - 1e-7) / 1e-7,
              Mean(Divergence::kReverseKl, 0.0), 1e-5);
}

TEST_F(Pairs, HighTemperatureMatchesLogits) {
  constexpr double kTemperature = 1e6;
  DistillationOptions options = OptionsOf(Divergence::kForwardKl);
  options.temperature = kTemperature;
  options.temperature_squared = true;
  const at::Tensor gap = student_ - teacher_;
  const at::Tensor expected = (gap - gap.mean(1, true)) / 30.0;
  ExpectClose(Dense(student_, teacher_, options).gradient, expected, 1e-6);
}

TEST_F(Pairs, TemperatureSquaredMultipliesLossAndGradient) {
  DistillationOptions options = OptionsOf(Divergence::kJsd);
  options.temperature = 3.0;
  const Outcome plain = Dense(student_, teacher_, options);
  options.temperature_squared = true;
  const Outcome squared = Dense(student_, teacher_, options);
  ExpectClose(plain.token_loss * 9.0, squared.token_loss, 1e-13);
  ExpectClose(plain.gradient * 9.0, squared.gradient, 1e-13);
}

TEST_F(Pairs, OneHotTeacherEqualsCrossEntropy) {
  const at::Tensor target = at::tensor({3, 0, 29, 7}, at::kLong);
  at::Tensor teacher = at::full({4, 30}, -kInfinity, at::kDouble);
  teacher.scatter_(1, target.unsqueeze(1), 0.0);
  const Outcome label = LabelLoss(student_, target);
  const Outcome dense =
      Dense(student_, teacher, OptionsOf(Divergence::kForwardKl));
  ExpectClose(dense.token_loss, label.token_loss, 1e-13);
  ExpectClose(dense.gradient, label.gradient, 1e-14);
  TopKTeacher list;
  list.ids = target.unsqueeze(1);
  list.logprobs = at::zeros({4, 1}, at::kDouble);
  const Outcome listed =
      TopK(student_, list, OptionsOf(Divergence::kForwardKl));
  ExpectClose(listed.token_loss, label.token_loss, 1e-13);
  ExpectClose(listed.gradient, label.gradient, 1e-14);
}

TEST_F(Pairs, OrderDuplicatesAndPaddingOfAListDoNotMatter) {
  TopKTeacher list = ListOf(teacher_, 3);
  const at::Tensor half = list.logprobs.narrow(1, 0, 1) - std::log(2.0);
  TopKTeacher messy = list;
  messy.ids = at::cat({list.ids.flip(1), at::full({4, 2}, -1, at::kLong),
                       list.ids.narrow(1, 0, 1)},
                      1)
                  .to(at::kInt);
  messy.logprobs = at::cat({list.logprobs.narrow(1, 1, 2).flip(1), half,
                            at::full({4, 2}, NAN, at::kDouble), half},
                           1);
  const Outcome tidy = TopK(student_, list, OptionsOf(Divergence::kJsd));
  const Outcome other = TopK(student_, messy, OptionsOf(Divergence::kJsd));
  ExpectClose(tidy.token_loss, other.token_loss, 1e-14);
  ExpectClose(tidy.gradient, other.gradient, 1e-14);
}

TEST_F(Pairs, MissingTailIsOneMinusTheSum) {
  TopKTeacher list = ListOf(teacher_, 5);
  const Outcome given = TopK(student_, list, OptionsOf(Divergence::kJsd));
  list.tail_logprob = at::Tensor();
  const Outcome derived = TopK(student_, list, OptionsOf(Divergence::kJsd));
  ExpectClose(given.token_loss, derived.token_loss, 1e-13);
  ExpectClose(given.gradient, derived.gradient, 1e-13);
}

// Student mass concentrated on the list: the tail's is summed, never 1 - sum.
TEST_F(Pairs, TinyTailKeepsItsRelativePrecision) {
  at::Tensor student = student_.to(at::kFloat);
  student.narrow(1, 0, 2).add_(60.0f);
  TopKTeacher list;
  list.ids = at::tensor({0, 1}, at::kLong).expand({4, 2});
  list.logprobs = at::full({4, 2}, std::log(0.495), at::kFloat);
  const Outcome ours = TopK(student, list, OptionsOf(Divergence::kForwardKl));
  TopKTeacher exact = list;
  exact.logprobs = list.logprobs.to(at::kDouble);
  const Outcome expected =
      TopK(student.to(at::kDouble), exact, OptionsOf(Divergence::kForwardKl));
  EXPECT_LE(RelativeError(ours.gradient, expected.gradient), 2e-6);
  EXPECT_GT(expected.token_loss.min().item<double>(), 0.3);
}

}  // namespace
}  // namespace limbeck::kernels
