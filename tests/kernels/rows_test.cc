// Which rows and columns count, in what order, and where gradients go.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/kernels/loss_case.h"
#include "tests/support/tolerances.h"

namespace limbeck::kernels {
namespace {

// One case per family; the others walk the same code.
std::vector<LossCase> FamilyCases() {
  std::vector<LossCase> cases(3);
  cases[0].family = Family::kCrossEntropy;
  cases[1].family = Family::kDense;
  cases[1].distillation.divergence = Divergence::kJsd;
  cases[2].family = Family::kTopK;
  for (LossCase& loss_case : cases) {
    loss_case.distillation.cross_entropy_share = 0.25;
  }
  return cases;
}

std::string FamilyName(const ::testing::TestParamInfo<LossCase>& test) {
  const char* names[] = {"cross_entropy", "dense", "topk"};
  return names[static_cast<int>(test.param.family)];
}

struct Gradients {
  LossResult result;
  at::Tensor hidden;
  at::Tensor weight;
  at::Tensor bias;
};

Gradients Differentiate(const LossCase& loss_case, LossData data,
                        const LinearOptions& linear = {}) {
  for (auto member : {&LossData::hidden, &LossData::weight, &LossData::bias}) {
    data.*member = (data.*member).detach().clone().requires_grad_(true);
  }
  Gradients gradients;
  gradients.result = RunLinear(loss_case, data, linear);
  gradients.result.loss.backward();
  gradients.hidden = data.hidden.grad();
  gradients.weight = data.weight.grad();
  gradients.bias = data.bias.grad();
  return gradients;
}

void ExpectSame(const Gradients& a, const Gradients& b, double tolerance) {
  EXPECT_LE(RelativeError(a.result.loss, b.result.loss), tolerance);
  EXPECT_LE(RelativeError(a.result.token_loss, b.result.token_loss), tolerance);
  EXPECT_LE(RelativeError(a.hidden, b.hidden), tolerance);
  EXPECT_LE(RelativeError(a.weight, b.weight), tolerance);
  EXPECT_LE(RelativeError(a.bias, b.bias), tolerance);
}

class Rows : public ::testing::TestWithParam<LossCase> {
 protected:
  static LossData Data(at::ScalarType type = at::kFloat) {
    DataShape shape;
    shape.tokens = 11;
    return MakeData(31, shape, type);
  }
};

TEST_P(Rows, ChunkSizeDoesNotMatter) {
  const LossData data = Data();
  const Gradients whole = Differentiate(GetParam(), data);
  for (const int64_t chunk : {1, 2, 3, 5, 11, 100}) {
    LinearOptions linear;
    linear.chunk_tokens = chunk;
    ExpectSame(Differentiate(GetParam(), data, linear), whole, 1e-6);
  }
}

TEST_P(Rows, RepeatsBitForBit) {
  const LossData data = Data();
  const Gradients first = Differentiate(GetParam(), data);
  for (int i = 0; i < 20; ++i) {
    const Gradients again = Differentiate(GetParam(), data);
    EXPECT_TRUE(at::equal(first.result.loss, again.result.loss));
    EXPECT_TRUE(at::equal(first.hidden, again.hidden));
    EXPECT_TRUE(at::equal(first.weight, again.weight));
  }
}

TEST_P(Rows, SkippedRowsAreNeverRead) {
  LossData data = Data();
  LossData poisoned = data;
  data.token_weight = data.token_weight.clone();
  data.token_weight[2] = 0.0;
  data.target = data.target.clone();
  data.target[7] = kIgnoreIndex;
  poisoned = data;
  for (auto member : {&LossData::hidden, &LossData::teacher_hidden}) {
    poisoned.*member = (data.*member).clone();
    (poisoned.*member)[2].fill_(NAN);
    (poisoned.*member)[7].fill_(NAN);
  }
  poisoned.target = data.target.clone();
  poisoned.target[2] = 1 << 30;
  poisoned.topk.ids = data.topk.ids.clone();
  poisoned.topk.ids[7].fill_(1 << 30);
  poisoned.topk.logprobs = data.topk.logprobs.clone();
  poisoned.topk.logprobs[2].fill_(NAN);
  const Gradients clean = Differentiate(GetParam(), data);
  const Gradients ours = Differentiate(GetParam(), poisoned);
  ExpectSame(ours, clean, 0.0);
  for (const int64_t row : {2, 7}) {
    EXPECT_EQ(ours.result.token_loss[row].item<float>(), 0.0f);
    EXPECT_EQ(ours.hidden[row].abs().max().item<float>(), 0.0f);
  }
}

TEST_P(Rows, KeptRowsEqualThoseComputed) {
  LossData data = Data();
  data.target = data.target.clone();
  data.target.narrow(0, 3, 2).fill_(kIgnoreIndex);
  LinearOptions linear;
  linear.kept_rows = at::tensor({0, 1, 2, 5, 6, 7, 8, 9, 10}, at::kLong);
  linear.chunk_tokens = 4;
  LinearOptions same_chunks;
  same_chunks.chunk_tokens = 4;
  ExpectSame(Differentiate(GetParam(), data, linear),
             Differentiate(GetParam(), data, same_chunks), 0.0);
}

TEST_P(Rows, RowsOutsideKeptRowsAreSkipped) {
  const LossData data = Data();
  LinearOptions linear;
  linear.kept_rows = at::tensor({4, 9}, at::kLong);
  const Gradients ours = Differentiate(GetParam(), data, linear);
  EXPECT_EQ(ours.result.token_loss.count_nonzero().item<int64_t>(), 2);
  EXPECT_EQ(ours.hidden[3].abs().max().item<float>(), 0.0f);
  EXPECT_GT(ours.hidden[9].abs().max().item<float>(), 0.0f);
}

TEST_P(Rows, DefaultWeightIsOneOverKeptRows) {
  LossData data = Data();
  data.target = data.target.clone();
  data.target[0] = kIgnoreIndex;
  data.token_weight = at::Tensor();
  const Gradients ours = Differentiate(GetParam(), data);
  EXPECT_NEAR(ours.result.loss.item<double>(),
              ours.result.token_loss.sum().item<double>() / 10.0, 1e-6);
}

TEST_P(Rows, NoRowsGiveZeroAndZeroGradients) {
  DataShape shape;
  shape.tokens = 0;
  const Gradients empty =
      Differentiate(GetParam(), MakeData(32, shape, at::kFloat));
  EXPECT_EQ(empty.result.loss.item<float>(), 0.0f);
  EXPECT_EQ(empty.result.token_loss.size(0), 0);
  EXPECT_EQ(empty.weight.abs().max().item<float>(), 0.0f);
  LossData data = Data();
  data.target = at::full({11}, kIgnoreIndex, at::kLong);
  const Gradients skipped = Differentiate(GetParam(), data);
  EXPECT_EQ(skipped.result.loss.item<float>(), 0.0f);
  EXPECT_EQ(skipped.hidden.abs().max().item<float>(), 0.0f);
}

TEST_P(Rows, PaddedColumnsTakeNoPart) {
  LossData data = Data();
  data.target = data.target.remainder(60);
  DataShape shape;
  shape.tokens = 11;
  LossData narrow = data;
  narrow.weight = data.weight.narrow(0, 0, 60);
  narrow.bias = data.bias.narrow(0, 0, 60);
  narrow.teacher_weight = data.teacher_weight.narrow(0, 0, 60);
  narrow.teacher_bias = data.teacher_bias.narrow(0, 0, 60);
  data.topk.ids = narrow.topk.ids = data.topk.ids.remainder(60);
  LinearOptions cut;
  cut.num_valid_columns = 60;
  const Gradients ours = Differentiate(GetParam(), data, cut);
  const Gradients expected = Differentiate(GetParam(), narrow);
  EXPECT_LE(RelativeError(ours.result.loss, expected.result.loss), 1e-6);
  EXPECT_LE(RelativeError(ours.hidden, expected.hidden), 1e-6);
  EXPECT_LE(RelativeError(ours.weight.narrow(0, 0, 60), expected.weight), 1e-6);
  EXPECT_EQ(ours.weight.narrow(0, 60, 7).abs().max().item<float>(), 0.0f);
  EXPECT_EQ(ours.bias.narrow(0, 60, 7).abs().max().item<float>(), 0.0f);
}

TEST_P(Rows, StridedInputsGiveTheSame) {
  const LossData data = Data();
  LossData strided = data;
  strided.weight = data.weight.t().contiguous().t();
  strided.teacher_weight = data.teacher_weight.t().contiguous().t();
  strided.teacher_hidden =
      at::cat({data.teacher_hidden, data.teacher_hidden}, 1)
          .narrow(1, 0, data.teacher_hidden.size(1));
  strided.topk.ids = data.topk.ids.t().contiguous().t();
  strided.topk.logprobs = data.topk.logprobs.t().contiguous().t();
  ExpectSame(Differentiate(GetParam(), strided),
             Differentiate(GetParam(), data), 1e-6);
}

TEST_P(Rows, InputsAreNotTouched) {
  const LossData data = Data();
  const at::Tensor student = StudentLogits(data).to(at::kFloat);
  const at::Tensor teacher = TeacherLogits(data).to(at::kFloat);
  const at::Tensor student_before = student.clone();
  const at::Tensor teacher_before = teacher.clone();
  RunGiven(GetParam(), data, student.detach().requires_grad_(true), teacher)
      .loss.backward();
  EXPECT_TRUE(at::equal(student, student_before));
  EXPECT_TRUE(at::equal(teacher, teacher_before));
}

TEST_P(Rows, UpstreamGradientScalesAll) {
  LossData data = Data();
  const Gradients plain = Differentiate(GetParam(), data);
  RequireGradients(data);
  (RunLinear(GetParam(), data).loss * 8.0).backward();
  EXPECT_LE(RelativeError(data.hidden.grad(), plain.hidden * 8.0), 1e-7);
  EXPECT_LE(RelativeError(data.weight.grad(), plain.weight * 8.0), 1e-7);
}

TEST_P(Rows, WeightGradAccumulatesScaledAndAutogradLeavesTheWeight) {
  const LossData data = Data();
  const Gradients plain = Differentiate(GetParam(), data);
  LinearOptions linear;
  linear.chunk_tokens = 4;
  linear.weight_grad = at::ones({67, 5});
  linear.grad_scale = at::scalar_tensor(0.5, at::kFloat);
  const Gradients ours = Differentiate(GetParam(), data, linear);
  EXPECT_FALSE(ours.weight.defined());
  EXPECT_LE(RelativeError(linear.weight_grad, plain.weight * 0.5 + 1.0), 1e-6);
  EXPECT_LE(RelativeError(ours.hidden, plain.hidden), 1e-6);
  Differentiate(GetParam(), data, linear);
  EXPECT_LE(RelativeError(linear.weight_grad, plain.weight + 1.0), 1e-6);
}

TEST_P(Rows, WeightGradStaysWhileGradientsAreDisabled) {
  LossData data = Data();
  LinearOptions linear;
  linear.weight_grad = at::zeros({67, 5});
  const c10::AutoGradMode no_gradients(false);
  const LossResult result = RunLinear(GetParam(), data, linear);
  EXPECT_FALSE(result.loss.requires_grad());
  EXPECT_EQ(linear.weight_grad.abs().max().item<float>(), 0.0f);
}

TEST_P(Rows, FrozenHeadGetsNoGradient) {
  LossData data = Data();
  data.hidden.requires_grad_(true);
  RunLinear(GetParam(), data).loss.backward();
  EXPECT_TRUE(data.hidden.grad().defined());
  EXPECT_FALSE(data.weight.grad().defined());
}

TEST_P(Rows, UncheckedBadIdsGiveNan) {
  LossData data = Data();
  data.target = data.target.clone();
  data.target[3] = 67;
  data.topk.ids = data.topk.ids.clone();
  data.topk.ids[3][1] = 1 << 30;
  LinearOptions linear;
  linear.check_values = false;
  const Gradients ours = Differentiate(GetParam(), data, linear);
  EXPECT_TRUE(std::isnan(ours.result.token_loss[3].item<float>()));
  EXPECT_FALSE(std::isnan(ours.result.token_loss[4].item<float>()));
  EXPECT_TRUE(std::isnan(ours.hidden[3][0].item<float>()));
  EXPECT_FALSE(std::isnan(ours.hidden[4][0].item<float>()));
}

INSTANTIATE_TEST_SUITE_P(All, Rows, ::testing::ValuesIn(FamilyCases()),
                         FamilyName);

// Either side may be the wider one; the smaller width counts.
TEST(Widths, DifferentVocabulariesMeetAtTheSmaller) {
  LossCase loss_case;
  DataShape shape;
  shape.columns = 70;
  shape.teacher_columns = 64;
  LossData data = MakeData(33, shape, at::kDouble);
  data.target = data.target.remainder(64);
  LossData cut = data;
  cut.weight = data.weight.narrow(0, 0, 64).contiguous();
  cut.bias = data.bias.narrow(0, 0, 64).contiguous();
  const Gradients wide = Differentiate(loss_case, data);
  const Gradients narrow = Differentiate(loss_case, cut);
  EXPECT_LE(RelativeError(wide.hidden, narrow.hidden), 1e-13);
  EXPECT_EQ(wide.weight.narrow(0, 64, 6).abs().max().item<double>(), 0.0);

  shape.columns = 64;
  shape.teacher_columns = 70;
  LossData other = MakeData(34, shape, at::kDouble);
  LossData other_cut = other;
  other_cut.teacher_weight = other.teacher_weight.narrow(0, 0, 64);
  other_cut.teacher_bias = other.teacher_bias.narrow(0, 0, 64);
  EXPECT_LE(RelativeError(Differentiate(loss_case, other).hidden,
                          Differentiate(loss_case, other_cut).hidden),
            1e-13);
}

TEST(Types, TeacherMayHaveItsOwn) {
  LossCase loss_case;
  LossData data = MakeData(35, {}, at::kFloat);
  LossData mixed = data;
  mixed.teacher_hidden = data.teacher_hidden.to(at::kBFloat16);
  mixed.teacher_weight = data.teacher_weight.to(at::kBFloat16);
  mixed.teacher_bias = data.teacher_bias.to(at::kBFloat16);
  const Expected expected = ExpectedOf(loss_case, mixed);
  const Gradients ours = Differentiate(loss_case, mixed);
  EXPECT_LE(RelativeError(ours.hidden, expected.hidden),
            testing::kFloat32Tolerance.gradient);
}

}  // namespace
}  // namespace limbeck::kernels
