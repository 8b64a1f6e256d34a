#include "kernels/cuda/softmax_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/cross_entropy_launch.h"
#include "kernels/cuda/cross_entropy_loss.h"
#include "kernels/cuda/sampled_loss.h"
#include "kernels/cuda/softmax_plan.h"
#include "kernels/policy_rows_launch.h"
#include "kernels/reference/loss_reference.h"
#include "kernels/reference/policy_reference.h"
#include "tests/kernels/cuda/row_case.h"

namespace limbeck::kernels::cuda {
namespace {

constexpr int64_t kKeptRows[] = {0, 2, 3, 5};

template <class Machine, template <class> class Loss, class LossArguments>
std::string RunLoss(const RowCase& rows, const RowLayout& layout,
                    double temperature, double softcap,
                    const LossArguments& loss, uint64_t seed) {
  using Rows = SoftmaxRows<Machine, Loss>;
  const auto arguments =
      PlanSoftmax<Machine, Rows>(rows.launch(), temperature, softcap, loss, 0,
                                 {int64_t{1} << 20, layout.largest_cluster});
  return RowCase::Run<Rows, Machine>(arguments, sizeof(typename Rows::State),
                                     seed, seed % 2 == 0);
}

template <class Machine>
std::string RunCrossEntropy(const RowCase& rows, const RowLayout& layout,
                            const CrossEntropyRule& rule, uint64_t seed) {
  const auto run = [&](auto loss_of) {
    return RunLoss<Machine, decltype(loss_of)::template Loss>(
        rows, layout, 1.0, rule.softcap, rule, seed);
  };
  if (rule.softcap > 0.0) {
    return rule.label_smoothing > 0.0 ? run(CrossEntropyOf<true, true>{})
                                      : run(CrossEntropyOf<true, false>{});
  }
  return rule.label_smoothing > 0.0 ? run(CrossEntropyOf<false, true>{})
                                    : run(CrossEntropyOf<false, false>{});
}

void ExpectRow(const RowCase& rows, const RowLayout& layout, int64_t row,
               double loss, std::vector<double> gradient) {
  EXPECT_NEAR(rows.TokenLoss(row), loss, 4e-6 * (1.0 + std::abs(loss)))
      << "row " << row;
  if (rows.launch().gradient.data == nullptr || layout.columns == 1) return;
  for (double& value : gradient) value *= rows.Weight(row);
  EXPECT_LE(RelativeError(rows.Gradient(row), gradient),
            GradientTolerance(layout))
      << "row " << row;
}

void ExpectCrossEntropy(const RowCase& rows, const RowLayout& layout,
                        const CrossEntropyRule& rule) {
  for (const int64_t row : kKeptRows) {
    const reference::RowLoss expected = reference::CrossEntropy(
        rows.Student(row), rows.Target(row),
        {rule.label_smoothing, rule.z_loss, rule.softcap});
    ExpectRow(rows, layout, row, expected.loss, expected.gradient);
  }
  EXPECT_EQ(rows.WhatElseChanged(), "");
}

TEST(SoftmaxRows, EveryCrossEntropyInEveryLayout) {
  uint64_t seed = 20;
  for (const RowLayout& layout : Layouts()) {
    for (const double smoothing : {0.0, 0.1}) {
      for (const double softcap : {0.0, 5.0}) {
        std::ostringstream text;
        text << layout << ", smoothing " << smoothing << ", cap " << softcap;
        SCOPED_TRACE(text.str());
        const CrossEntropyRule rule = {smoothing, 0.01, softcap};
        RowCase rows(layout, ++seed, false);
        ASSERT_EQ(RunCrossEntropy<BulkMachine>(rows, layout, rule, seed), "");
        ExpectCrossEntropy(rows, layout, rule);
      }
    }
  }
}

TEST(SoftmaxRows, WithoutBulkCopiesAndClusters) {
  for (RowLayout layout : Layouts()) {
    layout.largest_cluster = 1;
    std::ostringstream text;
    text << layout;
    SCOPED_TRACE(text.str());
    const CrossEntropyRule rule = {0.0, 0.0, 0.0};
    RowCase rows(layout, 60, false);
    ASSERT_EQ(RunCrossEntropy<PlainMachine>(rows, layout, rule, 1), "");
    ExpectCrossEntropy(rows, layout, rule);
  }
}

TEST(SoftmaxRows, SmoothingPassesOverImpossibleColumns) {
  RowLayout layout;
  layout.columns = 2900;
  for (const double softcap : {0.0, 5.0}) {
    const CrossEntropyRule rule = {0.2, 0.0, softcap};
    RowCase rows(layout, 61, false);
    std::vector<double> masked = rows.Student(0);
    for (size_t i = 0; i < masked.size(); i += 3) masked[i] = -INFINITY;
    rows.SetStudent(0, masked);
    rows.SetTarget(0, 1);
    ASSERT_EQ(RunCrossEntropy<BulkMachine>(rows, layout, rule, 1), "");
    ExpectCrossEntropy(rows, layout, rule);
  }
}

// q_y - 1 is minus the sum of the others: no bit of it cancels (Liger-Kernel
// issue 1329 rounded it after the subtraction).
TEST(SoftmaxRows, NearlyCertainLabelKeepsItsGradient) {
  RowLayout layout;
  layout.columns = 2900;
  layout.scale = 0.5;
  layout.gradient = LogitType::kBfloat16;
  RowCase rows(layout, 62, false);
  std::vector<double> certain = rows.Student(3);
  certain[static_cast<size_t>(rows.Target(3))] = 30.0;
  rows.SetStudent(3, certain);
  ASSERT_EQ(RunCrossEntropy<BulkMachine>(rows, layout, {0.0, 0.0, 0.0}, 1), "");
  ExpectCrossEntropy(rows, layout, {0.0, 0.0, 0.0});
  const size_t label = static_cast<size_t>(rows.Target(3));
  const double expected =
      reference::CrossEntropy(rows.Student(3), rows.Target(3), {})
          .gradient[label] *
      rows.Weight(3);
  EXPECT_NEAR(rows.Gradient(3)[label], expected, 0x1p-8 * std::abs(expected));
}

TEST(SoftmaxRows, NanAndBadLabelsPoisonTheirRowAlone) {
  RowLayout layout;
  layout.columns = 2900;
  layout.place = GradientPlace::kOverLogits;
  for (const int64_t bad : {int64_t{-1}, int64_t{2900}, int64_t{1} << 40}) {
    RowCase rows(layout, 63, false);
    std::vector<double> broken = rows.Student(2);
    broken[2899] = std::nan("");
    rows.SetStudent(2, broken);
    rows.SetTarget(3, bad);
    ASSERT_EQ(RunCrossEntropy<BulkMachine>(rows, layout, {0.1, 0.1, 0.0}, 1),
              "");
    for (const int64_t row : {2, 3}) {
      EXPECT_TRUE(std::isnan(rows.TokenLoss(row)));
      for (const double value : rows.Gradient(row)) {
        ASSERT_TRUE(std::isnan(value));
      }
    }
    EXPECT_TRUE(std::isfinite(rows.TokenLoss(0)));
    EXPECT_EQ(rows.WhatElseChanged(), "");
  }
}

TEST(SoftmaxRows, BitsDoNotDependOnTheOrderOfThreads) {
  for (const RowLayout& layout : Layouts()) {
    RowCase first(layout, 64, false);
    ASSERT_EQ(RunCrossEntropy<BulkMachine>(first, layout, {0.1, 0.1, 0.0}, 1),
              "");
    RowCase again(layout, 64, false);
    ASSERT_EQ(RunCrossEntropy<BulkMachine>(again, layout, {0.1, 0.1, 0.0}, 2),
              "");
    EXPECT_TRUE(first.Bytes() == again.Bytes());
  }
}

struct SampledMemory {
  std::vector<float> log_prob = std::vector<float>(RowCase::kRows, -7.0f);
  std::vector<float> entropy = std::vector<float>(RowCase::kRows, -7.0f);
  std::vector<float> first = std::vector<float>(RowCase::kRows);
  std::vector<float> second = std::vector<float>(RowCase::kRows);
  std::vector<float> third = std::vector<float>(RowCase::kRows);

  SampledMemory() {
    for (size_t row = 0; row < first.size(); ++row) {
      first[row] = static_cast<float>(NormalNumber(70, row));
      second[row] = static_cast<float>(NormalNumber(71, row));
      third[row] = static_cast<float>(NormalNumber(72, row));
    }
  }
  SampledDeviceOutputs outputs() { return {log_prob.data(), entropy.data()}; }
};

void ExpectOutputs(const SampledMemory& memory, int64_t row, double log_prob,
                   double entropy) {
  const size_t i = static_cast<size_t>(row);
  EXPECT_NEAR(memory.log_prob[i], log_prob, 4e-6 * (1.0 + std::abs(log_prob)));
  EXPECT_NEAR(memory.entropy[i], entropy, 4e-6 * (1.0 + std::abs(entropy)));
}

TEST(SoftmaxRows, LogprobAndEntropyWithGivenSlopes) {
  uint64_t seed = 80;
  for (const RowLayout& layout : Layouts()) {
    for (const bool with_entropy : {false, true}) {
      std::ostringstream text;
      text << layout << ", entropy " << with_entropy;
      SCOPED_TRACE(text.str());
      RowCase rows(layout, ++seed, false);
      SampledMemory memory;
      if (!with_entropy) memory.second.assign(RowCase::kRows, 0.0f);
      const GivenSlopeArguments loss = {memory.outputs(), memory.first.data(),
                                        memory.second.data()};
      const std::string error =
          RunLoss<BulkMachine, SampledOf<GivenSlopeArguments>::Loss>(
              rows, layout, 1.7, 0.0, loss, seed);
      ASSERT_EQ(error, "");
      for (const int64_t row : kKeptRows) {
        const reference::LogprobRow expected =
            reference::Logprob(rows.Student(row), rows.Target(row), 1.7);
        ExpectOutputs(memory, row, expected.log_prob, expected.entropy);
        std::vector<double> gradient = expected.log_prob_gradient;
        for (size_t i = 0; i < gradient.size(); ++i) {
          gradient[i] = gradient[i] * memory.first[static_cast<size_t>(row)] +
                        expected.entropy_gradient[i] *
                            memory.second[static_cast<size_t>(row)];
        }
        if (layout.columns == 1) continue;
        EXPECT_LE(RelativeError(rows.Gradient(row), gradient),
                  GradientTolerance(layout));
      }
      EXPECT_EQ(memory.log_prob[1], -7.0f);
      EXPECT_EQ(rows.WhatElseChanged(), "");
    }
  }
}

TEST(SoftmaxRows, PolicyLosses) {
  uint64_t seed = 120;
  for (const PolicyKind kind : {PolicyKind::kGrpo, PolicyKind::kCispo,
                                PolicyKind::kOnPolicyDistillation}) {
    for (const KlEstimator estimator :
         {KlEstimator::kK1, KlEstimator::kK2, KlEstimator::kK3}) {
      RowLayout layout;
      layout.columns = 2900;
      SCOPED_TRACE(std::string(PolicyKindName(kind)) + " " +
                   std::string(KlEstimatorName(estimator)));
      RowCase rows(layout, ++seed, false);
      SampledMemory memory;
      std::vector<reference::PolicyToken> tokens(1);
      reference::PolicySettings settings;
      settings.kind = kind;
      settings.ratio_cap = 3.0;
      settings.kl_coefficient = 0.1;
      settings.kl_estimator = estimator;
      settings.entropy_bonus = 0.05;
      settings.temperature = 1.3;
      const PolicyRule rule = {kind,
                               settings.clip_low,
                               settings.clip_high,
                               settings.ratio_cap,
                               settings.kl_coefficient,
                               estimator,
                               settings.entropy_bonus};
      // Samplers and references close to the student's own log-probability.
      for (const int64_t row : kKeptRows) {
        const size_t i = static_cast<size_t>(row);
        const float own = static_cast<float>(
            reference::Logprob(rows.Student(row), rows.Target(row), 1.3)
                .log_prob);
        memory.first[i] = own + 0.5f * memory.first[i];
        memory.third[i] = own + 0.5f * memory.third[i];
      }
      const PolicyArguments loss = {memory.outputs(), rule, memory.first.data(),
                                    memory.second.data(), memory.third.data()};
      const std::string error =
          RunLoss<BulkMachine, SampledOf<PolicyArguments>::Loss>(
              rows, layout, 1.3, 0.0, loss, seed);
      ASSERT_EQ(error, "");
      for (const int64_t row : kKeptRows) {
        const size_t i = static_cast<size_t>(row);
        tokens[0] = {};
        tokens[0].logits = rows.Student(row);
        tokens[0].target = rows.Target(row);
        tokens[0].sampler_logprob = memory.first[i];
        tokens[0].advantage = memory.second[i];
        tokens[0].reference_logprob = memory.third[i];
        const reference::PolicyBatch expected =
            reference::Policy(tokens, settings);
        ExpectOutputs(memory, row, expected.log_prob[0], expected.entropy[0]);
        ExpectRow(rows, layout, row, expected.token_loss[0],
                  expected.gradient[0]);
      }
      EXPECT_EQ(rows.WhatElseChanged(), "");
    }
  }
}

TEST(SoftmaxRows, CachedDistillation) {
  for (const RowLayout& layout : Layouts()) {
    std::ostringstream text;
    text << layout;
    SCOPED_TRACE(text.str());
    RowCase rows(layout, 150, false);
    SampledMemory memory;
    const CachedArguments loss = {1.0 / 1.5, memory.first.data(),
                                  memory.second.data()};
    const std::string error =
        RunLoss<BulkMachine, CachedLoss>(rows, layout, 1.5, 0.0, loss, 1);
    ASSERT_EQ(error, "");
    for (const int64_t row : kKeptRows) {
      const std::vector<double> log_q =
          reference::LogSoftmax(rows.Student(row), 1.5);
      const size_t i = static_cast<size_t>(row);
      const double lse = rows.Student(row)[0] / 1.5 - log_q[0];
      std::vector<double> gradient;
      for (const double value : log_q) {
        gradient.push_back(std::exp(value) / 1.5);
      }
      ExpectRow(rows, layout, row,
                lse - memory.first[i] / 1.5 - memory.second[i], gradient);
    }
    EXPECT_EQ(rows.WhatElseChanged(), "");
  }
}

}  // namespace
}  // namespace limbeck::kernels::cuda
