// The loops over columns: every instruction set of this machine gives the bits
// of the portable one, and those are right.
#include "kernels/row_sweeps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "data/base/random.h"
#include "kernels/adaptive_share.h"
#include "kernels/cpu/cpu_kernels.h"
#include "tests/kernels/attention/instruction_sets.h"

namespace limbeck::kernels {
namespace {

// Around the lanes (16) and the blocks (512).
constexpr int64_t kLengths[] = {0, 1, 15, 16, 17, 511, 512, 513, 1201};

// Box and Muller's normal numbers, a pure function of seed.
std::vector<float> Normals(uint64_t seed, int64_t n, float scale) {
  std::vector<float> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); ++i) {
    const double radius = std::sqrt(-2.0 * std::log(RandomUniform(seed, i)));
    const double angle = 6.283185307179586 * RandomUniform(seed, i, 1);
    values[i] = scale * static_cast<float>(radius * std::cos(angle));
  }
  return values;
}

// Logits with what a row may hold at worst.
std::vector<float> Logits(uint64_t seed, int64_t n) {
  std::vector<float> values = Normals(seed, n, 4.0f);
  const float special[] = {-INFINITY, 1e4f, -1e4f, 0.0f};
  for (size_t i = 0; i < 4 && 5 * i + 3 < values.size(); ++i) {
    values[5 * i + 3] = special[i];
  }
  return values;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

bool SameBits(double a, double b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

class RowSweepsTest : public ::testing::TestWithParam<const CpuKernels*> {
 protected:
  const RowSweeps& ours() const { return GetParam()->row_sweeps; }
  const RowSweeps& portable() const { return PortableKernels()->row_sweeps; }
};

TEST_P(RowSweepsTest, SoftmaxHasThePortableBits) {
  for (const int64_t n : kLengths) {
    const std::vector<float> x = Logits(1, n);
    const float max = ours().max(x.data(), n);
    EXPECT_EQ(max, portable().max(x.data(), n));
    std::vector<float> a(x.size());
    std::vector<float> b(x.size());
    const float top = n == 0 ? 0.0f : max;
    EXPECT_TRUE(SameBits(ours().exp_sum(x.data(), n, top, 0.7f, a.data()),
                         portable().exp_sum(x.data(), n, top, 0.7f, b.data())));
    EXPECT_TRUE(SameBits(a, b)) << n;
    const ExpMoment m = ours().exp_moment(x.data(), n, top, 0.7f, a.data());
    const ExpMoment p = portable().exp_moment(x.data(), n, top, 0.7f, b.data());
    EXPECT_TRUE(SameBits(m.sum, p.sum) && SameBits(m.moment, p.moment)) << n;
    EXPECT_TRUE(SameBits(a, b)) << n;
  }
}

TEST_P(RowSweepsTest, ExponentialsMayReplaceTheLogits) {
  std::vector<float> x = Logits(1, 1201);
  std::vector<float> apart(x.size());
  const double sum = ours().exp_sum(x.data(), 1201, 1e4f, 1.0f, apart.data());
  EXPECT_TRUE(
      SameBits(sum, ours().exp_sum(x.data(), 1201, 1e4f, 1.0f, x.data())));
  EXPECT_TRUE(SameBits(apart, x));
}

// Runs `sweep` on a copy of the same numbers with both sets.
template <typename Sweep>
void ExpectSame(const RowSweeps& ours, const RowSweeps& portable,
                const Sweep& sweep) {
  for (const int64_t n : kLengths) {
    const std::vector<float> x = Logits(2, n);
    std::vector<float> a = Normals(3, n, 1.0f);
    std::vector<float> b = a;
    sweep(ours, x, a);
    sweep(portable, x, b);
    EXPECT_TRUE(SameBits(a, b)) << n;
  }
}

TEST_P(RowSweepsTest, ElementwiseLoopsHaveThePortableBits) {
  using Row = std::vector<float>;
  const auto size = [](const Row& row) {
    return static_cast<int64_t>(row.size());
  };
  const auto check = [&](const auto& sweep) {
    ExpectSame(ours(), portable(), sweep);
  };
  check([&](const RowSweeps& set, const Row& x, Row& y) {
    set.scale(x.data(), size(x), 0.3f, y.data());
  });
  check([&](const RowSweeps& set, const Row& x, Row& y) {
    set.add(x.data(), size(x), 0.3f, y.data());
  });
  check([&](const RowSweeps& set, const Row& x, Row& y) {
    set.softcap_slope(x.data(), size(x), 30.0f, y.data());
  });
  check([&](const RowSweeps& set, const Row& x, Row& y) {
    set.subtract_finite(x.data(), size(x), 0.25f, y.data());
  });
  check([&](const RowSweeps& set, const Row& x, Row& y) {
    set.pair_gradient(x.data(), y.data(), size(x), 0.4f, 0.1f, y.data());
  });
  check([&](const RowSweeps& set, const Row& x, Row& y) {
    set.entropy_gradient(x.data(), y.data(), size(x), {3.0f, 0.5f, 0.1f, 0.2f},
                         y.data());
  });
  check([&](const RowSweeps& set, const Row&, Row& y) {
    set.softcap(y.data(), size(y), 2.0f);
  });
}

TEST_P(RowSweepsTest, SumsHaveThePortableBits) {
  for (const int64_t n : kLengths) {
    const std::vector<float> x = Logits(4, n);
    const FiniteSums a = ours().sum_finite(x.data(), n);
    const FiniteSums b = portable().sum_finite(x.data(), n);
    EXPECT_TRUE(SameBits(a.sum, b.sum));
    EXPECT_EQ(a.count, b.count);
    EXPECT_EQ(a.count, n - std::count(x.begin(), x.end(),
                                      -std::numeric_limits<float>::infinity()));
    const float from[kMassThresholds] = {-1.0f, 0.0f, 1.0f, 2.0f};
    ColumnMass mass[kMassThresholds];
    ColumnMass expected[kMassThresholds];
    ours().mass_above(x.data(), n, from, mass);
    portable().mass_above(x.data(), n, from, expected);
    for (int k = 0; k < kMassThresholds; ++k) {
      EXPECT_TRUE(SameBits(mass[k].mass, expected[k].mass));
      EXPECT_EQ(mass[k].columns,
                std::count_if(x.begin(), x.end(),
                              [&](float v) { return v >= from[k]; }));
    }
  }
}

// Student and teacher of one row, ready for a pair sweep.
struct PairRow {
  explicit PairRow(int64_t n)
      : student(Logits(5, n)),
        teacher(Logits(6, n)),
        student_exponential(student.size()),
        teacher_exponential(student.size()),
        weight(student.size()) {
    const RowSweeps& sweeps = PortableKernels()->row_sweeps;
    part.num_columns = n;
    part.student_max = sweeps.max(student.data(), n);
    part.teacher_max = sweeps.max(teacher.data(), n);
    part.inverse_temperature = 1.0f;
    const double q = sweeps.exp_sum(student.data(), n, part.student_max, 1.0f,
                                    student_exponential.data());
    const double p = sweeps.exp_sum(teacher.data(), n, part.teacher_max, 1.0f,
                                    teacher_exponential.data());
    part.student_scale = static_cast<float>(1.0 / q);
    part.teacher_scale = static_cast<float>(1.0 / p);
    part.log_sum_gap = static_cast<float>(std::log(q) - std::log(p));
    part.student = student.data();
    part.teacher = teacher.data();
    part.student_exponential = student_exponential.data();
    part.teacher_exponential = teacher_exponential.data();
    part.weight = weight.data();
  }
  PairRow(const PairRow&) = delete;
  PairRow& operator=(const PairRow&) = delete;

  std::vector<float> student;
  std::vector<float> teacher;
  std::vector<float> student_exponential;
  std::vector<float> teacher_exponential;
  std::vector<float> weight;
  PairPart<float> part = {};
};

TEST_P(RowSweepsTest, PairsHaveThePortableBits) {
  for (const Divergence kind :
       {Divergence::kForwardKl, Divergence::kReverseKl, Divergence::kJsd,
        Divergence::kSkewForwardKl, Divergence::kSkewReverseKl,
        Divergence::kTotalVariation, Divergence::kSymmetricKl}) {
    for (const int64_t n : {1, 17, 513, 1201}) {
      PairRow ours_row(n);
      PairRow portable_row(n);
      const PairSums a = ours().pair(kind, 0.3f, ours_row.part);
      const PairSums b = portable().pair(kind, 0.3f, portable_row.part);
      EXPECT_TRUE(SameBits(a.loss, b.loss) && SameBits(a.weight, b.weight));
      EXPECT_TRUE(SameBits(ours_row.weight, portable_row.weight));
      EXPECT_TRUE(SameBits(ours_row.student_exponential,
                           portable_row.student_exponential));
    }
  }
}

TEST_P(RowSweepsTest, GapsHaveThePortableBits) {
  for (const int64_t n : {1, 8, 17, 1201}) {
    const PairRow row(n);
    const GapSums a = ours().sum_gap(row.part, 0.01f);
    const GapSums b = portable().sum_gap(row.part, 0.01f);
    EXPECT_TRUE(SameBits(a.all_gap, b.all_gap));
    EXPECT_TRUE(SameBits(a.head_gap, b.head_gap));
    EXPECT_TRUE(SameBits(a.head_mass, b.head_mass));
  }
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, RowSweepsTest,
                         ::testing::ValuesIn(RunnableKernels()), KernelsName);

// By sorting the row, as the definition has it.
double SortedShare(const PairRow& row, double head_mass) {
  std::vector<size_t> order(row.student.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return row.teacher_exponential[a] > row.teacher_exponential[b];
  });
  double mass = 0.0;
  double head = 0.0;
  double all = 0.0;
  bool in_head = true;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const double p = static_cast<double>(row.part.teacher_scale) *
                     static_cast<double>(row.teacher_exponential[order[rank]]);
    const double q = static_cast<double>(row.part.student_scale) *
                     static_cast<double>(row.student_exponential[order[rank]]);
    mass += p;
    in_head &= rank == 0 || mass <= head_mass;
    all += std::abs(p - q);
    if (in_head) head += std::abs(p - q);
  }
  return all > 0.0 ? head / all : 0.5;
}

TEST(AdaptiveShare, EqualsThatOfTheSortedRow) {
  for (const int64_t n : {1, 2, 100, 1201, 20011}) {
    PairRow row(n);
    // No single column with all the mass: the head must be searched.
    row.teacher = Normals(7, n, 2.0f);
    row.part.teacher_max = RowMax(row.teacher.data(), n);
    row.part.teacher_scale = static_cast<float>(
        1.0 / RowExp(row.teacher.data(), n, row.part.teacher_max, 1.0f,
                     row.teacher_exponential.data()));
    for (const double head_mass : {0.0, 0.1, 0.5, 0.9, 1.0}) {
      EXPECT_NEAR(AdaptiveForwardShare(row.part, head_mass),
                  SortedShare(row, head_mass), 1e-9)
          << n << " columns, head " << head_mass;
    }
  }
}

TEST(AdaptiveShare, TiesGoToTheLowerColumn) {
  constexpr int64_t kColumns = 2000;
  PairRow row(kColumns);
  std::fill(row.teacher_exponential.begin(), row.teacher_exponential.end(),
            1.0f);
  row.part.teacher_scale = 1.0f / kColumns;
  EXPECT_NEAR(AdaptiveForwardShare(row.part, 0.25), SortedShare(row, 0.25),
              1e-9);
}

}  // namespace
}  // namespace limbeck::kernels
