#include "kernels/cuda/topk_loss.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/cuda/softmax_plan.h"
#include "kernels/reference/loss_reference.h"
#include "kernels/topk_distillation_launch.h"
#include "tests/kernels/cuda/row_case.h"

namespace limbeck::kernels::cuda {
namespace {

constexpr int64_t kKeptRows[] = {0, 2, 3, 5};

// The teacher's lists of a case, made from its teacher rows.
struct Lists {
  Lists(const RowCase& rows, int64_t entries, double temperature)
      : entries(entries) {
    ids.assign(static_cast<size_t>(RowCase::kRows * entries), int64_t{1} << 50);
    logprobs.assign(ids.size(), std::nanf(""));
    tail.assign(RowCase::kRows, std::nanf(""));
    for (const int64_t row : kKeptRows) Fill(rows, row, temperature);
  }

  void Fill(const RowCase& rows, int64_t row, double temperature) {
    const std::vector<double> log_p =
        reference::LogSoftmax(rows.Teacher(row), temperature);
    std::vector<int64_t> order(log_p.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return log_p[static_cast<size_t>(a)] > log_p[static_cast<size_t>(b)];
    });
    double rest = 0.0;
    for (size_t k = 0; k < order.size(); ++k) {
      const double value = log_p[static_cast<size_t>(order[k])];
      if (k < static_cast<size_t>(entries)) {
        // Smallest first.
        Set(row, entries - 1 - static_cast<int64_t>(k), order[k], value);
      } else {
        rest += std::exp(value);
      }
    }
    for (int64_t k = static_cast<int64_t>(order.size()); k < entries; ++k) {
      Set(row, entries - 1 - k, -1, 0.0);
    }
    tail[static_cast<size_t>(row)] = static_cast<float>(std::log(rest));
  }

  void Set(int64_t row, int64_t k, int64_t id, double log_p) {
    ids[static_cast<size_t>(row * entries + k)] = id;
    logprobs[static_cast<size_t>(row * entries + k)] =
        static_cast<float>(log_p);
  }

  TopKDeviceLists Device(bool with_tail, bool narrow) {
    narrow_ids.assign(ids.begin(), ids.end());
    TopKDeviceLists lists;
    lists.num_entries = entries;
    lists.ids = narrow ? static_cast<const void*>(narrow_ids.data())
                       : static_cast<const void*>(ids.data());
    lists.ids_are_int32 = narrow;
    lists.logprobs = logprobs.data();
    lists.tail_logprob = with_tail ? tail.data() : nullptr;
    lists.smallest_tail = 0x1p-24;
    return lists;
  }

  reference::TopKRow Reference(int64_t row, bool with_tail) const {
    reference::TopKRow list;
    for (int64_t k = 0; k < entries; ++k) {
      const size_t place = static_cast<size_t>(row * entries + k);
      list.ids.push_back(ids[place]);
      list.logprobs.push_back(logprobs[place]);
    }
    list.has_tail_logprob = with_tail;
    list.tail_logprob = tail[static_cast<size_t>(row)];
    return list;
  }

  int64_t entries;
  std::vector<int64_t> ids;
  std::vector<int32_t> narrow_ids;
  std::vector<float> logprobs;
  std::vector<float> tail;
};

template <class Machine>
std::string RunTopK(const RowCase& rows, const RowLayout& layout,
                    const DistillationRule& rule, const TopKDeviceLists& lists,
                    uint64_t seed) {
  const int64_t entry_bytes = TopKEntryBytes(lists.num_entries);
  const TopKArguments loss = {rule, lists, TableSlots(lists.num_entries)};
  const auto run = [&](auto loss_of) {
    using Rows = SoftmaxRows<Machine, decltype(loss_of)::template Loss>;
    const auto arguments = PlanSoftmax<Machine, Rows>(
        rows.launch(), rule.temperature, 0.0, loss, entry_bytes,
        {int64_t{1} << 20, layout.largest_cluster});
    return RowCase::Run<Rows, Machine>(
        arguments,
        static_cast<int64_t>(sizeof(typename Rows::State)) + entry_bytes, seed,
        seed % 2 == 0);
  };
  return rule.cross_entropy_share > 0.0 && rule.temperature != 1.0
             ? run(TopKOf<true>{})
             : run(TopKOf<false>{});
}

struct TopKCase {
  DistillationRule rule;
  bool with_tail;
};

void ExpectReference(const RowCase& rows, const RowLayout& layout,
                     const TopKCase& test_case, const Lists& lists) {
  const DistillationRule& rule = test_case.rule;
  reference::DistillationSettings settings;
  settings.divergence = rule.kind;
  settings.tail = rule.tail;
  settings.mix = rule.mix;
  settings.temperature = rule.temperature;
  settings.cross_entropy_share = rule.cross_entropy_share;
  for (const int64_t row : kKeptRows) {
    reference::RowLoss expected = reference::TopKDistillation(
        rows.Student(row), lists.Reference(row, test_case.with_tail),
        rows.Target(row), settings);
    EXPECT_NEAR(rows.TokenLoss(row), expected.loss,
                4e-6 * (1.0 + std::abs(expected.loss)))
        << "row " << row;
    for (double& value : expected.gradient) value *= rows.Weight(row);
    if (layout.columns == 1) continue;
    EXPECT_LE(RelativeError(rows.Gradient(row), expected.gradient, 1e-3),
              GradientTolerance(layout))
        << "row " << row;
  }
  EXPECT_EQ(rows.WhatElseChanged(), "");
}

DistillationRule Rule(Divergence kind, Tail tail, double temperature,
                      double share) {
  return {kind, tail, 0.3, temperature, 1.0 - share, share};
}

std::vector<DistillationRule> Rules() {
  std::vector<DistillationRule> rules;
  for (const double temperature : {1.0, 2.5}) {
    for (const double share : {0.0, 0.25}) {
      for (const Divergence kind :
           {Divergence::kForwardKl, Divergence::kReverseKl, Divergence::kJsd,
            Divergence::kSkewForwardKl, Divergence::kSkewReverseKl,
            Divergence::kTotalVariation, Divergence::kSymmetricKl,
            Divergence::kAdaptiveKl}) {
        rules.push_back(Rule(kind, Tail::kLumped, temperature, share));
      }
      for (const Tail tail : {Tail::kRenormalized, Tail::kZero}) {
        rules.push_back(Rule(Divergence::kForwardKl, tail, temperature, share));
      }
    }
  }
  return rules;
}

std::string Name(const DistillationRule& rule) {
  std::ostringstream text;
  text << DivergenceName(rule.kind) << ' ' << TailName(rule.tail) << ' '
       << rule.temperature << ' ' << rule.cross_entropy_share;
  return text.str();
}

TEST(TopKRows, EveryRuleAgreesWithTheReference) {
  uint64_t seed = 200;
  for (const DistillationRule& rule : Rules()) {
    RowLayout layout;
    layout.columns = 700;
    SCOPED_TRACE(Name(rule));
    RowCase rows(layout, ++seed, true);
    rows.launch().teacher = {};
    Lists lists(rows, 9, rule.temperature);
    const bool with_tail = seed % 2 == 0;
    ASSERT_EQ(RunTopK<BulkMachine>(rows, layout, rule,
                                   lists.Device(with_tail, seed % 3 == 0), 1),
              "");
    ExpectReference(rows, layout, {rule, with_tail}, lists);
  }
}

TEST(TopKRows, EveryLayoutAgreesWithTheReference) {
  uint64_t seed = 300;
  for (const RowLayout& layout : Layouts()) {
    const DistillationRule rule =
        Rule(Divergence::kReverseKl, Tail::kLumped, 2.0, 0.25);
    std::ostringstream text;
    text << layout;
    SCOPED_TRACE(text.str());
    RowCase rows(layout, ++seed, true);
    rows.launch().teacher = {};
    Lists lists(rows, 130, rule.temperature);
    ASSERT_EQ(RunTopK<BulkMachine>(rows, layout, rule,
                                   lists.Device(true, false), seed),
              "");
    ExpectReference(rows, layout, {rule, true}, lists);
  }
}

// The label in the list, repeated ids, padding, an empty list, a tiny tail.
TEST(TopKRows, UnusualLists) {
  for (const DistillationRule& rule : Rules()) {
    if (rule.kind == Divergence::kAdaptiveKl) continue;  // ties are ours
    if (rule.temperature == 1.0 && rule.cross_entropy_share > 0.0) continue;
    RowLayout layout;
    layout.columns = 300;
    SCOPED_TRACE(Name(rule));
    RowCase rows(layout, 400, true);
    rows.launch().teacher = {};
    Lists lists(rows, 12, rule.temperature);
    rows.SetTarget(0, lists.ids[3]);
    lists.Set(0, 0, lists.ids[5], lists.logprobs[0]);
    lists.Set(0, 11, lists.ids[5], lists.logprobs[11]);
    for (int64_t k = 0; k < 12; ++k) lists.Set(2, k, -1, 0.0);
    lists.tail[2] = 0.0f;
    for (int64_t k = 0; k < 11; ++k) lists.Set(3, k, -1, 0.0);
    lists.Set(3, 11, 77, std::log1p(-1e-6));
    lists.tail[3] = std::log(1e-6f);
    ASSERT_EQ(
        RunTopK<BulkMachine>(rows, layout, rule, lists.Device(true, false), 1),
        "");
    ExpectReference(rows, layout, {rule, true}, lists);
  }
}

// A tail of zero counts as what float32 can tell from zero, where a logarithm
// of it is needed: see docs/operators.md.
TEST(TopKRows, TailOfZeroStaysFinite) {
  for (const DistillationRule& rule : Rules()) {
    if (rule.temperature != 1.0 || rule.cross_entropy_share > 0.0) continue;
    for (const bool with_tail : {false, true}) {
      RowLayout layout;
      layout.columns = 300;
      SCOPED_TRACE(Name(rule));
      RowCase rows(layout, 404, true);
      rows.launch().teacher = {};
      Lists lists(rows, 1, rule.temperature);
      lists.Set(3, 0, 77, 0.0);
      lists.tail[3] = -INFINITY;
      ASSERT_EQ(RunTopK<BulkMachine>(rows, layout, rule,
                                     lists.Device(with_tail, false), 1),
                "");
      EXPECT_TRUE(std::isfinite(rows.TokenLoss(3)));
      double sum = 0.0;
      for (const double value : rows.Gradient(3)) sum += value;
      EXPECT_NEAR(sum, 0.0, 1e-4);
    }
  }
}

TEST(TopKRows, ListOfEveryColumnHasNoTail) {
  RowLayout layout;
  layout.columns = 67;
  const DistillationRule rule =
      Rule(Divergence::kJsd, Tail::kLumped, 1.0, 0.25);
  RowCase rows(layout, 401, true);
  rows.launch().teacher = {};
  Lists lists(rows, 70, 1.0);
  ASSERT_EQ(
      RunTopK<BulkMachine>(rows, layout, rule, lists.Device(false, false), 1),
      "");
  ExpectReference(rows, layout, {rule, false}, lists);
}

TEST(TopKRows, BadIdsPoisonTheirRowAlone) {
  RowLayout layout;
  layout.columns = 300;
  for (const int64_t bad : {int64_t{-2}, int64_t{300}, int64_t{1} << 40}) {
    const DistillationRule rule =
        Rule(Divergence::kForwardKl, Tail::kLumped, 1.0, 0.0);
    RowCase rows(layout, 402, true);
    rows.launch().teacher = {};
    Lists lists(rows, 9, 1.0);
    lists.Set(2, 4, bad, -3.0);
    ASSERT_EQ(
        RunTopK<BulkMachine>(rows, layout, rule, lists.Device(true, false), 1),
        "");
    EXPECT_TRUE(std::isnan(rows.TokenLoss(2)));
    for (const double value : rows.Gradient(2)) ASSERT_TRUE(std::isnan(value));
    EXPECT_TRUE(std::isfinite(rows.TokenLoss(0)));
  }
}

TEST(TopKRows, BitsDoNotDependOnTheOrderOfThreads) {
  for (const RowLayout& layout : Layouts()) {
    if (layout.columns > 6000) continue;
    const DistillationRule rule =
        Rule(Divergence::kAdaptiveKl, Tail::kLumped, 2.0, 0.25);
    RowCase first(layout, 403, true);
    first.launch().teacher = {};
    Lists lists(first, 40, 2.0);
    const TopKDeviceLists device = lists.Device(true, false);
    ASSERT_EQ(RunTopK<BulkMachine>(first, layout, rule, device, 1), "");
    RowCase again(layout, 403, true);
    again.launch().teacher = {};
    ASSERT_EQ(RunTopK<BulkMachine>(again, layout, rule, device, 2), "");
    EXPECT_TRUE(first.Bytes() == again.Bytes());
  }
}

}  // namespace
}  // namespace limbeck::kernels::cuda
