// A row may be cut into parts - blocks, thread blocks, ranks of a split
// vocabulary - and put together again by Merge.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/reference/loss_reference.h"
#include "kernels/row_math.h"
#include "kernels/row_sweeps.h"
#include "kernels/tail_softmax.h"
#include "tests/kernels/loss_case.h"
#include "tests/support/tolerances.h"

namespace limbeck::kernels {
namespace {

constexpr int64_t kColumns = 1201;  // two full blocks and a ragged one
constexpr double kInverseTemperature = 0.5;

struct Range {
  int64_t begin;
  int64_t count;
};

std::vector<Range> Cut(int64_t parts) {
  std::vector<Range> ranges;
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t begin = kColumns * i / parts;
    ranges.push_back({begin, kColumns * (i + 1) / parts - begin});
  }
  return ranges;
}

// What one rank of a split vocabulary holds of a row.
template <typename Real>
struct Rank {
  Range range;
  std::vector<Real> exponential;
  std::vector<Real> other_exponential;
  std::vector<Real> weight;
  SoftmaxStats student;
  SoftmaxStats teacher;
};

template <typename Real>
SoftmaxStats Stats(const Real* x, const Range& range, std::vector<Real>& out) {
  out.resize(static_cast<size_t>(range.count));
  const Real max = RowMax(x + range.begin, range.count);
  return {static_cast<double>(max),
          RowExp(x + range.begin, range.count, max,
                 static_cast<Real>(kInverseTemperature), out.data())};
}

// Part exponentials are relative to the part's maximum.
template <typename Real>
Real PartScale(const SoftmaxStats& part, const SoftmaxStats& all) {
  return static_cast<Real>(
      std::exp((part.max - all.max) * kInverseTemperature) / all.sum);
}

template <typename Real>
struct RowResult {
  double loss;
  std::vector<Real> gradient;
};

// RowStats -> Merge -> Gradient of reverse KL over `parts` ranks.
template <typename Real>
RowResult<Real> RunSplit(const std::vector<Real>& s, const std::vector<Real>& t,
                         int64_t parts) {
  std::vector<Rank<Real>> ranks;
  SoftmaxStats student;
  SoftmaxStats teacher;
  for (const Range& range : Cut(parts)) {
    Rank<Real>& rank = ranks.emplace_back();
    rank.range = range;
    rank.student = Stats(s.data(), range, rank.exponential);
    rank.teacher = Stats(t.data(), range, rank.other_exponential);
    student = Merge(student, rank.student, kInverseTemperature);
    teacher = Merge(teacher, rank.teacher, kInverseTemperature);
  }
  PairSums sums;
  for (Rank<Real>& rank : ranks) {
    rank.weight.resize(rank.exponential.size());
    const PairPart<Real> part = {
        rank.range.count,
        s.data() + rank.range.begin,
        t.data() + rank.range.begin,
        static_cast<Real>(student.max),
        static_cast<Real>(teacher.max),
        static_cast<Real>(kInverseTemperature),
        PartScale<Real>(rank.student, student),
        PartScale<Real>(rank.teacher, teacher),
        static_cast<Real>(std::log(student.sum) - std::log(teacher.sum)),
        rank.other_exponential.data(),
        rank.exponential.data(),
        rank.weight.data()};
    const PairSums own = RowPair(Divergence::kReverseKl, Real{0}, part);
    sums.loss += own.loss;
    sums.weight += own.weight;
  }
  RowResult<Real> result = {sums.loss, std::vector<Real>(kColumns)};
  for (const Rank<Real>& rank : ranks) {
    RowPairGradient(rank.weight.data(), rank.exponential.data(),
                    rank.range.count, static_cast<Real>(sums.weight),
                    static_cast<Real>(kInverseTemperature),
                    result.gradient.data() + rank.range.begin);
  }
  return result;
}

std::vector<double> Values(uint64_t seed) {
  const at::Tensor normal = Normal(seed, {kColumns}).mul(3.0);
  const double* data = normal.const_data_ptr<double>();
  return {data, data + kColumns};
}

template <typename Real>
void ExpectSplitMatches(const testing::Tolerance& tolerance) {
  const std::vector<double> student = Values(1);
  const std::vector<double> teacher = Values(2);
  const std::vector<Real> s(student.begin(), student.end());
  const std::vector<Real> t(teacher.begin(), teacher.end());
  reference::DistillationSettings settings;
  settings.divergence = Divergence::kReverseKl;
  settings.temperature = 1.0 / kInverseTemperature;
  const reference::RowLoss expected = reference::Distillation(
      {s.begin(), s.end()}, {t.begin(), t.end()}, 0, settings);
  for (const int64_t parts : {1, 2, 3, 8, 75}) {
    const RowResult<Real> ours = RunSplit(s, t, parts);
    EXPECT_NEAR(ours.loss, expected.loss, tolerance.loss * expected.loss);
    double gap = 0.0;
    double norm = 0.0;
    for (size_t i = 0; i < ours.gradient.size(); ++i) {
      const double g = expected.gradient[i];
      gap += (ours.gradient[i] - g) * (ours.gradient[i] - g);
      norm += g * g;
    }
    EXPECT_LE(std::sqrt(gap / norm), tolerance.gradient) << parts << " parts";
  }
}

TEST(RowParts, SplitVocabularyMatchesReferenceInFloat32) {
  ExpectSplitMatches<float>(testing::kFloat32Tolerance);
}

TEST(RowParts, SplitVocabularyMatchesReferenceInFloat64) {
  ExpectSplitMatches<double>(testing::kFloat64Tolerance);
}

TEST(Merge, IsAssociativeInAnyOrder) {
  const SoftmaxStats a = {3.0, 1.5};
  const SoftmaxStats b = {-40.0, 2.5};
  const SoftmaxStats c = {5.0, 1.25};
  const SoftmaxStats left = Merge(Merge(a, b, 0.7), c, 0.7);
  const SoftmaxStats right = Merge(a, Merge(c, b, 0.7), 0.7);
  EXPECT_EQ(left.max, right.max);
  EXPECT_NEAR(left.sum, right.sum, 1e-15);
}

TEST(Merge, EmptyPartChangesNothing) {
  const SoftmaxStats a = {3.0, 1.5};
  EXPECT_EQ(Merge(a, {}, 1.0).sum, 1.5);
  EXPECT_EQ(Merge({}, a, 1.0).max, 3.0);
}

TEST(TailStats, EmptyTailHasNoMass) {
  const std::vector<float> x(40, -INFINITY);
  std::vector<float> exponential(40, 7.0f);
  const SoftmaxStats stats = TailStats(x.data(), 40, 1.0, exponential.data());
  EXPECT_EQ(stats.sum, 0.0);
  EXPECT_EQ(exponential[39], 0.0f);
}

TEST(TailStats, NanAmongBlankedColumnsIsNotLost) {
  std::vector<float> x(40, -INFINITY);
  x[7] = NAN;
  std::vector<float> exponential(40);
  EXPECT_TRUE(std::isnan(TailStats(x.data(), 40, 1.0, exponential.data()).sum));
}

}  // namespace
}  // namespace limbeck::kernels
