// Backward of packed attention for one task, for any instruction set.
//
// With P the probabilities, recomputed from the saved log-sum-exp, and O the
// output (Dao et al. 2022, arXiv:2205.14135, algorithm 4):
// dV = P^T dO, dS = P * (dO V^T - rowsum(dO * O)), dQ = dS K, dK = dS^T Q.
#ifndef LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_BACKWARD_LANES_H_
#define LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_BACKWARD_LANES_H_

#include <cstdint>

#include "kernels/attention/attention_tiles.h"
#include "kernels/attention/packed_attention_lanes.h"
#include "kernels/attention/packed_attention_launch.h"
#include "kernels/attention/rotate_half.h"
#include "kernels/cpu/lanes_math.h"

namespace limbeck::kernels {

struct BackwardScratch {
  Tile keys;               // [padded tokens, padded head_dim]
  Tile keys_transposed;    // [head_dim, padded tokens]
  Tile values_transposed;  // [value_dim, padded tokens]
  Tile key_grad;           // [padded tokens, padded head_dim]
  Tile value_grad;         // [padded tokens, padded value_dim]
  Tile queries;            // [R, padded head_dim]
  Tile out_grad;           // [R, padded value_dim]
  Tile query_grad;         // [R, padded head_dim]
  Tile probabilities;      // [R, padded tokens]
  Tile score_grad;         // [R, padded tokens]
};

static inline ConstTile Read(Tile tile) { return {tile.data, tile.stride}; }
// From an offset on: a column, or a row times the stride.
static inline ConstTile ReadFrom(Tile tile, int64_t offset) {
  return {tile.data + offset, tile.stride};
}

// The tokens that a row of scores sees: [hidden, valid) of `columns`.
struct SeenColumns {
  int64_t hidden;
  int64_t valid;
  int64_t columns;
};

// What the softmax of a row left behind, and rowsum(dO * O).
struct RowSums {
  float log_sum_exp;
  float delta;
};

// scores -> probabilities; what stands in score_grad (dO V^T) -> dS.
template <typename L>
inline void ScoreGradientRow(float* scores, float* score_grad, SeenColumns seen,
                             RowSums sums) {
  using V = typename L::V;
  const V shift = L::Set(sums.log_sum_exp);
  const V drop = L::Set(sums.delta);
  const V zero = L::Set(0.0f);
  for (int64_t j = 0; j < seen.columns; j += L::kWidth) {
    V p = ExpLanes<L>(L::Sub(L::Load(scores + j), shift));
    V gradient = L::Mul(p, L::Sub(L::Load(score_grad + j), drop));
    if (j + L::kWidth > seen.valid) {
      const int64_t kept = j < seen.valid ? seen.valid - j : 0;
      p = L::KeepFirst(p, kept, zero);
      gradient = L::KeepFirst(gradient, kept, zero);
    }
    L::Store(scores + j, p);
    L::Store(score_grad + j, gradient);
  }
  FillZeros(scores, seen.hidden);
  FillZeros(score_grad, seen.hidden);
}

template <typename L>
inline void LoadOutGradTile(const PackedAttentionBackward& args, int64_t head,
                            int64_t first_token, int64_t rows, Tile out_grad,
                            float* delta) {
  const PackedAttentionForward& forward = args.forward;
  FillZeros(out_grad.data, L::kTileRows * out_grad.stride);
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t offset =
        ((first_token + r) * forward.heads + head) * forward.value_dim;
    float sum = 0.0f;
    for (int64_t d = 0; d < forward.value_dim; ++d) {
      const float gradient = args.out_grad[offset + d];
      out_grad.data[r * out_grad.stride + d] = gradient;
      sum += gradient * forward.out[offset + d];
    }
    delta[r] = sum;
  }
}

// The probabilities of a tile and the gradient of its scores.
template <typename L>
inline void ScoreGradients(const PackedAttentionBackward& args,
                           const PackedAttentionTask& task, int64_t head,
                           int64_t first, const BackwardScratch& s) {
  constexpr int R = L::kTileRows;
  const PackedAttentionForward& forward = args.forward;
  const int64_t rows = Smaller(R, task.end - task.begin - first);
  const int64_t base = FirstSeen(forward.window, first) / L::kWidth * L::kWidth;
  const int64_t columns = RoundUp(first + rows - base, L::kWidth);
  const int64_t token = task.begin + first;
  float delta[R];
  LoadQueryTile<L>(forward, head, token, rows, s.queries);
  LoadOutGradTile<L>(args, head, token, rows, s.out_grad, delta);
  ProductTile<L, R>(Read(s.queries), ReadFrom(s.keys_transposed, base),
                    forward.head_dim, columns, s.probabilities);
  ProductTile<L, R>(Read(s.out_grad), ReadFrom(s.values_transposed, base),
                    forward.value_dim, columns, s.score_grad);
  for (int64_t r = 0; r < R; ++r) {
    float* scores = s.probabilities.data + r * s.probabilities.stride;
    float* gradient = s.score_grad.data + r * s.score_grad.stride;
    if (r >= rows) {
      FillZeros(scores, columns);
      FillZeros(gradient, columns);
      continue;
    }
    const int64_t position = first + r;
    ScoreGradientRow<L>(
        scores, gradient,
        {FirstSeen(forward.window, position) - base, position + 1 - base,
         columns},
        {forward.log_sum_exp[head * forward.tokens + token + r], delta[r]});
  }
}

template <typename L>
inline void BackwardTile(const PackedAttentionBackward& args,
                         const PackedAttentionTask& task, int64_t head,
                         int64_t first, const BackwardScratch& s) {
  constexpr int R = L::kTileRows;
  const PackedAttentionForward& forward = args.forward;
  const QkvColumns columns{forward};
  const int64_t rows = Smaller(R, task.end - task.begin - first);
  const int64_t base = FirstSeen(forward.window, first) / L::kWidth * L::kWidth;
  const int64_t seen = first + rows - base;
  const int64_t key_offset = base * s.keys.stride;
  const int64_t value_offset = base * s.value_grad.stride;
  ScoreGradients<L>(args, task, head, first, s);
  OuterTile<L, R>(Read(s.probabilities), Read(s.out_grad), seen,
                  s.value_grad.stride,
                  {s.value_grad.data + value_offset, s.value_grad.stride});
  // The queries carry the scale already, the keys do not.
  OuterTile<L, R>(Read(s.score_grad), Read(s.queries), seen, s.key_grad.stride,
                  {s.key_grad.data + key_offset, s.key_grad.stride});
  ProductTile<L, R>(Read(s.score_grad), ReadFrom(s.keys, key_offset), seen,
                    s.query_grad.stride, s.query_grad);
  for (int64_t r = 0; r < rows; ++r) {
    float* gradient = s.query_grad.data + r * s.query_grad.stride;
    for (int64_t d = 0; d < forward.head_dim; ++d) {
      gradient[d] *= forward.scale;
    }
    const int64_t token = task.begin + first + r;
    RotateRowBack<L>(
        gradient, columns.Angle(token), forward.head_dim,
        args.qkv_grad + token * columns.RowStride() + columns.Query(head));
  }
}

// Keys and values of the task in the layouts of BackwardScratch.
template <typename L>
inline void LoadKeysAndValues(const PackedAttentionForward& args,
                              const PackedAttentionTask& task,
                              const BackwardScratch& s) {
  const QkvColumns columns{args};
  const int64_t tokens = task.end - task.begin;
  LoadKeysTransposed<L>(args, task, s.keys_transposed);
  FillZeros(s.values_transposed.data,
            args.value_dim * s.values_transposed.stride);
  FillZeros(s.keys.data, s.keys_transposed.stride * s.keys.stride);
  for (int64_t t = 0; t < tokens; ++t) {
    const float* value = args.qkv + (task.begin + t) * columns.RowStride() +
                         columns.Value(task.kv_head);
    for (int64_t d = 0; d < args.head_dim; ++d) {
      s.keys.data[t * s.keys.stride + d] =
          s.keys_transposed.data[d * s.keys_transposed.stride + t];
    }
    for (int64_t d = 0; d < args.value_dim; ++d) {
      s.values_transposed.data[d * s.values_transposed.stride + t] = value[d];
    }
  }
}

template <typename L>
inline void StoreKeyAndValueGradients(const PackedAttentionBackward& args,
                                      const PackedAttentionTask& task,
                                      const BackwardScratch& s) {
  const PackedAttentionForward& forward = args.forward;
  const QkvColumns columns{forward};
  for (int64_t t = 0; t < task.end - task.begin; ++t) {
    const int64_t token = task.begin + t;
    float* row = args.qkv_grad + token * columns.RowStride();
    RotateRowBack<L>(s.key_grad.data + t * s.key_grad.stride,
                     columns.Angle(token), forward.head_dim,
                     row + columns.Key(task.kv_head));
    const float* value_grad = s.value_grad.data + t * s.value_grad.stride;
    float* to = row + columns.Value(task.kv_head);
    for (int64_t d = 0; d < forward.value_dim; ++d) to[d] = value_grad[d];
  }
}

template <typename L>
void PackedAttentionBackwardLanes(const PackedAttentionBackward& args,
                                  const PackedAttentionTask& task,
                                  float* scratch) {
  constexpr int R = L::kTileRows;
  const PackedAttentionForward& forward = args.forward;
  const int64_t tokens = task.end - task.begin;
  const int64_t length = RoundUp(tokens, kScratchPadding);
  const int64_t key_width = RoundUp(forward.head_dim, kScratchPadding);
  const int64_t value_width = RoundUp(forward.value_dim, kScratchPadding);
  ScratchCursor cursor{scratch};
  const BackwardScratch s = {{cursor.Take(length * key_width), key_width},
                             {cursor.Take(forward.head_dim * length), length},
                             {cursor.Take(forward.value_dim * length), length},
                             {cursor.Take(length * key_width), key_width},
                             {cursor.Take(length * value_width), value_width},
                             {cursor.Take(R * key_width), key_width},
                             {cursor.Take(R * value_width), value_width},
                             {cursor.Take(R * key_width), key_width},
                             {cursor.Take(R * length), length},
                             {cursor.Take(R * length), length}};
  LoadKeysAndValues<L>(forward, task, s);
  FillZeros(s.key_grad.data, length * key_width);
  FillZeros(s.value_grad.data, length * value_width);
  const int64_t group = forward.heads / forward.kv_heads;
  for (int64_t g = 0; g < group; ++g) {
    for (int64_t first = 0; first < tokens; first += R) {
      BackwardTile<L>(args, task, task.kv_head * group + g, first, s);
    }
  }
  StoreKeyAndValueGradients<L>(args, task, s);
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_BACKWARD_LANES_H_
