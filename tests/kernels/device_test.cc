// What only a GPU can get wrong: rows selected on the device, gradients inside
// the logits' memory, rows of any alignment, repeatability, no waiting.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "kernels/loss_options.h"
#include "tests/kernels/devices.h"
#include "tests/kernels/loss_case.h"
#include "tests/support/tolerances.h"

namespace limbeck::kernels {
namespace {

struct Gradients {
  at::Tensor loss;
  at::Tensor token_loss;
  at::Tensor hidden;
  at::Tensor weight;
  at::Tensor bias;
};

Gradients Differentiate(const LossCase& loss_case, LossData data,
                        const LinearOptions& linear = {}) {
  data.hidden = data.hidden.detach();
  data.weight = data.weight.detach();
  data.bias = data.bias.detach();
  RequireGradients(data);
  const LossResult result = RunLinear(loss_case, data, linear);
  result.loss.backward();
  return {result.loss.detach(), result.token_loss, data.hidden.grad(),
          data.weight.grad(), data.bias.grad()};
}

std::vector<LossCase> FamilyCases() {
  std::vector<LossCase> cases(3);
  cases[0].family = Family::kCrossEntropy;
  cases[1].family = Family::kDense;
  cases[1].distillation.divergence = Divergence::kJsd;
  cases[1].distillation.cross_entropy_share = 0.25;
  cases[2].family = Family::kTopK;
  cases[2].distillation.cross_entropy_share = 0.25;
  return cases;
}

// The CPU's numbers are right (loss_suite_test): the GPU is held to them.
class OnCuda : public ::testing::TestWithParam<LossCase> {
 protected:
  void SetUp() override {
    if (!HasDevice(at::kCUDA)) GTEST_SKIP() << kNoDevice;
  }

  static LossData Data(at::ScalarType type, int64_t columns = 1003) {
    DataShape shape;
    shape.tokens = 300;
    shape.hidden = 32;
    shape.teacher_hidden = 16;
    shape.columns = shape.teacher_columns = columns;
    return MakeData(71, shape, type);
  }

  static void ExpectSame(const LossCase& loss_case, const LossData& data,
                         LinearOptions linear = {}) {
    const Gradients expected = Differentiate(loss_case, data, linear);
    if (linear.kept_rows.defined()) {
      linear.kept_rows = linear.kept_rows.to(at::kCUDA);
    }
    const Gradients ours =
        Differentiate(loss_case, OnDevice(data, at::kCUDA), linear);
    // Either side has its own rounding.
    const double tolerance =
        2.0 * testing::ToleranceOf(data.hidden.scalar_type()).gradient;
    EXPECT_LE(RelativeError(ours.token_loss, expected.token_loss), tolerance);
    EXPECT_LE(RelativeError(ours.hidden, expected.hidden), tolerance);
    EXPECT_LE(RelativeError(ours.weight, expected.weight), tolerance);
    EXPECT_LE(RelativeError(ours.bias, expected.bias), tolerance);
  }
};

TEST_P(OnCuda, ChunksOfAnySizeAgreeWithTheCpu) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const int64_t chunk : {0, 1, 37, 128, 300}) {
      LinearOptions linear;
      linear.chunk_tokens = chunk;
      ExpectSame(GetParam(), Data(type), linear);
    }
  }
}

TEST_P(OnCuda, RowsOfAnyWidthAgreeWithTheCpu) {
  for (const int64_t columns : {17, 64, 1000, 1001, 1004, 32769}) {
    ExpectSame(GetParam(), Data(at::kFloat, columns));
    ExpectSame(GetParam(), Data(at::kBFloat16, columns));
  }
}

TEST_P(OnCuda, SkippedRowsAreNeverReadAndGetZeros) {
  LossData data = Data(at::kFloat);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (int64_t row = 0; row < 300; row += 3) {
    data.hidden[row] = nan;
    data.teacher_hidden[row] = nan;
    data.topk.logprobs[row] = nan;
    data.token_weight[row] = 0.0;
  }
  data.target[1] = kIgnoreIndex;
  data.hidden[1] = nan;
  ExpectSame(GetParam(), data);
  const Gradients ours = Differentiate(GetParam(), OnDevice(data, at::kCUDA));
  EXPECT_EQ(ours.hidden[3].abs().max().item<float>(), 0.0f);
  EXPECT_EQ(ours.hidden[1].abs().max().item<float>(), 0.0f);
  EXPECT_EQ(ours.token_loss[3].item<float>(), 0.0f);
}

TEST_P(OnCuda, KeptRowsOfTheCaller) {
  LinearOptions linear;
  linear.kept_rows = at::tensor({2, 3, 5, 8, 13, 21, 299}, at::kLong);
  linear.chunk_tokens = 3;
  ExpectSame(GetParam(), Data(at::kFloat), linear);
}

TEST_P(OnCuda, AllRowsSkippedGiveZeros) {
  LossData data = OnDevice(Data(at::kFloat), at::kCUDA);
  data.token_weight.zero_();
  const Gradients ours = Differentiate(GetParam(), data);
  EXPECT_EQ(ours.loss.item<float>(), 0.0f);
  EXPECT_EQ(ours.hidden.abs().max().item<float>(), 0.0f);
  EXPECT_EQ(ours.weight.abs().max().item<float>(), 0.0f);
}

TEST_P(OnCuda, KeptRowsThatDoNotRisePoisonTheLoss) {
  LinearOptions linear;
  linear.kept_rows =
      at::tensor({5, 3, 400}, at::kLong).to(at::Device(at::kCUDA));
  const LossResult result =
      RunLinear(GetParam(), OnDevice(Data(at::kFloat), at::kCUDA), linear);
  EXPECT_TRUE(std::isnan(result.loss.item<float>()));
}

TEST_P(OnCuda, BadIdsGiveNanAndNothingElse) {
  LossData data = Data(at::kFloat);
  data.target[3] = 1003;
  data.topk.ids[3][1] = 1 << 30;
  const Gradients ours = Differentiate(GetParam(), OnDevice(data, at::kCUDA));
  EXPECT_TRUE(std::isnan(ours.token_loss[3].item<float>()));
  EXPECT_TRUE(std::isnan(ours.hidden[3][0].item<float>()));
  EXPECT_FALSE(std::isnan(ours.hidden[4][0].item<float>()));
  LinearOptions checked;
  checked.check_values = true;
  EXPECT_THROW(RunLinear(GetParam(), OnDevice(data, at::kCUDA), checked),
               c10::Error);
}

TEST_P(OnCuda, WeightGradAccumulatesByADeviceScale) {
  const LossData data = Data(at::kBFloat16);
  const Gradients plain = Differentiate(GetParam(), data);
  const LossData moved = OnDevice(data, at::kCUDA);
  LinearOptions linear;
  linear.chunk_tokens = 128;
  linear.weight_grad =
      at::ones(moved.weight.sizes(), at::TensorOptions(at::kCUDA));
  linear.grad_scale = at::full({}, 0.5, at::TensorOptions(at::kCUDA));
  Differentiate(GetParam(), moved, linear);
  Differentiate(GetParam(), moved, linear);
  EXPECT_LE(RelativeError(linear.weight_grad - 1.0, plain.weight), 6e-3);
}

TEST_P(OnCuda, AnUpstreamGradientBesidesWeightGradBecomesNan) {
  LossData data = OnDevice(Data(at::kFloat), at::kCUDA);
  RequireGradients(data);
  LinearOptions linear;
  linear.weight_grad =
      at::zeros(data.weight.sizes(), at::TensorOptions(at::kCUDA));
  (RunLinear(GetParam(), data, linear).loss * 2.0).backward();
  EXPECT_TRUE(std::isnan(data.hidden.grad()[0][0].item<float>()));
}

TEST_P(OnCuda, TwentyRunsGiveTheSameBits) {
  const LossData data = OnDevice(Data(at::kBFloat16, 32769), at::kCUDA);
  LinearOptions linear;
  linear.chunk_tokens = 128;
  const Gradients first = Differentiate(GetParam(), data, linear);
  for (int run = 1; run < 20; ++run) {
    const Gradients again = Differentiate(GetParam(), data, linear);
    EXPECT_TRUE(at::equal(first.loss, again.loss));
    EXPECT_TRUE(at::equal(first.token_loss, again.token_loss));
    EXPECT_TRUE(at::equal(first.hidden, again.hidden));
    EXPECT_TRUE(at::equal(first.weight, again.weight));
  }
}

// Given logits of a width that no vector load divides, and padded ones.
TEST_P(OnCuda, GivenLogitsOfAnyAlignment) {
  LossData data = OnDevice(Data(at::kFloat, 1003), at::kCUDA);
  const at::Tensor logits = at::addmm(data.bias, data.hidden, data.weight.t());
  const at::Tensor teacher = at::addmm(data.teacher_bias, data.teacher_hidden,
                                       data.teacher_weight.t());
  const auto run = [&](const at::Tensor& student) {
    const at::Tensor leaf = student.detach().requires_grad_(true);
    LogitOptions rows;
    rows.num_valid_columns = 1003;
    const LossResult result = RunGiven(GetParam(), data, leaf, teacher, rows);
    result.loss.backward();
    return std::pair(result.token_loss, leaf.grad());
  };
  const auto [loss, gradient] = run(logits);
  const at::Tensor wide =
      at::cat({logits, at::full({300, 21}, std::nan(""), logits.options())}, 1);
  const auto [padded_loss, padded_gradient] = run(wide);
  EXPECT_LE(RelativeError(padded_loss, loss), 1e-6);
  EXPECT_LE(RelativeError(padded_gradient.narrow(1, 0, 1003), gradient), 1e-6);
  EXPECT_EQ(padded_gradient.narrow(1, 1003, 21).abs().max().item<float>(),
            0.0f);
}

INSTANTIATE_TEST_SUITE_P(All, OnCuda, ::testing::ValuesIn(FamilyCases()),
                         [](const ::testing::TestParamInfo<LossCase>& test) {
                           return CaseName(test.param);
                         });

// The fast mode trades exactness: what it costs stands in docs/operators.md.
class Bf16Logits : public ::testing::TestWithParam<at::DeviceType> {};

TEST_P(Bf16Logits, RoundTheGradientOfClosePairs) {
  if (!HasDevice(GetParam())) GTEST_SKIP() << kNoDevice;
  LossCase loss_case;
  DataShape shape;
  shape.hidden = shape.teacher_hidden = 16;
  shape.columns = shape.teacher_columns = 701;
  shape.closeness = 0.03;
  const LossData data = MakeData(3, shape, at::kBFloat16);
  const Expected expected = ExpectedOf(loss_case, data);
  LinearOptions fast;
  fast.bf16_logits = true;
  const LossData moved = OnDevice(data, GetParam());
  const double exact_error =
      RelativeError(Differentiate(loss_case, moved).hidden, expected.hidden);
  const double fast_error = RelativeError(
      Differentiate(loss_case, moved, fast).hidden, expected.hidden);
  EXPECT_LE(exact_error, 3e-3);
  EXPECT_GE(fast_error, 3e-3);
  EXPECT_LE(fast_error, 0.2);
}

TEST(Bf16LogitsOption, NeedsBfloat16) {
  LossCase loss_case;
  const LossData data = MakeData(3, {}, at::kFloat);
  LinearOptions fast;
  fast.bf16_logits = true;
  EXPECT_THROW(RunLinear(loss_case, data, fast), c10::Error);
}

INSTANTIATE_TEST_SUITE_P(Devices, Bf16Logits,
                         ::testing::Values(at::kCPU, at::kCUDA),
                         [](const auto& test) {
                           return std::string(DeviceName(test.param));
                         });

}  // namespace
}  // namespace limbeck::kernels
