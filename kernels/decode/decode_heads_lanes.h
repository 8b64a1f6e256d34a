// Queries, keys and values of a group, before and after attention, for any
// instruction set.
#ifndef LIMBECK_KERNELS_DECODE_DECODE_HEADS_LANES_H_
#define LIMBECK_KERNELS_DECODE_DECODE_HEADS_LANES_H_

#include <cstdint>

#include "kernels/cpu/lanes_math.h"
#include "kernels/decode/decode_launch.h"
#include "kernels/decode/decode_workspace.h"
#include "kernels/decode/lane_linear.h"

namespace limbeck::kernels {

// `count` heads of `dim` channels each.
struct LaneHeads {
  float* x;
  int64_t count;
  int64_t dim;
};

// Norms the first `width` channels of each head in place; none without weight.
template <typename L>
inline void NormHeads(const LaneHeads& heads, const float* weight,
                      int64_t width, float epsilon) {
  if (weight == nullptr) return;
  for (int64_t h = 0; h < heads.count; ++h) {
    float* x = heads.x + h * heads.dim * L::kWidth;
    LaneRmsNorm<L>(x, weight, width, epsilon, x);
  }
}

// Turns the last rotary_dim channels of each head in place; factor scales the
// whole head.
template <typename L>
inline void RotateLanes(const DecodeModel& model, const DecodeBuffers& b,
                        const LaneHeads& heads, float factor) {
  using V = typename L::V;
  const int64_t half = model.rotary_dim / 2;
  const int64_t still = heads.dim - model.rotary_dim;
  const int64_t step = (model.rotary_interleaved ? 2 : 1) * L::kWidth;
  const int64_t gap = (model.rotary_interleaved ? 1 : half) * L::kWidth;
  const V scale = L::Set(factor);
  for (int64_t h = 0; h < heads.count; ++h) {
    float* x = heads.x + h * heads.dim * L::kWidth;
    for (int64_t i = 0; i < still; ++i, x += L::kWidth) {
      L::Store(x, L::Mul(L::Load(x), scale));
    }
    for (int64_t i = 0; i < half; ++i) {
      float* low = x + i * step;
      float* high = low + gap;
      const V c = L::Load(b.cosine + i * L::kWidth);
      const V s = L::Load(b.sine + i * L::kWidth);
      const V a = L::Load(low);
      const V z = L::Load(high);
      L::Store(low, L::Mul(L::Sub(L::Mul(a, c), L::Mul(z, s)), scale));
      L::Store(high, L::Mul(L::Add(L::Mul(z, c), L::Mul(a, s)), scale));
    }
  }
}

// b.queries = the queries of b.normed, by way of q_rank numbers where the
// block has q_a.
template <typename L>
inline void ProjectQueries(const DecodeModel& model, const DecodeBlock& block,
                           const DecodeBuffers& b) {
  const int64_t q = model.heads * model.head_dim;
  if (block.q_a == nullptr) {
    LaneLinear<L>({block.q, block.q_bias, q, model.hidden}, b.normed,
                  b.queries);
    return;
  }
  LaneLinear<L>({block.q_a, nullptr, model.q_rank, model.hidden}, b.normed,
                b.q_low);
  LaneRmsNorm<L>(b.q_low, block.q_a_norm, model.q_rank, model.inner_epsilon,
                 b.q_low);
  LaneLinear<L>({block.q, block.q_bias, q, model.q_rank}, b.q_low, b.queries);
}

// Rows of kv_b that belong to one head: keys first, then values.
static inline const float* LatentRows(const DecodeModel& model,
                                      const DecodeBlock& block, int64_t head) {
  const int64_t nope = model.head_dim - model.rotary_dim;
  return block.kv_b + head * (nope + model.output_dim) * model.value_dim;
}

// b.absorbed = b.queries through the key half of kv_b; what was turned stays.
template <typename L>
inline void AbsorbQueries(const DecodeModel& model, const DecodeBlock& block,
                          const DecodeBuffers& b) {
  const int64_t nope = model.head_dim - model.rotary_dim;
  for (int64_t h = 0; h < model.heads; ++h) {
    const float* from = b.queries + h * model.head_dim * L::kWidth;
    float* to = b.absorbed + h * model.key_dim * L::kWidth;
    LaneTransposed<L>(LatentRows(model, block, h), nope, model.value_dim, from,
                      to);
    const float* turned = from + nope * L::kWidth;
    float* turned_to = to + model.value_dim * L::kWidth;
    for (int64_t i = 0; i < model.rotary_dim * L::kWidth; ++i) {
      turned_to[i] = turned[i];
    }
  }
}

// b.attended = b.latent through the value half of kv_b.
template <typename L>
inline void UnfoldValues(const DecodeModel& model, const DecodeBlock& block,
                         const DecodeBuffers& b) {
  const int64_t nope = model.head_dim - model.rotary_dim;
  for (int64_t h = 0; h < model.heads; ++h) {
    const float* weight = LatentRows(model, block, h) + nope * model.value_dim;
    LaneLinear<L>({weight, nullptr, model.output_dim, model.value_dim},
                  b.latent + h * model.value_dim * L::kWidth,
                  b.attended + h * model.output_dim * L::kWidth);
  }
}

// values [kv_heads * value_dim] beside b.keys.
template <typename L>
inline void StoreInCache(const DecodeModel& model, const DecodeBlock& block,
                         const DecodeGroup& group, const float* keys,
                         const float* values) {
  for (int64_t i = 0; i < group.count; ++i) {
    const DecodeToken& token = group.tokens[i];
    for (int64_t kv = 0; kv < model.kv_heads; ++kv) {
      const int64_t cache = (token.row * model.kv_heads + kv) * model.capacity;
      const float* key = keys + kv * model.key_dim * L::kWidth + i;
      const float* value = values + kv * model.value_dim * L::kWidth + i;
      float* key_to = block.keys + cache * model.key_dim + token.position;
      float* value_to =
          block.values + (cache + token.position) * model.value_dim;
      for (int64_t d = 0; d < model.key_dim; ++d) {
        key_to[d * model.capacity] = key[d * L::kWidth];
      }
      ReadLane<L>(value, model.value_dim, 0, value_to);
    }
  }
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DECODE_DECODE_HEADS_LANES_H_
