// Raw-pointer arguments of the fused decoding step on the CPU.
//
// Tokens are lanes: a group of up to `lanes` tokens (CpuKernels::lanes) goes
// through the decoder together, each in one lane of every vector. Activations
// are stored [feature][lane], so that a lane's arithmetic is the same in any
// company and weights are used as they are.
#ifndef LIMBECK_KERNELS_DECODE_DECODE_LAUNCH_H_
#define LIMBECK_KERNELS_DECODE_DECODE_LAUNCH_H_

#include <cstdint>

namespace limbeck::kernels {

// One transformer block and its cache. Shapes as in student/weights.h.
struct DecodeBlock {
  const float* input_norm;
  const float* q;
  const float* k;
  const float* v;
  const float* q_bias;  // nullptr: no biases
  const float* k_bias;
  const float* v_bias;
  const float* o;
  const float* post_norm;
  const float* gate;
  const float* up;
  const float* down;
  float* keys;    // [rows, kv_heads, head_dim, capacity]
  float* values;  // [rows, kv_heads, capacity, head_dim]
};

struct DecodeModel {
  int64_t hidden;
  int64_t heads;
  int64_t kv_heads;
  int64_t head_dim;
  int64_t inner;
  int64_t vocab;
  int64_t num_blocks;
  int64_t capacity;  // tokens a cache row holds, a multiple of 16
  float epsilon;
  float scale;             // of the scores
  const float* embedding;  // [vocab, hidden]
  const float* final_norm;
  const float* head;    // [vocab, hidden]
  const float* cosine;  // [capacity, head_dim]
  const float* sine;    // [capacity, head_dim]
  const DecodeBlock* blocks;
};

// One token: its id, its position, and the cache row it belongs to.
struct DecodeToken {
  int64_t id;
  int64_t position;
  int64_t row;
};

// Tokens that go through the decoder together.
struct DecodeGroup {
  const DecodeToken* tokens;
  int64_t count;     // 1 .. lanes
  float* workspace;  // DecodeWorkspace(model) floats
  // Where decode_final_hidden and decode_logits put the result of token i:
  // [hidden] or [vocab]; nullptr drops it.
  float* const* results;
};

// Outputs of the head that are computed before they are written out.
inline constexpr int64_t kHeadBlock = 64;

// Floats of workspace that one group needs.
int64_t DecodeWorkspace(const DecodeModel& model);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DECODE_DECODE_LAUNCH_H_
