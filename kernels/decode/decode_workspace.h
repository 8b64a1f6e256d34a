// How the workspace of a group is divided.
#ifndef LIMBECK_KERNELS_DECODE_DECODE_WORKSPACE_H_
#define LIMBECK_KERNELS_DECODE_DECODE_WORKSPACE_H_

#include <cstdint>

#include "kernels/attention/packed_attention_lanes.h"
#include "kernels/cpu/lanes_math.h"
#include "kernels/decode/decode_launch.h"

namespace limbeck::kernels {

// Parts that are [feature][lane]; experts and latent vectors only where the
// model has them.
struct DecodeBuffers {
  float* hidden;    // [hidden]
  float* normed;    // [hidden]
  float* queries;   // [heads * head_dim]
  float* keys;      // [kv_heads * key_dim]
  float* values;    // [kv_heads * value_dim]
  float* attended;  // [heads * output_dim]
  float* gate;      // [inner]
  float* up;        // [inner]
  float* cosine;    // [rotary_dim]
  float* sine;      // [rotary_dim]
  float* logits;    // [kHeadBlock]
  float* q_low;     // [q_rank]
  float* absorbed;  // [heads * key_dim]: queries over the latent vector
  float* latent;    // [heads * value_dim]: mixed latent vectors
  float* scores;    // [experts] of the router
  float* share;     // [experts]: weight of the expert
  float* chosen;    // [experts]: 1 where the lane chose it, else 0
  float* expert;    // [hidden]: output of one expert
  float* mixture;   // [hidden]: of all of them
  // Of one token.
  float* query;        // [heads, key_dim]
  float* mixed;        // [heads, value_dim]
  float* seen_scores;  // [heads / kv_heads, capacity]
  float* choices;      // [2 * experts]
};

// The floats of one token and lane, and of one token at a time. As
// DivideWorkspace takes them.
static inline int64_t LaneFloats(const DecodeModel& model) {
  const int64_t heads = model.heads;
  const int64_t experts = model.choice.num_experts;
  int64_t floats = 2 * (model.hidden + model.inner + model.rotary_dim) +
                   heads * (model.head_dim + model.output_dim) +
                   model.kv_heads * (model.key_dim + model.value_dim) +
                   kHeadBlock + model.q_rank;
  if (model.latent) floats += heads * (model.key_dim + model.value_dim);
  if (experts > 0) floats += 3 * experts + 2 * model.hidden;
  return floats;
}

static inline int64_t TokenFloats(const DecodeModel& model) {
  return model.heads * (model.key_dim + model.value_dim) +
         model.heads / model.kv_heads * model.capacity +
         2 * model.choice.num_experts;
}

static inline DecodeBuffers DivideWorkspace(const DecodeModel& model,
                                            int64_t lanes, float* workspace) {
  const int64_t experts = model.choice.num_experts;
  const int64_t mixtures = experts > 0 ? model.hidden * lanes : 0;
  const int64_t latents = model.latent ? model.heads * lanes : 0;
  ScratchCursor cursor{workspace};
  return {
      .hidden = cursor.Take(model.hidden * lanes),
      .normed = cursor.Take(model.hidden * lanes),
      .queries = cursor.Take(model.heads * model.head_dim * lanes),
      .keys = cursor.Take(model.kv_heads * model.key_dim * lanes),
      .values = cursor.Take(model.kv_heads * model.value_dim * lanes),
      .attended = cursor.Take(model.heads * model.output_dim * lanes),
      .gate = cursor.Take(model.inner * lanes),
      .up = cursor.Take(model.inner * lanes),
      .cosine = cursor.Take(model.rotary_dim * lanes),
      .sine = cursor.Take(model.rotary_dim * lanes),
      .logits = cursor.Take(kHeadBlock * lanes),
      .q_low = cursor.Take(model.q_rank * lanes),
      .absorbed = cursor.Take(model.key_dim * latents),
      .latent = cursor.Take(model.value_dim * latents),
      .scores = cursor.Take(experts * lanes),
      .share = cursor.Take(experts * lanes),
      .chosen = cursor.Take(experts * lanes),
      .expert = cursor.Take(mixtures),
      .mixture = cursor.Take(mixtures),
      .query = cursor.Take(model.heads * model.key_dim),
      .mixed = cursor.Take(model.heads * model.value_dim),
      .seen_scores = cursor.Take(model.heads / model.kv_heads * model.capacity),
      .choices = cursor.Take(2 * experts)};
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

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DECODE_DECODE_WORKSPACE_H_
