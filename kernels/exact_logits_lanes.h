// The loops of exact_logits.h over vectors of rows: a tile of columns times a
// panel, turned around on its way to the logits.
#ifndef LIMBECK_KERNELS_EXACT_LOGITS_LANES_H_
#define LIMBECK_KERNELS_EXACT_LOGITS_LANES_H_

#include <cstdint>

#include "kernels/cpu/lanes_math.h"
#include "kernels/exact_logits.h"

namespace limbeck::kernels {

// Columns that are turned around together.
inline constexpr int64_t kExactColumns = 48;

// As many columns as registers hold sums for; divides kExactColumns.
template <typename L>
inline constexpr int kExactTileColumns = L::kWidth == 16  ? 12
                                         : L::kWidth == 8 ? 6
                                                          : 4;
inline constexpr int kExactVectors = 2;  // of rows, at a time

// to[column][row] = the plain sum of products k in [0, count), C columns.
template <typename L, int C>
[[gnu::always_inline]] inline void ExactPart(const float* weight,
                                             int64_t stride, const float* panel,
                                             int64_t count, float* to) {
  typename L::V sum[C][kExactVectors];
  for (int c = 0; c < C; ++c) {
    for (int v = 0; v < kExactVectors; ++v) sum[c][v] = L::Set(0.0f);
  }
  for (int64_t k = 0; k < count; ++k) {
    typename L::V x[kExactVectors];
    for (int v = 0; v < kExactVectors; ++v) {
      x[v] = L::Load(panel + k * kExactPanel + v * L::kWidth);
    }
    for (int c = 0; c < C; ++c) {
      const typename L::V w = L::Set(weight[c * stride + k]);
      for (int v = 0; v < kExactVectors; ++v) {
        sum[c][v] = L::Fma(w, x[v], sum[c][v]);
      }
    }
  }
  for (int c = 0; c < C; ++c) {
    for (int v = 0; v < kExactVectors; ++v) {
      L::Store(to + (c * kExactVectors + v) * L::kWidth, sum[c][v]);
    }
  }
}

// sum += part; `rest` is what rounding took from sum.
template <typename L>
[[gnu::always_inline]] inline void Compensate(const float* part, int64_t n,
                                              float* sum, float* rest) {
  for (int64_t i = 0; i < n; i += L::kWidth) {
    const typename L::V before = L::Load(sum + i);
    const typename L::V whole = L::Sub(L::Load(part + i), L::Load(rest + i));
    const typename L::V total = L::Add(before, whole);
    L::Store(rest + i, L::Sub(L::Sub(total, before), whole));
    L::Store(sum + i, total);
  }
}

// C columns times a panel: to [column][kExactPanel].
template <typename L, int C>
inline void ExactTile(const ExactLogits& problem, const float* weight,
                      const float* panel, float* to) {
  constexpr int64_t kRows = kExactVectors * L::kWidth;
  for (int64_t row = 0; row < kExactPanel; row += kRows) {
    alignas(64) float sum[C * kRows];
    alignas(64) float part[C * kRows];
    alignas(64) float rest[C * kRows] = {};
    for (int64_t k = 0; k < problem.width; k += kExactSum) {
      ExactPart<L, C>(
          weight + k, problem.weight_stride, panel + k * kExactPanel + row,
          Smaller(problem.width - k, kExactSum), k == 0 ? sum : part);
      if (k > 0) Compensate<L>(part, C * kRows, sum, rest);
    }
    for (int c = 0; c < C; ++c) {
      __builtin_memcpy(to + c * kExactPanel + row, sum + c * kRows,
                       kRows * sizeof(float));
    }
  }
}

// Eight rows of eight, by vectors of the compiler's choice.
inline constexpr int64_t kTurned = 8;
using TurnedRow __attribute__((vector_size(kTurned * sizeof(float)))) = float;

[[gnu::always_inline]] inline void TurnEight(const float* from, int64_t stride,
                                             TurnedRow (&row)[kTurned]) {
  for (int64_t i = 0; i < kTurned; ++i) {
    __builtin_memcpy(&row[i], from + i * stride, sizeof(row[i]));
  }
  TurnedRow pair[kTurned];
  for (int64_t i = 0; i < kTurned; i += 2) {
    pair[i] =
        __builtin_shufflevector(row[i], row[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    pair[i + 1] =
        __builtin_shufflevector(row[i], row[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  TurnedRow quad[kTurned];
  for (int64_t i = 0; i < kTurned; i += 4) {
    for (int64_t j = i; j < i + 2; ++j) {
      quad[j] = __builtin_shufflevector(pair[j], pair[j + 2], 0, 1, 8, 9, 4, 5,
                                        12, 13);
      quad[j + 2] = __builtin_shufflevector(pair[j], pair[j + 2], 2, 3, 10, 11,
                                            6, 7, 14, 15);
    }
  }
  for (int64_t i = 0; i < 4; ++i) {
    row[i] =
        __builtin_shufflevector(quad[i], quad[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    row[i + 4] = __builtin_shufflevector(quad[i], quad[i + 4], 4, 5, 6, 7, 12,
                                         13, 14, 15);
  }
}

// logits[row][column] (+)= tile[column][row] for a tile's valid part.
template <typename L>
inline void TurnTile(const float* tile, int64_t rows, int64_t columns,
                     int64_t stride, bool accumulate, float* logits) {
  for (int64_t row = 0; row < rows; row += kTurned) {
    for (int64_t column = 0; column < columns; column += kTurned) {
      TurnedRow turned[kTurned];
      TurnEight(tile + column * kExactPanel + row, kExactPanel, turned);
      const auto bytes = static_cast<uint64_t>(
          Smaller(columns - column, kTurned) * int64_t{sizeof(float)});
      for (int64_t i = 0; i < Smaller(rows - row, kTurned); ++i) {
        float* to = logits + (row + i) * stride + column;
        TurnedRow before = {};
        if (accumulate) __builtin_memcpy(&before, to, bytes);
        before += turned[i];
        __builtin_memcpy(to, &before, bytes);
      }
    }
  }
}

// Columns [begin, end) of all rows.
template <typename L>
void ExactLogitsLanes(const ExactLogits& problem, int64_t begin, int64_t end) {
  constexpr int C = kExactTileColumns<L>;
  alignas(64) float tile[kExactColumns * kExactPanel] = {};
  for (int64_t column = begin; column < end; column += kExactColumns) {
    const int64_t columns = Smaller(end - column, kExactColumns);
    const float* weight = problem.weight + column * problem.weight_stride;
    for (int64_t row = 0; row < problem.rows; row += kExactPanel) {
      const float* panel = problem.panels + row * problem.width;
      int64_t c = 0;
      for (; c + C <= columns; c += C) {
        ExactTile<L, C>(problem, weight + c * problem.weight_stride, panel,
                        tile + c * kExactPanel);
      }
      for (; c < columns; ++c) {
        ExactTile<L, 1>(problem, weight + c * problem.weight_stride, panel,
                        tile + c * kExactPanel);
      }
      TurnTile<L>(tile, Smaller(problem.rows - row, kExactPanel), columns,
                  problem.logits_stride, problem.accumulate,
                  problem.logits + row * problem.logits_stride + column);
    }
  }
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_EXACT_LOGITS_LANES_H_
