// Raw-pointer arguments of the fused decoding step on the CPU.
//
// Tokens are lanes: a group of up to `lanes` tokens (CpuKernels::lanes) goes
// through the decoder together, each in one lane of every vector. Activations
// are stored [feature][lane], so that a lane's arithmetic is the same in any
// company and weights are used as they are.
//
// Latent attention (DeepSeek-V2, arXiv:2405.04434, section 2.1.2) runs in its
// absorbed form: the key half of kv_b turns every query into one over the
// latent vector, the value half turns the mixed latent vectors into values. In
// between it is attention of all heads to one key head, whose values are the
// first channels of its keys, like any other.
#ifndef LIMBECK_KERNELS_DECODE_DECODE_LAUNCH_H_
#define LIMBECK_KERNELS_DECODE_DECODE_LAUNCH_H_

#include <cstdint>

#include "kernels/layers/expert_choice.h"

namespace limbeck::kernels {

// A gated MLP of one width.
struct DecodeMlp {
  const float* gate = nullptr;
  const float* up = nullptr;
  const float* down = nullptr;
  int64_t inner = 0;
};

// One transformer block and its cache. Shapes as in student/weights.h where
// none is given; nullptr stands for what a model does not have.
struct DecodeBlock {
  const float* input_norm = nullptr;
  const float* q_a = nullptr;       // [q_rank, hidden]
  const float* q_a_norm = nullptr;  // [q_rank]
  const float* q = nullptr;         // [heads * head_dim, q_rank or hidden]
  const float* k = nullptr;         // [kv_heads * key_dim, hidden]
  const float* v = nullptr;  // nullptr: the first value_dim channels of keys
  const float* q_bias = nullptr;
  const float* k_bias = nullptr;
  const float* v_bias = nullptr;
  const float* q_norm = nullptr;  // [head_dim]
  const float* k_norm = nullptr;  // [normed_dim]
  const float* kv_b = nullptr;    // [heads, nope + output_dim, value_dim]
  const float* o = nullptr;       // [hidden, heads * output_dim]
  const float* o_bias = nullptr;
  const float* post_norm = nullptr;
  DecodeMlp mlp;                       // beside experts the shared one
  const float* router = nullptr;       // [experts, hidden]
  const float* router_bias = nullptr;  // [experts]
  const DecodeMlp* experts = nullptr;
  int64_t window = 0;       // tokens seen, itself included; 0: all
  float* keys = nullptr;    // [rows, kv_heads, key_dim, capacity]
  float* values = nullptr;  // [rows, kv_heads, capacity, value_dim]
};

struct DecodeModel {
  int64_t hidden = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;             // of a query
  int64_t rotary_dim = 0;           // RoPE turns the last channels of a head
  bool rotary_interleaved = false;  // pairs (2i, 2i+1), else (i, i + half)
  int64_t key_dim = 0;              // of a cached key
  int64_t value_dim = 0;            // of a cached value
  int64_t output_dim = 0;           // of a head before o
  int64_t normed_dim = 0;           // channels of a key below k_norm
  int64_t q_rank = 0;
  bool latent = false;  // attention to latent vectors, by kv_b
  int64_t inner = 0;    // of the widest MLP
  int64_t vocab = 0;
  int64_t num_blocks = 0;
  int64_t capacity = 0;  // tokens a cache row holds, a multiple of 16
  float epsilon = 0.0f;
  float inner_epsilon = 0.0f;  // of norms inside attention
  float scale = 0.0f;          // of the scores
  ExpertChoice choice = {};
  const float* embedding = nullptr;  // [vocab, hidden]
  const float* final_norm = nullptr;
  const float* head = nullptr;    // [vocab, hidden]
  const float* cosine = nullptr;  // [capacity, rotary_dim]
  const float* sine = nullptr;    // [capacity, rotary_dim]
  const DecodeBlock* blocks = nullptr;
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
  int64_t* chosen;  // [choice.num_chosen]: scratch for one token's experts
};

// Outputs of the head that are computed before they are written out.
inline constexpr int64_t kHeadBlock = 64;

// Floats of workspace that one group needs.
int64_t DecodeWorkspace(const DecodeModel& model);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DECODE_DECODE_LAUNCH_H_
