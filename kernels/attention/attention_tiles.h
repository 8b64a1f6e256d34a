// The three matrix products of attention on a few rows at a time, for any
// instruction set. Every element is summed in one fixed order.
#ifndef LIMBECK_KERNELS_ATTENTION_ATTENTION_TILES_H_
#define LIMBECK_KERNELS_ATTENTION_ATTENTION_TILES_H_

#include <cstdint>

namespace limbeck::kernels {

// A matrix in scratch memory: rows of `stride` floats.
struct ConstTile {
  const float* data;
  int64_t stride;
};
struct Tile {
  float* data;
  int64_t stride;
};

// out[r][0 .. C W) = sum over d of a[r][d] b[d][0 .. C W).
template <typename L, int R, int C>
inline void ProductBlock(ConstTile a, ConstTile b, int64_t depth, Tile out) {
  typename L::V sum[R][C];
  for (int r = 0; r < R; ++r) {
    for (int c = 0; c < C; ++c) sum[r][c] = L::Set(0.0f);
  }
  for (int64_t d = 0; d < depth; ++d) {
    typename L::V column[C];
    for (int c = 0; c < C; ++c) {
      column[c] = L::Load(b.data + d * b.stride + c * L::kWidth);
    }
    for (int r = 0; r < R; ++r) {
      const typename L::V factor = L::Set(a.data[r * a.stride + d]);
      for (int c = 0; c < C; ++c) {
        sum[r][c] = L::Fma(factor, column[c], sum[r][c]);
      }
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int c = 0; c < C; ++c) {
      L::Store(out.data + r * out.stride + c * L::kWidth, sum[r][c]);
    }
  }
}

// out [R, columns] = a [R, depth] b [depth, columns]; columns in whole vectors.
template <typename L, int R>
inline void ProductTile(ConstTile a, ConstTile b, int64_t depth,
                        int64_t columns, Tile out) {
  int64_t c = 0;
  for (; c + 2 * L::kWidth <= columns; c += 2 * L::kWidth) {
    ProductBlock<L, R, 2>(a, {b.data + c, b.stride}, depth,
                          {out.data + c, out.stride});
  }
  if (c < columns) {
    ProductBlock<L, R, 1>(a, {b.data + c, b.stride}, depth,
                          {out.data + c, out.stride});
  }
}

// target[j][0 .. C W) += sum over r of weight[r][j] row[r][0 .. C W).
template <typename L, int R, int C>
inline void OuterBlock(ConstTile weight, ConstTile rows, int64_t count,
                       Tile target) {
  typename L::V row[R][C];
  for (int r = 0; r < R; ++r) {
    for (int c = 0; c < C; ++c) {
      row[r][c] = L::Load(rows.data + r * rows.stride + c * L::kWidth);
    }
  }
  for (int64_t j = 0; j < count; ++j) {
    float* to = target.data + j * target.stride;
    typename L::V sum[C];
    for (int c = 0; c < C; ++c) sum[c] = L::Load(to + c * L::kWidth);
    for (int r = 0; r < R; ++r) {
      const typename L::V factor = L::Set(weight.data[r * weight.stride + j]);
      for (int c = 0; c < C; ++c) sum[c] = L::Fma(factor, row[r][c], sum[c]);
    }
    for (int c = 0; c < C; ++c) L::Store(to + c * L::kWidth, sum[c]);
  }
}

// target [count, columns] += weight [R, count]^T rows [R, columns].
template <typename L, int R>
inline void OuterTile(ConstTile weight, ConstTile rows, int64_t count,
                      int64_t columns, Tile target) {
  int64_t c = 0;
  for (; c + 2 * L::kWidth <= columns; c += 2 * L::kWidth) {
    OuterBlock<L, R, 2>(weight, {rows.data + c, rows.stride}, count,
                        {target.data + c, target.stride});
  }
  if (c < columns) {
    OuterBlock<L, R, 1>(weight, {rows.data + c, rows.stride}, count,
                        {target.data + c, target.stride});
  }
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ATTENTION_ATTENTION_TILES_H_
