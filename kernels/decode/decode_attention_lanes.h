// Attention of one token to the cache of its row, for any instruction set.
// Loops run over the tokens of that row only, in fixed order.
#ifndef LIMBECK_KERNELS_DECODE_DECODE_ATTENTION_LANES_H_
#define LIMBECK_KERNELS_DECODE_DECODE_ATTENTION_LANES_H_

#include <cstdint>

#include "kernels/attention/attention_tiles.h"
#include "kernels/attention/packed_attention_lanes.h"
#include "kernels/cpu/lanes_math.h"
#include "kernels/decode/decode_launch.h"

namespace limbeck::kernels {

// scores [rows, columns] = queries [rows, depth] keys [depth, columns].
template <typename L>
inline void CacheScores(ConstTile queries, ConstTile keys, int64_t rows,
                        int64_t depth, int64_t columns, Tile scores) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    ProductTile<L, 4>({queries.data + r * queries.stride, queries.stride}, keys,
                      depth, columns,
                      {scores.data + r * scores.stride, scores.stride});
  }
  for (; r < rows; ++r) {
    const ConstTile query = {queries.data + r * queries.stride, queries.stride};
    float* to = scores.data + r * scores.stride;
    int64_t c = 0;
    for (; c + 4 * L::kWidth <= columns; c += 4 * L::kWidth) {
      ProductBlock<L, 1, 4>(query, {keys.data + c, keys.stride}, depth,
                            {to + c, scores.stride});
    }
    for (; c < columns; c += L::kWidth) {
      ProductBlock<L, 1, 1>(query, {keys.data + c, keys.stride}, depth,
                            {to + c, scores.stride});
    }
  }
}

// The weighted sum of up to one vector of value columns. Four partial sums
// hide the latency; which token goes where depends on its position alone.
template <typename L>
inline typename L::V WeightedValues(const float* weights, const float* values,
                                    int64_t tokens, int64_t stride,
                                    int64_t columns) {
  using V = typename L::V;
  const auto load = [columns](const float* from) {
    return columns == L::kWidth ? L::Load(from) : L::LoadFirst(from, columns);
  };
  V sum[4];
  for (int p = 0; p < 4; ++p) sum[p] = L::Set(0.0f);
  int64_t t = 0;
  for (; t + 4 <= tokens; t += 4) {
    for (int p = 0; p < 4; ++p) {
      sum[p] = L::Fma(L::Set(weights[t + p]), load(values + (t + p) * stride),
                      sum[p]);
    }
  }
  for (; t < tokens; ++t) {
    sum[t % 4] =
        L::Fma(L::Set(weights[t]), load(values + t * stride), sum[t % 4]);
  }
  return L::Add(L::Add(sum[0], sum[1]), L::Add(sum[2], sum[3]));
}

// Cached tokens of one row and head: a query sees [first, end). Vectors of
// scores start at `begin`, whole vectors into the row, so that they end inside
// the cache.
struct SeenTokens {
  int64_t begin;
  int64_t first;
  int64_t end;
};

template <typename L>
inline SeenTokens TokensSeen(int64_t position, int64_t window) {
  const int64_t first = FirstSeen(window, position);
  return {first - first % L::kWidth, first, position + 1};
}

// out [dim] = the values [tokens, dim] of the seen tokens, mixed by the
// softmax of scores, whose first belongs to token seen.begin.
template <typename L>
inline void MixValues(const SeenTokens& seen, float* scores,
                      const float* values, int64_t dim, float* out) {
  const int64_t hidden = seen.first - seen.begin;
  const int64_t valid = seen.end - seen.begin;
  const SoftmaxSums softmax = ExponentiateRow<L>(scores, hidden, valid, valid);
  const typename L::V inverse = L::Set(1.0f / softmax.sum);
  for (int64_t d = 0; d < dim; d += L::kWidth) {
    const int64_t width = Smaller(L::kWidth, dim - d);
    const typename L::V mixed =
        L::Mul(WeightedValues<L>(scores + hidden, values + seen.first * dim + d,
                                 valid - hidden, dim, width),
               inverse);
    if (width == L::kWidth) {
      L::Store(out + d, mixed);
    } else {
      L::StoreFirst(out + d, mixed, width);
    }
  }
}

// queries [heads, key_dim], rotated and scaled -> out [heads, value_dim].
// scores: heads / kv_heads rows of `capacity` floats.
template <typename L>
inline void AttendToCache(const DecodeModel& model, const DecodeBlock& block,
                          const DecodeToken& token, const float* queries,
                          float* scores, float* out) {
  const int64_t group = model.heads / model.kv_heads;
  const SeenTokens seen = TokensSeen<L>(token.position, block.window);
  for (int64_t kv = 0; kv < model.kv_heads; ++kv) {
    const int64_t cache = (token.row * model.kv_heads + kv) * model.capacity;
    CacheScores<L>(
        {queries + kv * group * model.key_dim, model.key_dim},
        {block.keys + cache * model.key_dim + seen.begin, model.capacity},
        group, model.key_dim, RoundUp(seen.end - seen.begin, L::kWidth),
        {scores, model.capacity});
    for (int64_t g = 0; g < group; ++g) {
      MixValues<L>(seen, scores + g * model.capacity,
                   block.values + cache * model.value_dim, model.value_dim,
                   out + (kv * group + g) * model.value_dim);
    }
  }
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DECODE_DECODE_ATTENTION_LANES_H_
