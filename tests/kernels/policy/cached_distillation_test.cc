// The KL cache gives what the dense forward KL with a frozen head gives.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "kernels/linear_cached_distillation.h"
#include "kernels/linear_distillation.h"
#include "tests/kernels/loss_case.h"
#include "tests/support/tolerances.h"

namespace limbeck::kernels {
namespace {

using ::limbeck::testing::Tolerance;
using ::limbeck::testing::ToleranceOf;

// The cache of a teacher for a head, exact in float64.
CachedTeacher CacheOf(const LossData& data, double temperature) {
  const at::Tensor log_p =
      at::log_softmax(TeacherLogits(data).div(temperature), 1);
  const at::Tensor p = log_p.exp();
  return {at::mm(p, data.weight.detach().to(at::kDouble)), -(p * log_p).sum(1)};
}

LossCase ForwardKl(double temperature) {
  LossCase loss_case;
  loss_case.distillation.temperature = temperature;
  return loss_case;
}

class CachedSuite : public ::testing::TestWithParam<
                        std::tuple<at::ScalarType, double, double>> {};

TEST_P(CachedSuite, EqualsTheDenseReferenceWithAFrozenHead) {
  const auto& [type, temperature, closeness] = GetParam();
  const Tolerance tolerance = ToleranceOf(type);
  DataShape shape;
  shape.hidden = shape.teacher_hidden = 16;
  shape.closeness = closeness;
  LossData data = MakeData(131, shape, type);
  data.bias = at::zeros_like(data.bias);
  const Expected expected = ExpectedOf(ForwardKl(temperature), data);
  CachedTeacher cache = CacheOf(data, temperature);
  if (type != at::kDouble) {
    cache = {cache.direction.to(at::kFloat), cache.entropy.to(at::kFloat)};
  }
  data.hidden.requires_grad_(true);
  LinearOptions linear;
  linear.token_weight = data.token_weight;
  linear.chunk_tokens = 4;
  // The less exact way of the CPU, whatever this machine does faster.
  linear.bfloat16_products = Bfloat16Products::kAsStored;
  const LossResult result = LinearCachedDistillation(
      data.hidden, data.weight, cache, temperature, linear);
  EXPECT_NEAR(result.loss.item<double>(), expected.loss,
              tolerance.loss * (1.0 + std::abs(expected.loss)));
  EXPECT_LE(
      (result.token_loss - expected.token_loss).abs().max().item<double>(),
      tolerance.loss * 5.0);
  result.loss.backward();
  EXPECT_LE(RelativeError(data.hidden.grad(), expected.hidden),
            tolerance.gradient);
}

INSTANTIATE_TEST_SUITE_P(All, CachedSuite,
                         ::testing::Combine(::testing::Values(at::kDouble,
                                                              at::kFloat,
                                                              at::kBFloat16),
                                            ::testing::Values(1.0, 2.0),
                                            ::testing::Values(0.0, 0.1)));

TEST(CachedDerivative, MatchesCentralDifferences) {
  const LossData data = MakeData(133, {}, at::kDouble);
  const CachedTeacher cache = CacheOf(data, 1.5);
  const auto loss = [&](const at::Tensor& hidden) {
    return LinearCachedDistillation(hidden, data.weight, cache, 1.5).loss;
  };
  const at::Tensor hidden = data.hidden.detach().clone().requires_grad_(true);
  loss(hidden).backward();
  constexpr double kStep = 1e-5;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    const at::Tensor x = Normal(140 + seed, hidden.sizes());
    const double slope = (x * hidden.grad()).sum().item<double>();
    const double difference =
        (loss(hidden.detach() + kStep * x) - loss(hidden.detach() - kStep * x))
            .item<double>() /
        (2.0 * kStep);
    EXPECT_NEAR(difference, slope,
                testing::kCentralDifference * (1.0 + std::abs(slope)));
  }
}

class Cached : public ::testing::Test {
 protected:
  Cached() {
    data_.bias = at::zeros_like(data_.bias);
    cache_ = CacheOf(data_, 1.0);
    data_.hidden.requires_grad_(true);
  }
  at::Tensor GradientOf(const LinearOptions& linear = {}) {
    data_.hidden.mutable_grad() = at::Tensor();
    LinearCachedDistillation(data_.hidden, data_.weight, cache_, 1.0, linear)
        .loss.backward();
    return data_.hidden.grad().clone();
  }
  LossData data_ = MakeData(132, {}, at::kFloat);
  CachedTeacher cache_;
};

TEST_F(Cached, HeadGetsNoGradient) {
  data_.weight.requires_grad_(true);
  GradientOf();
  EXPECT_FALSE(data_.weight.grad().defined());
}

TEST_F(Cached, ChunkSizeAndRepetitionDoNotMatter) {
  const at::Tensor whole = GradientOf();
  EXPECT_TRUE(at::equal(whole, GradientOf()));
  for (const int64_t chunk : {1, 2, 5}) {
    LinearOptions linear;
    linear.chunk_tokens = chunk;
    EXPECT_LE(RelativeError(GradientOf(linear), whole), 1e-6);
  }
}

TEST_F(Cached, SkippedRowsAreNeverRead) {
  LinearOptions linear;
  linear.token_weight = at::tensor({1.0f, 0.0f, 0.5f, 0.0f, 2.0f, 1.0f});
  const at::Tensor clean = GradientOf(linear);
  data_.hidden = data_.hidden.detach().clone();
  data_.hidden[1].fill_(NAN);
  data_.hidden.requires_grad_(true);
  cache_.direction[3].fill_(NAN);
  cache_.entropy[3] = NAN;
  EXPECT_TRUE(at::equal(GradientOf(linear), clean));
  EXPECT_EQ(clean[1].abs().max().item<float>(), 0.0f);
}

TEST_F(Cached, HalfPrecisionDirectionsAreAccepted) {
  const at::Tensor exact = GradientOf();
  cache_.direction = cache_.direction.to(at::kHalf);
  EXPECT_LE(RelativeError(GradientOf(), exact), 1e-3);
}

TEST_F(Cached, EmptyInput) {
  const at::Tensor hidden = at::zeros({0, 5}).requires_grad_(true);
  const LossResult result = LinearCachedDistillation(
      hidden, data_.weight, {at::zeros({0, 5}), at::zeros({0})});
  EXPECT_EQ(result.loss.item<float>(), 0.0f);
  result.loss.backward();
  EXPECT_EQ(hidden.grad().numel(), 0);
}

}  // namespace
}  // namespace limbeck::kernels
