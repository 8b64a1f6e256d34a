// The share of forward KL in adaptive KL (Wu et al. 2024, "Rethinking
// Kullback-Leibler divergence in knowledge distillation for LLMs").
#ifndef LIMBECK_KERNELS_ADAPTIVE_SHARE_H_
#define LIMBECK_KERNELS_ADAPTIVE_SHARE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace limbeck::kernels {

// g_head / (g_head + g_tail), g = sum |p - q|; head = the largest p, ties by
// column, while their mass stays <= head_mass, at least one. 0.5 where p = q.
// p[i] = p_scale * teacher[i], q alike, i in [0, n), n > 0.
template <typename Real>
double AdaptiveForwardShare(const Real* teacher, double p_scale,
                            const Real* student, double q_scale, int64_t n,
                            double head_mass) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  const auto larger = [teacher](int64_t a, int64_t b) {
    return teacher[a] > teacher[b] || (teacher[a] == teacher[b] && a < b);
  };
  const auto gap = [=](int64_t i) {
    return std::abs(p_scale * static_cast<double>(teacher[i]) -
                    q_scale * static_cast<double>(student[i]));
  };
  double total = 0.0;
  for (int64_t i = 0; i < n; ++i) total += gap(i);
  // Heads are short: sort the front in growing steps only as far as needed.
  double head = 0.0;
  double mass = 0.0;
  int64_t sorted = 0;
  for (int64_t rank = 0; rank < n; ++rank) {
    if (rank == sorted) {
      const int64_t next = std::min(n, std::max<int64_t>(32, 4 * sorted));
      std::partial_sort(order.begin() + sorted, order.begin() + next,
                        order.end(), larger);
      sorted = next;
    }
    const int64_t column = order[static_cast<size_t>(rank)];
    mass += p_scale * static_cast<double>(teacher[column]);
    if (rank > 0 && mass > head_mass) break;
    head += gap(column);
  }
  return total > 0.0 ? std::min(1.0, head / total) : 0.5;
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ADAPTIVE_SHARE_H_
