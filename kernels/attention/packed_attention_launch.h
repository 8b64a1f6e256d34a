// Raw-pointer arguments of packed attention on the CPU.
#ifndef LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_LAUNCH_H_
#define LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_LAUNCH_H_

#include <cstdint>

namespace limbeck::kernels {

// T tokens, D head_dim, E value_dim, row = (heads + kv_heads) D + kv_heads E.
struct PackedAttentionForward {
  const float* qkv;     // [T, row]
  const float* cosine;  // [T, D]
  const float* sine;    // [T, D]
  float* out;           // [T, heads * E]
  float* log_sum_exp;   // [heads, T]
  int64_t tokens;
  int64_t heads;
  int64_t kv_heads;
  int64_t head_dim;
  int64_t value_dim;
  int64_t window;  // tokens seen, itself included; 0: all
  float scale;
};

struct PackedAttentionBackward {
  PackedAttentionForward forward;  // its outputs are inputs here
  const float* out_grad;           // [T, heads * E]
  float* qkv_grad;                 // [T, row]
};

// One key/value head of one sequence with all query heads that read it: tasks
// write to disjoint places, and sums over query heads keep one order.
struct PackedAttentionTask {
  int64_t begin;  // first token
  int64_t end;
  int64_t kv_head;
};

// Floats of scratch that tasks of up to `longest` tokens need.
int64_t PackedAttentionForwardScratch(const PackedAttentionForward& args,
                                      int64_t longest);
int64_t PackedAttentionBackwardScratch(const PackedAttentionForward& args,
                                       int64_t longest);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_LAUNCH_H_
