// Forward of packed attention for one task, for any instruction set.
#ifndef LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_LANES_H_
#define LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_LANES_H_

#include <cstdint>

#include "kernels/attention/attention_tiles.h"
#include "kernels/attention/packed_attention_launch.h"
#include "kernels/attention/rotate_half.h"
#include "kernels/cpu/lanes_math.h"

namespace limbeck::kernels {

// Where the heads of a token lie inside a row of qkv.
struct QkvColumns {
  const PackedAttentionForward& args;

  int64_t RowStride() const {
    return (args.heads + args.kv_heads) * args.head_dim +
           args.kv_heads * args.value_dim;
  }
  int64_t Query(int64_t head) const { return head * args.head_dim; }
  int64_t Key(int64_t kv_head) const {
    return (args.heads + kv_head) * args.head_dim;
  }
  int64_t Value(int64_t kv_head) const {
    return (args.heads + args.kv_heads) * args.head_dim +
           kv_head * args.value_dim;
  }
  RotaryRow Angle(int64_t token) const {
    return {args.cosine + token * args.head_dim,
            args.sine + token * args.head_dim};
  }
};

// Hands out pieces of scratch memory.
struct ScratchCursor {
  float* next;

  float* Take(int64_t floats) {
    float* piece = next;
    next += floats;
    return piece;
  }
};

static inline void FillZeros(float* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = 0.0f;
}

// The first token that the one at `position` of a sequence sees.
static inline int64_t FirstSeen(int64_t window, int64_t position) {
  return window > 0 && position >= window ? position - window + 1 : 0;
}

// Rotated keys of a task, one column per token: [head_dim, padded tokens].
template <typename L>
inline void LoadKeysTransposed(const PackedAttentionForward& args,
                               const PackedAttentionTask& task, Tile keys) {
  const QkvColumns columns{args};
  const int64_t tokens = task.end - task.begin;
  for (int64_t t = 0; t < tokens; ++t) {
    const int64_t token = task.begin + t;
    RotateRow<L>(
        args.qkv + token * columns.RowStride() + columns.Key(task.kv_head),
        columns.Angle(token), args.head_dim, 1.0f, keys.data + t, keys.stride);
  }
  for (int64_t d = 0; d < args.head_dim; ++d) {
    FillZeros(keys.data + d * keys.stride + tokens, keys.stride - tokens);
  }
}

// Copies one row of floats into a padded one.
static inline void CopyPadded(const float* from, int64_t count, float* to,
                              int64_t padded) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i];
  FillZeros(to + count, padded - count);
}

// Rotated and scaled queries [R, padded head_dim]; rows past the end are 0.
template <typename L>
inline void LoadQueryTile(const PackedAttentionForward& args, int64_t head,
                          int64_t first_token, int64_t rows, Tile queries) {
  const QkvColumns columns{args};
  FillZeros(queries.data, L::kTileRows * queries.stride);
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t token = first_token + r;
    RotateRow<L>(args.qkv + token * columns.RowStride() + columns.Query(head),
                 columns.Angle(token), args.head_dim, args.scale,
                 queries.data + r * queries.stride, 1);
  }
}

// scores[hidden .. valid) -> exp(score - largest), zeros before and behind, up
// to `columns`. Returns largest and the sum.
struct SoftmaxSums {
  float largest;
  float sum;
};
template <typename L>
inline SoftmaxSums ExponentiateRow(float* scores, int64_t hidden, int64_t valid,
                                   int64_t columns) {
  using V = typename L::V;
  const V lowest = L::Set(-__builtin_inff());
  // ExpLanes makes 1e-38 of these, nothing beside a sum of at least 1.
  for (int64_t i = 0; i < hidden; ++i) scores[i] = -__builtin_inff();
  V maximum = lowest;
  int64_t j = 0;
  for (; j + L::kWidth <= valid; j += L::kWidth) {
    maximum = L::Max(maximum, L::Load(scores + j));
  }
  if (j < valid) {
    maximum =
        L::Max(maximum, L::KeepFirst(L::Load(scores + j), valid - j, lowest));
  }
  const float largest = L::Largest(maximum);
  const V shift = L::Set(largest);
  const V zero = L::Set(0.0f);
  V sum = zero;
  for (j = 0; j + L::kWidth <= valid; j += L::kWidth) {
    const V p = ExpLanes<L>(L::Sub(L::Load(scores + j), shift));
    L::Store(scores + j, p);
    sum = L::Add(sum, p);
  }
  if (j < valid) {
    const V p = L::KeepFirst(ExpLanes<L>(L::Sub(L::Load(scores + j), shift)),
                             valid - j, zero);
    L::Store(scores + j, p);
    sum = L::Add(sum, p);
    j += L::kWidth;
  }
  for (; j < columns; j += L::kWidth) L::Store(scores + j, zero);
  FillZeros(scores, hidden);
  return {largest, L::Sum(sum)};
}

struct ForwardScratch {
  Tile keys;     // [head_dim, padded tokens]
  Tile values;   // [padded tokens, padded value_dim]
  Tile queries;  // [R, padded head_dim]
  Tile scores;   // [R, padded tokens]
  Tile sums;     // [R, padded value_dim]
};

template <typename L>
inline void ForwardTile(const PackedAttentionForward& args,
                        const PackedAttentionTask& task, int64_t head,
                        int64_t first, const ForwardScratch& s) {
  constexpr int R = L::kTileRows;
  const int64_t rows = Smaller(R, task.end - task.begin - first);
  // Column 0 of the scores is the token at `base`.
  const int64_t base = FirstSeen(args.window, first) / L::kWidth * L::kWidth;
  const int64_t seen = first + rows - base;
  const int64_t columns = RoundUp(seen, L::kWidth);
  LoadQueryTile<L>(args, head, task.begin + first, rows, s.queries);
  ProductTile<L, R>({s.queries.data, s.queries.stride},
                    {s.keys.data + base, s.keys.stride}, args.head_dim, columns,
                    s.scores);
  SoftmaxSums softmax[R];
  for (int64_t r = 0; r < R; ++r) {
    float* row = s.scores.data + r * s.scores.stride;
    if (r >= rows) {
      FillZeros(row, columns);
      continue;
    }
    const int64_t position = first + r;
    softmax[r] =
        ExponentiateRow<L>(row, FirstSeen(args.window, position) - base,
                           position + 1 - base, columns);
  }
  ProductTile<L, R>({s.scores.data, s.scores.stride},
                    {s.values.data + base * s.values.stride, s.values.stride},
                    seen, s.values.stride, s.sums);
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t token = task.begin + first + r;
    float* out = args.out + (token * args.heads + head) * args.value_dim;
    const float* sums = s.sums.data + r * s.sums.stride;
    const float inverse = 1.0f / softmax[r].sum;
    for (int64_t d = 0; d < args.value_dim; ++d) out[d] = sums[d] * inverse;
    args.log_sum_exp[head * args.tokens + token] =
        softmax[r].largest + __builtin_logf(softmax[r].sum);
  }
}

template <typename L>
void PackedAttentionForwardLanes(const PackedAttentionForward& args,
                                 const PackedAttentionTask& task,
                                 float* scratch) {
  constexpr int R = L::kTileRows;
  const int64_t tokens = task.end - task.begin;
  const int64_t padded_tokens = RoundUp(tokens, kScratchPadding);
  const int64_t key_width = RoundUp(args.head_dim, kScratchPadding);
  const int64_t value_width = RoundUp(args.value_dim, kScratchPadding);
  ScratchCursor cursor{scratch};
  const ForwardScratch s = {
      {cursor.Take(args.head_dim * padded_tokens), padded_tokens},
      {cursor.Take(padded_tokens * value_width), value_width},
      {cursor.Take(R * key_width), key_width},
      {cursor.Take(R * padded_tokens), padded_tokens},
      {cursor.Take(R * value_width), value_width}};
  LoadKeysTransposed<L>(args, task, s.keys);
  const QkvColumns columns{args};
  for (int64_t t = 0; t < tokens; ++t) {
    CopyPadded(args.qkv + (task.begin + t) * columns.RowStride() +
                   columns.Value(task.kv_head),
               args.value_dim, s.values.data + t * value_width, value_width);
  }
  const int64_t group = args.heads / args.kv_heads;
  for (int64_t g = 0; g < group; ++g) {
    for (int64_t first = 0; first < tokens; first += R) {
      ForwardTile<L>(args, task, task.kv_head * group + g, first, s);
    }
  }
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_LANES_H_
