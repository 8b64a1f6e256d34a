#include "kernels/cuda/pair_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/cuda/pair_plan.h"
#include "kernels/cuda/pair_sweep_rows.h"
#include "kernels/distillation_launch.h"
#include "kernels/reference/loss_reference.h"
#include "tests/kernels/cuda/row_case.h"

namespace limbeck::kernels::cuda {
namespace {

struct Order {
  uint64_t seed = 1;
  bool late_copies = true;
};

template <class Rows, class Machine>
std::string RunRows(const RowCase& rows, const DistillationRule& rule,
                    const RowNeeds& needs, int32_t largest_cluster,
                    const Order& order) {
  const PairArguments arguments = {
      rows.launch(),
      PlanRows(rows.launch(), needs, {int64_t{1} << 20, largest_cluster}),
      PairRuleOf(rule)};
  if (!Rows::CanWork(arguments.pipe)) return "cannot work";
  return RowCase::Run<Rows, Machine>(arguments, sizeof(typename Rows::State),
                                     order.seed, order.late_copies);
}

template <class Machine, Divergence kind>
std::string RunKind(const RowCase& rows, const DistillationRule& rule,
                    int32_t largest_cluster, const Order& order) {
  const RowNeeds needs = PairRowNeeds<Machine>();
  if (PairRuleOf(rule).plain_softmax) {
    return RunRows<PairRows<Machine, kind, true>, Machine>(
        rows, rule, needs, largest_cluster, order);
  }
  return RunRows<PairRows<Machine, kind, false>, Machine>(
      rows, rule, needs, largest_cluster, order);
}

// In registers.
template <class Machine>
std::string RunInRegisters(const RowCase& rows, const DistillationRule& rule,
                           int32_t cluster, const Order& order) {
  switch (rule.kind) {
    case Divergence::kForwardKl:
      return RunKind<Machine, Divergence::kForwardKl>(rows, rule, cluster,
                                                      order);
    case Divergence::kReverseKl:
      return RunKind<Machine, Divergence::kReverseKl>(rows, rule, cluster,
                                                      order);
    case Divergence::kJsd:
      return RunKind<Machine, Divergence::kJsd>(rows, rule, cluster, order);
    case Divergence::kSkewForwardKl:
      return RunKind<Machine, Divergence::kSkewForwardKl>(rows, rule, cluster,
                                                          order);
    case Divergence::kSkewReverseKl:
      return RunKind<Machine, Divergence::kSkewReverseKl>(rows, rule, cluster,
                                                          order);
    case Divergence::kTotalVariation:
      return RunKind<Machine, Divergence::kTotalVariation>(rows, rule, cluster,
                                                           order);
    default:
      return RunKind<Machine, Divergence::kSymmetricKl>(rows, rule, cluster,
                                                        order);
  }
}

template <class Machine>
std::string RunSweeps(const RowCase& rows, const DistillationRule& rule,
                      int32_t cluster, const Order& order) {
  return RunRows<PairSweepRows<Machine>, Machine>(
      rows, rule, PairSweepNeeds<Machine>({rows.launch(), rule}), cluster,
      order);
}

constexpr Divergence kKinds[] = {
    Divergence::kForwardKl,     Divergence::kReverseKl,
    Divergence::kJsd,           Divergence::kSkewForwardKl,
    Divergence::kSkewReverseKl, Divergence::kTotalVariation,
    Divergence::kSymmetricKl,   Divergence::kAdaptiveKl};

DistillationRule Rule(Divergence kind, double temperature, double share) {
  return {kind, Tail::kLumped, 0.3, temperature, 1.0 - share, share};
}

reference::RowLoss Expected(const RowCase& rows, const DistillationRule& rule,
                            int64_t row) {
  reference::DistillationSettings settings;
  settings.divergence = rule.kind;
  settings.mix = rule.mix;
  settings.temperature = rule.temperature;
  settings.cross_entropy_share = rule.cross_entropy_share;
  return reference::Distillation(rows.Student(row), rows.Teacher(row),
                                 rows.Target(row), settings);
}

void ExpectReference(const RowCase& rows, const DistillationRule& rule,
                     double tolerance) {
  for (int64_t row = 0; row < RowCase::kRows; ++row) {
    if (!RowCase::IsKept(row)) continue;
    reference::RowLoss expected = Expected(rows, rule, row);
    EXPECT_NEAR(rows.TokenLoss(row), expected.loss,
                4e-6 * (1.0 + std::abs(expected.loss)));
    for (double& value : expected.gradient) value *= rows.Weight(row);
    if (rows.launch().num_columns == 1) continue;  // all gradients are 0
    EXPECT_LE(RelativeError(rows.Gradient(row), expected.gradient), tolerance)
        << "row " << row;
  }
  EXPECT_EQ(rows.WhatElseChanged(), "");
}

bool FitsRegisters(const RowLayout& layout) {
  return CutRow(layout.columns, kHostThreads * kPairColumns,
                layout.largest_cluster)
             .num_tiles == 1;
}

std::string RunCase(const RowCase& rows, const RowLayout& layout,
                    const DistillationRule& rule, const Order& order) {
  if (rule.kind != Divergence::kAdaptiveKl && FitsRegisters(layout)) {
    return RunInRegisters<BulkMachine>(rows, rule, layout.largest_cluster,
                                       order);
  }
  return RunSweeps<BulkMachine>(rows, rule, layout.largest_cluster, order);
}

TEST(PairRows, EveryDivergenceAgreesWithTheReference) {
  for (const Divergence kind : kKinds) {
    for (const double temperature : {1.0, 2.5}) {
      for (const double share : {0.0, 0.25}) {
        RowLayout layout;
        layout.columns = 700;
        SCOPED_TRACE(std::string(DivergenceName(kind)) + " at " +
                     std::to_string(temperature) + ", share " +
                     std::to_string(share));
        const DistillationRule rule = Rule(kind, temperature, share);
        RowCase rows(layout, 1, true);
        ASSERT_EQ(RunCase(rows, layout, rule, {}), "");
        ExpectReference(rows, rule, GradientTolerance(layout));
      }
    }
  }
}

TEST(PairRows, EveryLayoutAgreesWithTheReference) {
  uint64_t seed = 10;
  for (const RowLayout& layout : Layouts()) {
    for (const Divergence kind :
         {Divergence::kForwardKl, Divergence::kJsd, Divergence::kAdaptiveKl}) {
      std::ostringstream text;
      text << DivergenceName(kind) << ": " << layout;
      SCOPED_TRACE(text.str());
      const DistillationRule rule = Rule(kind, 1.0, 0.25);
      RowCase rows(layout, ++seed, true);
      ASSERT_EQ(RunCase(rows, layout, rule, {seed, seed % 2 == 0}), "");
      ExpectReference(rows, rule, GradientTolerance(layout));
    }
  }
}

TEST(PairRows, SweepsAgreeWithTheReference) {
  for (const Divergence kind : kKinds) {
    RowLayout layout;
    layout.columns = 5400;
    layout.largest_cluster = 2;
    layout.padding = 0;
    SCOPED_TRACE(DivergenceName(kind));
    const DistillationRule rule = Rule(kind, 2.0, 0.25);
    RowCase rows(layout, 3, true);
    ASSERT_EQ(RunSweeps<BulkMachine>(rows, rule, 2, {}), "");
    ExpectReference(rows, rule, GradientTolerance(layout));
  }
}

TEST(PairRows, WithoutBulkCopiesAndClusters) {
  for (const RowLayout& base : Layouts()) {
    RowLayout layout = base;
    layout.largest_cluster = 1;
    std::ostringstream text;
    text << layout;
    SCOPED_TRACE(text.str());
    const DistillationRule rule = Rule(Divergence::kReverseKl, 1.0, 0.0);
    RowCase rows(layout, 5, true);
    ASSERT_EQ(FitsRegisters(layout)
                  ? RunInRegisters<PlainMachine>(rows, rule, 1, {})
                  : RunSweeps<PlainMachine>(rows, rule, 1, {}),
              "");
    ExpectReference(rows, rule, GradientTolerance(layout));
  }
}

// The rounding of float32 logits bounds what any kernel can reach: exponents
// of size 30 carry 2e-6, and the gradient is the difference of close numbers.
TEST(PairRows, ClosePairsKeepTheirGradient) {
  for (const Divergence kind : kKinds) {
    if (kind == Divergence::kTotalVariation) continue;  // a kink at p = q
    RowLayout layout;
    layout.columns = 700;
    layout.closeness = 0.1;
    SCOPED_TRACE(DivergenceName(kind));
    const DistillationRule rule = Rule(kind, 1.0, 0.0);
    RowCase rows(layout, 7, true);
    ASSERT_EQ(RunCase(rows, layout, rule, {}), "");
    ExpectReference(rows, rule, GradientTolerance(layout));
  }
}

TEST(PairRows, EqualRowsHaveNoLossAndNoGradient) {
  for (const Divergence kind : kKinds) {
    RowLayout layout;
    layout.columns = 700;
    SCOPED_TRACE(DivergenceName(kind));
    const DistillationRule rule = Rule(kind, 1.0, 0.0);
    RowCase rows(layout, 8, true);
    for (const int64_t row : {0, 2, 3, 5}) {
      rows.SetTeacher(row, rows.Student(row));
    }
    ASSERT_EQ(RunCase(rows, layout, rule, {}), "");
    for (const int64_t row : {0, 2, 3, 5}) {
      EXPECT_EQ(rows.TokenLoss(row), 0.0);
      for (const double value : rows.Gradient(row)) {
        ASSERT_LE(std::abs(value), 1e-7);
      }
    }
  }
}

TEST(PairRows, ExtremeLogitsStayFinite) {
  for (const Divergence kind : kKinds) {
    for (const double size : {1e4, -1e4}) {
      RowLayout layout;
      layout.columns = 700;
      SCOPED_TRACE(DivergenceName(kind));
      const DistillationRule rule = Rule(kind, 1.0, 0.25);
      RowCase rows(layout, 9, true);
      std::vector<double> student = rows.Student(0);
      std::vector<double> teacher = rows.Teacher(0);
      student[3] = size;                    // nearly one-hot, or impossible
      teacher[4] = -size;                   //
      student[5] = teacher[5] = -INFINITY;  // impossible on both sides
      rows.SetStudent(0, student);
      rows.SetTeacher(0, teacher);
      ASSERT_EQ(RunCase(rows, layout, rule, {}), "");
      EXPECT_TRUE(std::isfinite(rows.TokenLoss(0)));
      for (const double value : rows.Gradient(0)) {
        ASSERT_TRUE(std::isfinite(value));
      }
      EXPECT_EQ(rows.Gradient(0)[5], 0.0);
    }
  }
}

TEST(PairRows, NanAndBadLabelsPoisonTheirRowAlone) {
  for (const Divergence kind :
       {Divergence::kForwardKl, Divergence::kJsd, Divergence::kAdaptiveKl}) {
    RowLayout layout;
    layout.columns = 700;
    SCOPED_TRACE(DivergenceName(kind));
    const DistillationRule rule = Rule(kind, 2.0, 0.25);
    RowCase rows(layout, 11, true);
    std::vector<double> broken = rows.Student(2);
    broken[690] = std::nan("");
    rows.SetStudent(2, broken);
    rows.SetTarget(3, 700);
    ASSERT_EQ(RunCase(rows, layout, rule, {}), "");
    for (const int64_t row : {2, 3}) {
      EXPECT_TRUE(std::isnan(rows.TokenLoss(row)));
      for (const double value : rows.Gradient(row)) {
        ASSERT_TRUE(std::isnan(value));
      }
    }
    for (const int64_t row : {0, 5}) {
      EXPECT_TRUE(std::isfinite(rows.TokenLoss(row)));
    }
  }
}

TEST(PairRows, BitsDoNotDependOnTheOrderOfThreads) {
  for (const Divergence kind : kKinds) {
    RowLayout layout;
    layout.columns = 5001;
    layout.gradient = LogitType::kBfloat16;
    layout.place = GradientPlace::kInsideLogits;
    layout.given = false;
    layout.padding = 7;
    SCOPED_TRACE(DivergenceName(kind));
    const DistillationRule rule = Rule(kind, 1.0, 0.25);
    RowCase first(layout, 12, true);
    ASSERT_EQ(RunCase(first, layout, rule, {1, false}), "");
    for (uint64_t seed = 2; seed < 4; ++seed) {
      RowCase again(layout, 12, true);
      ASSERT_EQ(RunCase(again, layout, rule, {seed, seed % 2 == 0}), "");
      EXPECT_TRUE(first.Bytes() == again.Bytes()) << "order " << seed;
    }
  }
}

TEST(PairRows, HeadOfAdaptiveKlBreaksTiesByColumn) {
  RowLayout layout;
  layout.columns = 2700;
  const DistillationRule rule = Rule(Divergence::kAdaptiveKl, 1.0, 0.0);
  RowCase rows(layout, 13, true);
  // Teachers of few values: the head ends amid equal ones.
  for (const int64_t row : {0, 2, 3, 5}) {
    std::vector<double> teacher = rows.Teacher(row);
    for (double& value : teacher) {
      value = std::floor(value / static_cast<double>(row + 1));
    }
    rows.SetTeacher(row, teacher);
  }
  ASSERT_EQ(RunCase(rows, layout, rule, {}), "");
  ExpectReference(rows, rule, GradientTolerance(layout));
}

TEST(PairRows, ForwardOnlyWritesNoGradient) {
  for (const Divergence kind :
       {Divergence::kForwardKl, Divergence::kSkewReverseKl,
        Divergence::kAdaptiveKl}) {
    RowLayout layout;
    layout.columns = 5001;
    layout.largest_cluster = kind == Divergence::kAdaptiveKl ? 1 : 16;
    const DistillationRule rule = Rule(kind, 1.0, 0.25);
    RowCase rows(layout, 14, true);
    rows.launch().gradient.data = nullptr;
    ASSERT_EQ(RunCase(rows, layout, rule, {}), "");
    for (const int64_t row : {0, 2, 3, 5}) {
      const double expected = Expected(rows, rule, row).loss;
      EXPECT_NEAR(rows.TokenLoss(row), expected, 4e-6 * (1.0 + expected));
    }
  }
}

}  // namespace
}  // namespace limbeck::kernels::cuda
