// Every loss against the double reference, on every device and in every dtype,
// as linear operator and on given logits, and against central differences.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>

#include "tests/kernels/devices.h"
#include "tests/kernels/loss_case.h"
#include "tests/support/tolerances.h"

namespace limbeck::kernels {
namespace {

using testing::Tolerance;
using testing::ToleranceOf;

DataShape ShapeOf(const LossCase& loss_case, at::DeviceType device = at::kCPU) {
  DataShape shape;
  shape.temperature = loss_case.distillation.temperature;
  if (device == at::kCPU) return shape;
  // Enough entries for the mean rounding of the GPU's bfloat16 gradient to
  // show, not its largest: with six rows a handful of entries make the norm.
  shape.tokens = 64;
  shape.hidden = 40;
  shape.teacher_hidden = 24;
  shape.columns = shape.teacher_columns = 1003;
  return shape;
}

Tolerance ToleranceOn(at::DeviceType device, at::ScalarType type) {
  return device == at::kCUDA && type == at::kBFloat16
             ? testing::kBfloat16DeviceTolerance
             : ToleranceOf(type);
}

void ExpectLoss(const LossResult& result, const Expected& expected,
                double tolerance) {
  EXPECT_NEAR(result.loss.item<double>(), expected.loss,
              tolerance * (1.0 + std::abs(expected.loss)));
  const at::Tensor gap =
      (result.token_loss.cpu().to(at::kDouble) - expected.token_loss).abs() /
      (1.0 + expected.token_loss.abs());
  EXPECT_LE(gap.max().item<double>(), tolerance);
}

class LossSuite : public ::testing::TestWithParam<
                      std::tuple<LossCase, at::ScalarType, at::DeviceType>> {
 protected:
  void SetUp() override {
    if (!HasDevice(std::get<2>(GetParam()))) GTEST_SKIP() << kNoDevice;
  }
};

TEST_P(LossSuite, LinearMatchesReference) {
  const auto& [loss_case, type, device] = GetParam();
  const Tolerance tolerance = ToleranceOn(device, type);
  LossData data = MakeData(1, ShapeOf(loss_case, device), type);
  const Expected expected = ExpectedOf(loss_case, data);
  data = OnDevice(data, device);
  RequireGradients(data);
  const LossResult result = RunLinear(loss_case, data);
  ExpectLoss(result, expected, tolerance.loss);
  result.loss.backward();
  EXPECT_LE(RelativeError(data.hidden.grad(), expected.hidden),
            tolerance.gradient);
  EXPECT_LE(RelativeError(data.weight.grad(), expected.weight),
            tolerance.gradient);
  // One bias entry per column: bfloat16 rounds each sum once more.
  EXPECT_LE(RelativeError(data.bias.grad(), expected.bias), tolerance.gradient);
  EXPECT_FALSE(result.token_loss.requires_grad());
}

TEST_P(LossSuite, GivenLogitsMatchReferenceAndLinear) {
  const auto& [loss_case, type, device] = GetParam();
  if (type == at::kBFloat16) return;  // logits of another rounding
  const Tolerance tolerance = ToleranceOf(type);
  LossData data = MakeData(1, ShapeOf(loss_case, device), type);
  const Expected expected = ExpectedOf(loss_case, data);
  data = OnDevice(data, device);
  const at::Tensor student =
      at::addmm(data.bias, data.hidden, data.weight.t()).requires_grad_(true);
  const at::Tensor teacher = at::addmm(data.teacher_bias, data.teacher_hidden,
                                       data.teacher_weight.t());
  const LossResult result = RunGiven(loss_case, data, student, teacher);
  ExpectLoss(result, expected, tolerance.loss);
  result.loss.backward();
  EXPECT_LE(RelativeError(student.grad(), expected.logits), tolerance.gradient);
  // On the GPU the two come from products of different shape.
  if (device == at::kCUDA) return;
  const LossResult linear = RunLinear(loss_case, data);
  EXPECT_TRUE(at::equal(linear.token_loss, result.token_loss));
  EXPECT_TRUE(at::equal(linear.loss, result.loss));
}

std::string SuiteName(
    const ::testing::TestParamInfo<LossSuite::ParamType>& test) {
  const auto& [loss_case, type, device] = test.param;
  const char* family = loss_case.family == Family::kDense ? "dense_" : "";
  return family + CaseName(loss_case) + "_" + c10::toString(type);
}

INSTANTIATE_TEST_SUITE_P(All, LossSuite,
                         ::testing::Combine(::testing::ValuesIn(AllCases()),
                                            ::testing::Values(at::kDouble,
                                                              at::kFloat,
                                                              at::kBFloat16),
                                            ::testing::Values(at::kCPU)),
                         SuiteName);
INSTANTIATE_TEST_SUITE_P(Cuda, LossSuite,
                         ::testing::Combine(::testing::ValuesIn(AllCases()),
                                            ::testing::Values(at::kFloat,
                                                              at::kBFloat16),
                                            ::testing::Values(at::kCUDA)),
                         SuiteName);

// What the GPU rounds: the gradient of the logits and dX to bfloat16. Exact
// numbers rounded there must keep the tolerance, or no kernel could.
TEST(DeviceRounding, KeepsTheTolerance) {
  double sum = 0.0;
  double count = 0.0;
  for (const LossCase& loss_case : AllCases()) {
    if (loss_case.distillation.temperature != 1.0) continue;
    const LossData data =
        MakeData(1, ShapeOf(loss_case, at::kCUDA), at::kBFloat16);
    const Expected expected = ExpectedOf(loss_case, data);
    const at::Tensor gradient =
        expected.logits.to(at::kBFloat16).to(at::kDouble);
    const double error = RelativeError(
        at::mm(gradient, data.weight.to(at::kDouble)).to(at::kBFloat16),
        expected.hidden);
    EXPECT_LE(error, testing::kBfloat16DeviceTolerance.gradient)
        << CaseName(loss_case);
    sum += error;
    count += 1.0;
  }
  EXPECT_LE(sum / count, testing::kBfloat16Tolerance.gradient);
}

class LossDerivative : public ::testing::TestWithParam<LossCase> {};

// Along random directions in hidden, weight and bias at once.
TEST_P(LossDerivative, MatchesCentralDifferences) {
  const LossCase& loss_case = GetParam();
  // Adaptive KL holds its share fixed: reference_test differentiates that.
  if (loss_case.distillation.divergence == Divergence::kAdaptiveKl) return;
  LossData data = MakeData(2, ShapeOf(loss_case), at::kDouble);
  RequireGradients(data);
  RunLinear(loss_case, data).loss.backward();
  constexpr double kStep = 1e-5;
  for (uint64_t direction = 0; direction < 3; ++direction) {
    LossData ahead = data;
    LossData behind = data;
    double slope = 0.0;
    uint64_t id = 1000 + 10 * direction;
    for (auto member :
         {&LossData::hidden, &LossData::weight, &LossData::bias}) {
      const at::Tensor& value = data.*member;
      const at::Tensor step = Normal(++id, value.sizes());
      slope += (step * value.grad()).sum().item<double>();
      ahead.*member = value.detach() + kStep * step;
      behind.*member = value.detach() - kStep * step;
    }
    const double difference =
        (RunLinear(loss_case, ahead).loss - RunLinear(loss_case, behind).loss)
            .item<double>() /
        (2.0 * kStep);
    EXPECT_NEAR(difference, slope,
                testing::kCentralDifference * (1.0 + std::abs(slope)));
  }
}

INSTANTIATE_TEST_SUITE_P(All, LossDerivative, ::testing::ValuesIn(AllCases()),
                         [](const ::testing::TestParamInfo<LossCase>& test) {
                           const char* family =
                               test.param.family == Family::kDense ? "dense_"
                                                                   : "";
                           return family + CaseName(test.param);
                         });

// Teacher = student + small noise: the gradient is a difference of almost
// equal numbers, where rounded logits would show.
class ClosePair : public ::testing::TestWithParam<
                      std::tuple<Divergence, at::ScalarType, at::DeviceType>> {
 protected:
  void SetUp() override {
    if (!HasDevice(std::get<2>(GetParam()))) GTEST_SKIP() << kNoDevice;
  }
};

TEST_P(ClosePair, KeepsTheToleranceOfItsType) {
  const auto& [divergence, type, device] = GetParam();
  LossCase loss_case;
  loss_case.distillation.divergence = divergence;
  DataShape shape;
  shape.teacher_hidden = shape.hidden = 16;
  shape.columns = shape.teacher_columns = 701;
  shape.closeness = 0.03;
  if (device == at::kCUDA) shape.tokens = 64;  // as in ShapeOf
  LossData data = MakeData(3, shape, type);
  const Expected expected = ExpectedOf(loss_case, data);
  data = OnDevice(data, device);
  RequireGradients(data);
  RunLinear(loss_case, data).loss.backward();
  const double tolerance = ToleranceOf(type).gradient;
  EXPECT_LE(RelativeError(data.hidden.grad(), expected.hidden), tolerance);
  EXPECT_LE(RelativeError(data.weight.grad(), expected.weight), tolerance);
}

constexpr Divergence kDivergences[] = {
    Divergence::kForwardKl,     Divergence::kReverseKl,
    Divergence::kJsd,           Divergence::kSkewForwardKl,
    Divergence::kSkewReverseKl, Divergence::kTotalVariation,
    Divergence::kAdaptiveKl,    Divergence::kSymmetricKl};

std::string PairName(
    const ::testing::TestParamInfo<ClosePair::ParamType>& test) {
  return std::string(DivergenceName(std::get<0>(test.param))) + "_" +
         c10::toString(std::get<1>(test.param));
}

INSTANTIATE_TEST_SUITE_P(All, ClosePair,
                         ::testing::Combine(::testing::ValuesIn(kDivergences),
                                            ::testing::Values(at::kFloat,
                                                              at::kBFloat16),
                                            ::testing::Values(at::kCPU)),
                         PairName);
INSTANTIATE_TEST_SUITE_P(Cuda, ClosePair,
                         ::testing::Combine(::testing::ValuesIn(kDivergences),
                                            ::testing::Values(at::kFloat,
                                                              at::kBFloat16),
                                            ::testing::Values(at::kCUDA)),
                         PairName);

}  // namespace
}  // namespace limbeck::kernels
