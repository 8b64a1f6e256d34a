// The decoder on one group of tokens, for any instruction set.
#ifndef LIMBECK_KERNELS_DECODE_DECODE_LANES_H_
#define LIMBECK_KERNELS_DECODE_DECODE_LANES_H_

#include <cstdint>

#include "kernels/cpu/lanes_math.h"
#include "kernels/decode/decode_attention_lanes.h"
#include "kernels/decode/decode_heads_lanes.h"
#include "kernels/decode/decode_launch.h"
#include "kernels/decode/decode_mlp_lanes.h"
#include "kernels/decode/decode_workspace.h"
#include "kernels/decode/lane_linear.h"

namespace limbeck::kernels {

// Where queries and results of attention lie in the workspace.
struct AttentionEnds {
  float* queries;  // [heads * key_dim][lane]
  float* results;  // [heads * value_dim][lane]
};

static inline AttentionEnds EndsOfAttention(const DecodeModel& model,
                                            const DecodeBuffers& b) {
  if (model.latent) return {b.absorbed, b.latent};
  return {b.queries, b.attended};
}

// Starts a group: embeddings and rotary angles of its tokens.
template <typename L>
void DecodeEmbedLanes(const DecodeModel& model, const DecodeGroup& group) {
  const DecodeBuffers b = DivideWorkspace(model, L::kWidth, group.workspace);
  const int64_t dim = model.rotary_dim;
  // Unused lanes hold zeros all the way.
  FillZeros(b.hidden, model.hidden * L::kWidth);
  FillZeros(EndsOfAttention(model, b).results,
            model.heads * model.value_dim * L::kWidth);
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

// First half of a block: queries stay in the workspace, keys and values go to
// the cache. Tokens of one row need this done for all before them.
template <typename L>
void DecodeKeysAndValuesLanes(const DecodeModel& model,
                              const DecodeGroup& group, int64_t layer) {
  const DecodeBlock& block = model.blocks[layer];
  const DecodeBuffers b = DivideWorkspace(model, L::kWidth, group.workspace);
  const LaneHeads queries = {b.queries, model.heads, model.head_dim};
  const LaneHeads keys = {b.keys, model.kv_heads, model.key_dim};
  LaneRmsNorm<L>(b.hidden, block.input_norm, model.hidden, model.epsilon,
                 b.normed);
  ProjectQueries<L>(model, block, b);
  LaneLinear<L>(
      {block.k, block.k_bias, model.kv_heads * model.key_dim, model.hidden},
      b.normed, b.keys);
  if (block.v != nullptr) {
    LaneLinear<L>(
        {block.v, block.v_bias, model.kv_heads * model.value_dim, model.hidden},
        b.normed, b.values);
  }
  NormHeads<L>(queries, block.q_norm, model.head_dim, model.inner_epsilon);
  NormHeads<L>(keys, block.k_norm, model.normed_dim, model.inner_epsilon);
  RotateLanes<L>(model, b, queries, model.scale);
  RotateLanes<L>(model, b, keys, 1.0f);
  if (model.latent) AbsorbQueries<L>(model, block, b);
  StoreInCache<L>(model, block, group, b.keys,
                  block.v != nullptr ? b.values : b.keys);
}

// Second half of a block: attention and MLP.
template <typename L>
void DecodeMixLanes(const DecodeModel& model, const DecodeGroup& group,
                    int64_t layer) {
  const DecodeBlock& block = model.blocks[layer];
  const DecodeBuffers b = DivideWorkspace(model, L::kWidth, group.workspace);
  const AttentionEnds ends = EndsOfAttention(model, b);
  for (int64_t i = 0; i < group.count; ++i) {
    ReadLane<L>(ends.queries, model.heads * model.key_dim, i, b.query);
    AttendToCache<L>(model, block, group.tokens[i], b.query, b.seen_scores,
                     b.mixed);
    WriteLane<L>(b.mixed, model.heads * model.value_dim, i, ends.results);
  }
  if (model.latent) UnfoldValues<L>(model, block, b);
  AddLaneLinear<L>(
      {block.o, block.o_bias, model.hidden, model.heads * model.output_dim},
      b.attended, b.hidden);
  LaneRmsNorm<L>(b.hidden, block.post_norm, model.hidden, model.epsilon,
                 b.normed);
  if (block.experts != nullptr) {
    AddMixtureLanes<L>(model, block, group, b);
  } else {
    AddMlpLanes<L>(model, block.mlp, b, b.hidden);
  }
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
