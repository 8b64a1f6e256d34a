// The reference's own gradients by central differences of its own losses.
#include "kernels/reference/loss_reference.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "tests/kernels/loss_case.h"
#include "tests/support/tolerances.h"

namespace limbeck::kernels::reference {
namespace {

using Logits = std::vector<double>;

Logits Values(uint64_t seed, int64_t n) {
  const at::Tensor normal = Normal(seed, {n}).mul(2.0);
  const double* data = normal.const_data_ptr<double>();
  return {data, data + n};
}

void ExpectDerivative(const Logits& at_point,
                      const std::function<RowLoss(const Logits&)>& loss) {
  constexpr double kStep = 1e-5;
  const RowLoss here = loss(at_point);
  for (size_t i = 0; i < at_point.size(); ++i) {
    Logits ahead = at_point;
    Logits behind = at_point;
    ahead[i] += kStep;
    behind[i] -= kStep;
    EXPECT_NEAR((loss(ahead).loss - loss(behind).loss) / (2.0 * kStep),
                here.gradient[i], limbeck::testing::kCentralDifference);
  }
}

DistillationSettings SettingsOf(const LossCase& loss_case) {
  const DistillationOptions& options = loss_case.distillation;
  return {options.divergence,
          options.tail,
          options.mix,
          options.temperature,
          options.temperature_squared,
          options.cross_entropy_share};
}

class ReferenceDerivative : public ::testing::TestWithParam<LossCase> {};

TEST_P(ReferenceDerivative, MatchesCentralDifferences) {
  const LossCase& loss_case = GetParam();
  const Logits student = Values(1, 23);
  const Logits teacher = Values(2, 23);
  const CrossEntropyOptions& plain = loss_case.cross_entropy;
  DistillationSettings settings = SettingsOf(loss_case);
  settings.frozen_forward_share = 0.37;
  const Logits log_p = LogSoftmax(teacher, settings.temperature);
  TopKRow row = {{4, -1, 9, 2, 20}, {}, 0.0, true};
  double rest = 1.0;
  for (const int64_t id : row.ids) {
    row.logprobs.push_back(id < 0 ? 0.0 : log_p[static_cast<size_t>(id)]);
    if (id >= 0) rest -= std::exp(row.logprobs.back());
  }
  row.tail_logprob = std::log(rest);
  switch (loss_case.family) {
    case Family::kCrossEntropy:
      ExpectDerivative(student, [&](const Logits& x) {
        return CrossEntropy(
            x, 5, {plain.label_smoothing, plain.z_loss, plain.softcap});
      });
      break;
    case Family::kDense:
      ExpectDerivative(student, [&](const Logits& x) {
        return Distillation(x, teacher, 5, settings);
      });
      break;
    case Family::kTopK:
      ExpectDerivative(student, [&](const Logits& x) {
        return reference::TopKDistillation(x, row, 5, settings);
      });
      break;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ReferenceDerivative,
                         ::testing::ValuesIn(AllCases()),
                         [](const ::testing::TestParamInfo<LossCase>& test) {
                           const char* family =
                               test.param.family == Family::kDense ? "dense_"
                                                                   : "";
                           return family + CaseName(test.param);
                         });

TEST(AdaptiveShare, HeadHoldsMassUpToMuAndAtLeastOne) {
  // Gaps .1 .1 .2: the head is {0} for mu 0.5 (0.5 <= 0.5), {0, 1} for 0.8.
  const Logits p = {0.5, 0.3, 0.2};
  const Logits q = {0.4, 0.2, 0.4};
  EXPECT_NEAR(AdaptiveForwardShare(p, q, 0.5), 0.25, 1e-12);
  EXPECT_NEAR(AdaptiveForwardShare(p, q, 0.81), 0.5, 1e-12);
  EXPECT_NEAR(AdaptiveForwardShare(p, q, 0.0), 0.25, 1e-12);
  EXPECT_EQ(AdaptiveForwardShare(p, p, 0.5), 0.5);
}

TEST(CrossEntropy, KnownValue) {
  // -log(e^1 / (e^0 + e^1 + e^2))
  const RowLoss row = CrossEntropy({0.0, 1.0, 2.0}, 1, {});
  EXPECT_NEAR(row.loss, 1.4076059644443804, 1e-12);
  EXPECT_NEAR(row.gradient[1], 0.24472847105479767 - 1.0, 1e-12);
}

TEST(Distillation, KnownForwardAndReverseValues) {
  // P = (3/4, 1/4), Q = (1/2, 1/2).
  DistillationSettings settings;
  const double log3 = std::log(3.0);
  const double forward = 0.75 * std::log(1.5) + 0.25 * std::log(0.5);
  EXPECT_NEAR(Distillation({0.0, 0.0}, {log3, 0.0}, 0, settings).loss, forward,
              1e-15);
  settings.divergence = Divergence::kReverseKl;
  const double reverse = 0.5 * std::log(0.5 / 0.75) + 0.5 * std::log(2.0);
  EXPECT_NEAR(Distillation({0.0, 0.0}, {log3, 0.0}, 0, settings).loss, reverse,
              1e-15);
}

}  // namespace
}  // namespace limbeck::kernels::reference
