// The head is found without sorting the row: its smallest member is bracketed
// by sums over the columns above a few thresholds, then only the columns
// between the brackets are sorted.
#include "kernels/adaptive_share.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/topk_math.h"

namespace limbeck::kernels {
namespace {

// So few columns between the brackets are quicker sorted than halved again.
constexpr int64_t kSortedColumns = 256;

// Sums in float32 lanes are that uncertain: brackets keep clear of it.
constexpr double kMassError = 1e-4;

// Floats >= 0 rise with their bits.
struct Bracket {
  uint32_t tail = 0;                              // mass above > limit
  uint32_t head = std::bit_cast<uint32_t>(2.0f);  // mass above <= limit
  int64_t tail_columns = 0;                       // >= tail
  int64_t head_columns = 0;                       // >= head

  float head_value() const { return std::bit_cast<float>(head); }
  float tail_value() const { return std::bit_cast<float>(tail); }
};

// One step inwards; false when no threshold is clearly on either side.
template <typename Real>
bool Narrow(const PairPart<Real>& part, double limit, Bracket& bracket) {
  float from[kMassThresholds];
  const uint32_t width = bracket.head - bracket.tail;
  for (uint32_t k = 0; k < kMassThresholds; ++k) {
    const uint32_t step = static_cast<uint32_t>(uint64_t{width} * (k + 1) /
                                                (kMassThresholds + 1));
    from[k] = std::bit_cast<float>(bracket.tail + step);
  }
  ColumnMass above[kMassThresholds];
  RowMassAbove(part.teacher_exponential, part.num_columns, from, above);
  const double unit = static_cast<double>(part.teacher_scale);
  bool moved = false;
  for (int64_t k = 0; k < kMassThresholds; ++k) {
    const uint32_t bits = std::bit_cast<uint32_t>(from[k]);
    const double mass = unit * above[k].mass;
    if (mass > limit * (1.0 + kMassError) && bits > bracket.tail) {
      bracket.tail = bits;
      bracket.tail_columns = above[k].columns;
      moved = true;
    } else if (mass <= limit * (1.0 - kMassError) && bits < bracket.head) {
      bracket.head = bits;
      bracket.head_columns = above[k].columns;
      moved = true;
    }
  }
  return moved;
}

template <typename Real>
std::vector<int64_t> SortedBetween(const PairPart<Real>& part,
                                   const Bracket& bracket) {
  const Real* teacher = part.teacher_exponential;
  const Real low = static_cast<Real>(bracket.tail_value());
  const Real high = static_cast<Real>(bracket.head_value());
  std::vector<int64_t> columns;
  for (int64_t i = 0; i < part.num_columns; ++i) {
    if (teacher[i] >= low && teacher[i] < high) columns.push_back(i);
  }
  std::sort(columns.begin(), columns.end(), [teacher](int64_t a, int64_t b) {
    return teacher[a] > teacher[b] || (teacher[a] == teacher[b] && a < b);
  });
  return columns;
}

}  // namespace

template <typename Real>
double AdaptiveForwardShare(const PairPart<Real>& part, double head_mass) {
  Bracket bracket;
  bracket.tail_columns = part.num_columns;
  while (bracket.tail_columns - bracket.head_columns > kSortedColumns &&
         Narrow(part, head_mass, bracket)) {
  }
  const GapSums sums = RowSumGap(part, static_cast<Real>(bracket.head_value()));
  double head = sums.head_gap;
  double mass = sums.head_mass;
  bool is_first = bracket.head_columns == 0;
  for (const int64_t column : SortedBetween(part, bracket)) {
    const double p = static_cast<double>(part.teacher_scale) *
                     static_cast<double>(part.teacher_exponential[column]);
    const double q = static_cast<double>(part.student_scale) *
                     static_cast<double>(part.student_exponential[column]);
    mass += p;
    if (!is_first && mass > head_mass) break;
    is_first = false;
    head += std::abs(p - q);
  }
  return ForwardShare(head, sums.all_gap);
}

template double AdaptiveForwardShare(const PairPart<float>&, double);
template double AdaptiveForwardShare(const PairPart<double>&, double);

}  // namespace limbeck::kernels
