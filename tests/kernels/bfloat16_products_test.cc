// bfloat16 heads on the CPU: products of the operands as stored and of widened
// ones both keep the project's tolerance, whichever this machine prefers.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "kernels/bfloat16_gemm_cpu.h"
#include "kernels/gemm.h"
#include "tests/kernels/loss_case.h"
#include "tests/support/tolerances.h"

namespace limbeck::kernels {
namespace {

std::string ProductsName(Bfloat16Products products) {
  return products == Bfloat16Products::kWidened ? "widened" : "as_stored";
}

bool CanRun(Bfloat16Products products) {
  return products == Bfloat16Products::kWidened || cpu::HasBfloat16Gemm();
}

at::Tensor Bfloat16(uint64_t seed, at::IntArrayRef shape) {
  return Normal(seed, shape).to(at::kBFloat16);
}

class Bfloat16Gemm : public ::testing::TestWithParam<Bfloat16Products> {
 protected:
  void SetUp() override {
    if (!CanRun(GetParam()))
      GTEST_SKIP() << "no bfloat16 product on this machine";
  }
};

// Shapes large enough that the threads share them.
TEST_P(Bfloat16Gemm, LogitsAreNotRounded) {
  const at::Tensor hidden = Bfloat16(1, {37, 96});
  const at::Tensor weight = Bfloat16(2, {1501, 96});
  const at::Tensor expected =
      at::mm(hidden.to(at::kDouble), weight.to(at::kDouble).t());
  at::Tensor logits = at::full({37, 1501}, NAN, at::kFloat);
  LogitsGemm(GemmOperand(hidden, GetParam()), GemmOperand(weight, GetParam()),
             false, logits);
  EXPECT_LE(RelativeError(logits, expected), 1e-6);
  LogitsGemm(GemmOperand(hidden, GetParam()), GemmOperand(weight, GetParam()),
             true, logits);
  EXPECT_LE(RelativeError(logits, 2 * expected), 1e-6);
}

// Two bfloat16 hold 16 bits of each entry of the gradient.
TEST_P(Bfloat16Gemm, GradientsKeepTheTolerance) {
  const at::Tensor gradient = Normal(3, {37, 1501}).to(at::kFloat);
  const at::Tensor hidden = Bfloat16(1, {37, 96});
  const at::Tensor weight = GemmOperand(Bfloat16(2, {1501, 96}), GetParam());
  const at::Tensor dx =
      at::mm(gradient.to(at::kDouble), weight.to(at::kDouble));
  const at::Tensor dw =
      at::mm(gradient.to(at::kDouble).t(), hidden.to(at::kDouble));
  at::Tensor hidden_grad = at::full({37, 96}, NAN, at::kFloat);
  HiddenGradientGemm(gradient, weight, hidden_grad);
  EXPECT_LE(RelativeError(hidden_grad, dx), 1e-5);
  at::Tensor weight_grad = at::full({1501, 96}, NAN, at::kFloat);
  const at::Tensor rows = GemmOperand(hidden, GetParam());
  WeightGradientGemm(gradient, rows, {}, false, weight_grad);
  EXPECT_LE(RelativeError(weight_grad, dw), 1e-5);
  WeightGradientGemm(gradient, rows, at::scalar_tensor(2.0f), true,
                     weight_grad);
  EXPECT_LE(RelativeError(weight_grad, 3 * dw), 1e-5);
}

// Edges of every kind: sizes below, at and above those of a tile and a block.
TEST_P(Bfloat16Gemm, AnyShape) {
  for (const auto& [rows, columns, width] :
       {std::tuple<int64_t, int64_t, int64_t>{1, 1, 1},
        {2, 33, 31},
        {16, 32, 64},
        {17, 300, 33},
        {65, 47, 95}}) {
    const at::Tensor hidden =
        GemmOperand(Bfloat16(1, {rows, width}), GetParam());
    const at::Tensor weight =
        GemmOperand(Bfloat16(2, {columns, width}), GetParam());
    const at::Tensor x = hidden.to(at::kDouble);
    const at::Tensor w = weight.to(at::kDouble);
    at::Tensor logits = at::full({rows, columns}, NAN, at::kFloat);
    LogitsGemm(hidden, weight, false, logits);
    EXPECT_LE(RelativeError(logits, at::mm(x, w.t())), 1e-6);
    const at::Tensor gradient = Normal(3, {rows, columns}).to(at::kFloat);
    const at::Tensor g = gradient.to(at::kDouble);
    at::Tensor dx = at::full({rows, width}, NAN, at::kFloat);
    HiddenGradientGemm(gradient, weight, dx);
    EXPECT_LE(RelativeError(dx, at::mm(g, w)), 1.6e-5);
    at::Tensor dw = at::ones({columns, width}, at::kFloat);
    WeightGradientGemm(gradient, hidden, at::scalar_tensor(0.5f), true, dw);
    EXPECT_LE(RelativeError(dw - 1.0, at::mm(g.t(), x) * 0.5), 1.6e-5);
  }
}

TEST_P(Bfloat16Gemm, NanStaysInItsRow) {
  const at::Tensor hidden = GemmOperand(Bfloat16(1, {40, 48}), GetParam());
  const at::Tensor weight = GemmOperand(Bfloat16(2, {70, 48}), GetParam());
  at::Tensor gradient = Normal(3, {40, 70}).to(at::kFloat);
  gradient[9][3] = NAN;
  at::Tensor dx = at::empty({40, 48}, at::kFloat);
  HiddenGradientGemm(gradient, weight, dx);
  EXPECT_TRUE(at::isnan(dx[9]).all().item<bool>());
  EXPECT_EQ(at::isnan(dx).sum().item<int64_t>(), 48);
  at::Tensor dw = at::empty({70, 48}, at::kFloat);
  WeightGradientGemm(gradient, hidden, {}, false, dw);
  EXPECT_TRUE(at::isnan(dw[3]).all().item<bool>());
  EXPECT_EQ(at::isnan(dw).sum().item<int64_t>(), 48);
}

// Sums of earlier chunks and this one's, rounded once.
TEST(RoundedWeightGradient, RoundsTheWholeSum) {
  if (!cpu::HasBfloat16Gemm()) GTEST_SKIP() << "no bfloat16 product here";
  const at::Tensor gradient = Normal(3, {37, 1501}).to(at::kFloat);
  const at::Tensor hidden = Bfloat16(1, {37, 50});
  const at::Tensor sums = Normal(4, {1501, 50}).to(at::kFloat);
  const at::Tensor dw =
      at::mm(gradient.to(at::kDouble).t(), hidden.to(at::kDouble));
  at::Tensor rounded = at::full({1501, 51}, 7.0, at::kBFloat16);
  at::Tensor part = rounded.narrow(1, 0, 50);
  RoundedWeightGradientGemm(gradient, hidden, {}, part);
  EXPECT_LE(RelativeError(part, dw), 2e-3);
  RoundedWeightGradientGemm(gradient, hidden, sums, part);
  EXPECT_LE(RelativeError(part, dw + sums), 2e-3);
  EXPECT_TRUE(rounded.select(1, 50).eq(7.0).all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(
    All, Bfloat16Gemm,
    ::testing::Values(Bfloat16Products::kAsStored, Bfloat16Products::kWidened),
    [](const ::testing::TestParamInfo<Bfloat16Products>& tested) {
      return ProductsName(tested.param);
    });

class Bfloat16Losses : public ::testing::TestWithParam<
                           std::tuple<Divergence, Bfloat16Products>> {};

TEST_P(Bfloat16Losses, ClosePairsKeepTheTolerance) {
  const auto& [divergence, products] = GetParam();
  if (!CanRun(products)) GTEST_SKIP() << "no bfloat16 product on this machine";
  LossCase loss_case;
  loss_case.distillation.divergence = divergence;
  DataShape shape;
  shape.teacher_hidden = shape.hidden = 16;
  shape.columns = shape.teacher_columns = 701;
  shape.closeness = 0.03;
  LossData data = MakeData(3, shape, at::kBFloat16);
  const Expected expected = ExpectedOf(loss_case, data);
  RequireGradients(data);
  LinearOptions linear;
  linear.bfloat16_products = products;
  const double tolerance = testing::kBfloat16Tolerance.gradient;
  for (const int64_t chunk : {0, 4}) {
    linear.chunk_tokens = chunk;
    data.hidden.mutable_grad() = data.weight.mutable_grad() = at::Tensor();
    RunLinear(loss_case, data, linear).loss.backward();
    EXPECT_LE(RelativeError(data.hidden.grad(), expected.hidden), tolerance);
    EXPECT_LE(RelativeError(data.weight.grad(), expected.weight), tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Bfloat16Losses,
    ::testing::Combine(
        ::testing::Values(Divergence::kForwardKl, Divergence::kReverseKl,
                          Divergence::kJsd, Divergence::kSkewForwardKl,
                          Divergence::kSkewReverseKl,
                          Divergence::kTotalVariation, Divergence::kAdaptiveKl,
                          Divergence::kSymmetricKl),
        ::testing::Values(Bfloat16Products::kAsStored,
                          Bfloat16Products::kWidened)),
    [](const ::testing::TestParamInfo<Bfloat16Losses::ParamType>& tested) {
      return std::string(DivergenceName(std::get<0>(tested.param))) + "_" +
             ProductsName(std::get<1>(tested.param));
    });

}  // namespace
}  // namespace limbeck::kernels
