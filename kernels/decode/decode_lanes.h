// The decoder on one group of tokens, for any instruction set.
#ifndef LIMBECK_KERNELS_DECODE_DECODE_LANES_H_
#define LIMBECK_KERNELS_DECODE_DECODE_LANES_H_

#include <cstdint>

#include "kernels/cpu/lanes_math.h"
#include "kernels/decode/decode_attention_lanes.h"
#include "kernels/decode/decode_launch.h"
#include "kernels/decode/lane_linear.h"
#include "kernels/layers/swiglu_lanes.h"

namespace limbeck::kernels {

// The parts of a group's workspace; all but the last three [feature][lane].
struct DecodeBuffers {
  float* hidden;    // [hidden]
  float* normed;    // [hidden]
  float* queries;   // [heads * head_dim]
  float* keys;      // [kv_heads * head_dim]
  float* values;    // [kv_heads * head_dim]
  float* attended;  // [heads * head_dim]
  float* gate;      // [inner]
  float* up;        // [inner]
  float* cosine;    // [head_dim]
  float* sine;      // [head_dim]
  float* logits;    // [kHeadBlock]
  float* query;     // [heads, head_dim] of one token
  float* mixed;     // [heads, head_dim] of one token
  float* scores;    // [heads / kv_heads, capacity] of one token
};

static inline DecodeBuffers DivideWorkspace(const DecodeModel& model,
                                            int64_t lanes, float* workspace) {
  const int64_t q = model.heads * model.head_dim;
  const int64_t kv = model.kv_heads * model.head_dim;
  ScratchCursor cursor{workspace};
  return {.hidden = cursor.Take(model.hidden * lanes),
          .normed = cursor.Take(model.hidden * lanes),
          .queries = cursor.Take(q * lanes),
          .keys = cursor.Take(kv * lanes),
          .values = cursor.Take(kv * lanes),
          .attended = cursor.Take(q * lanes),
          .gate = cursor.Take(model.inner * lanes),
          .up = cursor.Take(model.inner * lanes),
          .cosine = cursor.Take(model.head_dim * lanes),
          .sine = cursor.Take(model.head_dim * lanes),
          .logits = cursor.Take(kHeadBlock * lanes),
          .query = cursor.Take(q),
          .mixed = cursor.Take(q),
          .scores = cursor.Take(model.heads / model.kv_heads * model.capacity)};
}

// Puts `count` floats into one lane of [count][lane].
template <typename L>
inline void WriteLane(const float* from, int64_t count, int64_t lane,
                      float* to) {
  for (int64_t i = 0; i < count; ++i) to[i * L::kWidth + lane] = from[i];
}

template <typename L>
inline void ReadLane(const float* from, int64_t count, int64_t lane,
                     float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i * L::kWidth + lane];
}

// Starts a group: embeddings and rotary angles of its tokens.
template <typename L>
void DecodeEmbedLanes(const DecodeModel& model, const DecodeGroup& group) {
  const DecodeBuffers b = DivideWorkspace(model, L::kWidth, group.workspace);
  const int64_t dim = model.head_dim;
  // Unused lanes hold zeros all the way.
  FillZeros(b.hidden, model.hidden * L::kWidth);
  FillZeros(b.attended, model.heads * dim * L::kWidth);
  FillZeros(b.cosine, dim * L::kWidth);
  FillZeros(b.sine, dim * L::kWidth);
  for (int64_t i = 0; i < group.count; ++i) {
    const DecodeToken& token = group.tokens[i];
    WriteLane<L>(model.embedding + token.id * model.hidden, model.hidden, i,
                 b.hidden);
    WriteLane<L>(model.cosine + token.position * dim, dim, i, b.cosine);
    WriteLane<L>(model.sine + token.position * dim, dim, i, b.sine);
  }
}

// Rotates `heads` heads in place; factor scales the result.
template <typename L>
inline void RotateLanes(const DecodeBuffers& b, int64_t heads, int64_t dim,
                        float factor, float* x) {
  using V = typename L::V;
  const int64_t half = dim / 2;
  const V scale = L::Set(factor);
  for (int64_t h = 0; h < heads; ++h) {
    for (int64_t i = 0; i < half; ++i) {
      float* low = x + (h * dim + i) * L::kWidth;
      float* high = low + half * L::kWidth;
      const V c = L::Load(b.cosine + i * L::kWidth);
      const V s = L::Load(b.sine + i * L::kWidth);
      const V a = L::Load(low);
      const V z = L::Load(high);
      L::Store(low, L::Mul(L::Sub(L::Mul(a, c), L::Mul(z, s)), scale));
      L::Store(high, L::Mul(L::Add(L::Mul(z, c), L::Mul(a, s)), scale));
    }
  }
}

template <typename L>
inline void StoreInCache(const DecodeModel& model, const DecodeBlock& block,
                         const DecodeGroup& group, const DecodeBuffers& b) {
  const int64_t dim = model.head_dim;
  for (int64_t i = 0; i < group.count; ++i) {
    const DecodeToken& token = group.tokens[i];
    for (int64_t kv = 0; kv < model.kv_heads; ++kv) {
      const int64_t cache =
          (token.row * model.kv_heads + kv) * model.capacity * dim;
      const float* key = b.keys + kv * dim * L::kWidth + i;
      const float* value = b.values + kv * dim * L::kWidth + i;
      float* keys = block.keys + cache + token.position;
      float* values = block.values + cache + token.position * dim;
      for (int64_t d = 0; d < dim; ++d) {
        keys[d * model.capacity] = key[d * L::kWidth];
        values[d] = value[d * L::kWidth];
      }
    }
  }
}

// First half of a block: queries stay in the workspace, keys and values go to
// the cache. Tokens of one row need this done for all before them.
template <typename L>
void DecodeKeysAndValuesLanes(const DecodeModel& model,
                              const DecodeGroup& group, int64_t layer) {
  const DecodeBlock& block = model.blocks[layer];
  const DecodeBuffers b = DivideWorkspace(model, L::kWidth, group.workspace);
  const int64_t q = model.heads * model.head_dim;
  const int64_t kv = model.kv_heads * model.head_dim;
  LaneRmsNorm<L>(b.hidden, block.input_norm, model.hidden, model.epsilon,
                 b.normed);
  LaneLinear<L>({block.q, block.q_bias, q, model.hidden}, b.normed, b.queries);
  LaneLinear<L>({block.k, block.k_bias, kv, model.hidden}, b.normed, b.keys);
  LaneLinear<L>({block.v, block.v_bias, kv, model.hidden}, b.normed, b.values);
  RotateLanes<L>(b, model.heads, model.head_dim, model.scale, b.queries);
  RotateLanes<L>(b, model.kv_heads, model.head_dim, 1.0f, b.keys);
  StoreInCache<L>(model, block, group, b);
}

// Second half of a block: attention and MLP.
template <typename L>
void DecodeMixLanes(const DecodeModel& model, const DecodeGroup& group,
                    int64_t layer) {
  const DecodeBlock& block = model.blocks[layer];
  const DecodeBuffers b = DivideWorkspace(model, L::kWidth, group.workspace);
  const int64_t q = model.heads * model.head_dim;
  for (int64_t i = 0; i < group.count; ++i) {
    ReadLane<L>(b.queries, q, i, b.query);
    AttendToCache<L>(model, block, group.tokens[i], b.query, b.scores, b.mixed);
    WriteLane<L>(b.mixed, q, i, b.attended);
  }
  AddLaneLinear<L>({block.o, nullptr, model.hidden, q}, b.attended, b.hidden);
  LaneRmsNorm<L>(b.hidden, block.post_norm, model.hidden, model.epsilon,
                 b.normed);
  LaneLinear<L>({block.gate, nullptr, model.inner, model.hidden}, b.normed,
                b.gate);
  LaneLinear<L>({block.up, nullptr, model.inner, model.hidden}, b.normed, b.up);
  for (int64_t i = 0; i < model.inner * L::kWidth; i += L::kWidth) {
    L::Store(b.gate + i, GatedLanes<L>(L::Load(b.gate + i), L::Load(b.up + i)));
  }
  AddLaneLinear<L>({block.down, nullptr, model.hidden, model.inner}, b.gate,
                   b.hidden);
}

template <typename L>
void DecodeFinalHiddenLanes(const DecodeModel& model,
                            const DecodeGroup& group) {
  const DecodeBuffers b = DivideWorkspace(model, L::kWidth, group.workspace);
  LaneRmsNorm<L>(b.hidden, model.final_norm, model.hidden, model.epsilon,
                 b.normed);
  for (int64_t i = 0; i < group.count; ++i) {
    if (group.results[i] == nullptr) continue;
    ReadLane<L>(b.normed, model.hidden, i, group.results[i]);
  }
}

template <typename L>
void DecodeLogitsLanes(const DecodeModel& model, const DecodeGroup& group) {
  const DecodeBuffers b = DivideWorkspace(model, L::kWidth, group.workspace);
  LaneRmsNorm<L>(b.hidden, model.final_norm, model.hidden, model.epsilon,
                 b.normed);
  const LaneMatrix head = {model.head, nullptr, model.vocab, model.hidden};
  for (int64_t o = 0; o < model.vocab; o += kHeadBlock) {
    const int64_t end = Smaller(o + kHeadBlock, model.vocab);
    LaneLinearRange<L>(head, o, end, b.normed, /*add=*/false, b.logits);
    for (int64_t i = 0; i < group.count; ++i) {
      if (group.results[i] == nullptr) continue;
      ReadLane<L>(b.logits, end - o, i, group.results[i] + o);
    }
  }
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DECODE_DECODE_LANES_H_
