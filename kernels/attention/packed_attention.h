// Causal self-attention with rotary positions over packed sequences.
#ifndef LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_H_
#define LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace limbeck::kernels {

// Query head h reads key/value head h / (heads / kv_heads).
struct AttentionShape {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;   // of queries and keys, even
  int64_t value_dim = 0;  // of values; 0: head_dim
  int64_t window = 0;     // tokens seen, itself included; 0: all
  double scale = 0.0;     // of the scores; 0: 1 / sqrt(head_dim)

  int64_t ValueDim() const { return value_dim > 0 ? value_dim : head_dim; }
  // Numbers in a row of qkv.
  int64_t RowWidth() const {
    return (heads + kv_heads) * head_dim + kv_heads * ValueDim();
  }
};

// qkv [T, RowWidth()]: queries, keys, values before the rotation; cosine and
// sine [T, head_dim] of RoPE in rotate-half form (both halves equal); starts:
// first token of each sequence, 0 first, T last. Returns [T, heads *
// value_dim]; token t sees the tokens of its own sequence up to itself, the
// last `window` of them. Differentiable in qkv.
//
// float32 on CPU runs the fused operator: results of a sequence depend on its
// own tokens only, bit by bit, whatever else is in the bin and however many
// threads there are. Other types take ATen's operators, with Hugging Face's
// rounding (rotation in the type of qkv).
at::Tensor PackedAttention(const at::Tensor& qkv, const at::Tensor& cosine,
                           const at::Tensor& sine,
                           const std::vector<int64_t>& starts,
                           const AttentionShape& shape);

// The same through ATen's operators, for any type: the fallback, and the
// other side of the fused operator's benchmark.
at::Tensor PackedAttentionComposite(const at::Tensor& qkv,
                                    const at::Tensor& cosine,
                                    const at::Tensor& sine,
                                    const std::vector<int64_t>& starts,
                                    const AttentionShape& shape);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_H_
