// The decoder as free functions over ATen: one forward for training over
// packed sequences, one for decoding with a KV cache.
#ifndef LIMBECK_STUDENT_FORWARD_H_
#define LIMBECK_STUDENT_FORWARD_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "student/config/config.h"
#include "student/weights.h"

namespace limbeck {

// Which tokens belong together, for one bin of packed sequences.
struct PackedLayout {
  std::vector<int64_t> starts;  // first token of each sequence, and the total
  at::Tensor positions;         // [tokens] int64, restart at 0 per sequence
  at::Tensor cosine;            // [tokens, width] of RoPE, in `dtype`; width
  at::Tensor sine;              // of student/head_layout.h: head_dim, or even
};
// starts: 0 first, rising, the total number of tokens last.
PackedLayout MakePackedLayout(const ModelConfig& config,
                              std::vector<int64_t> starts,
                              at::ScalarType dtype);

// Transformer block `layer`: hidden [tokens, hidden] -> [tokens, hidden].
// Tokens attend to earlier tokens of their own sequence only. Differentiable.
at::Tensor ForwardBlock(const ModelConfig& config, int64_t layer,
                        const BlockWeights& block, const PackedLayout& layout,
                        const at::Tensor& hidden);

// Embedding, all blocks, final norm: ids [tokens] int64 -> final hidden states
// [tokens, hidden]. The head is not applied: losses take hidden and head.
at::Tensor ForwardPacked(const ModelConfig& config,
                         const ParameterStore& parameters,
                         const PackedLayout& layout, const at::Tensor& ids);

// What a layer keeps of a token. Latent attention: one head whose key is the
// latent vector and the rotated part, and whose value is the latent vector.
struct CacheShape {
  int64_t heads = 0;
  int64_t key_dim = 0;
  int64_t value_dim = 0;
};
CacheShape CacheShapeOf(const ModelConfig& config);

// Keys and values of `rows` sequences, each with room for `capacity` tokens.
// Keys lie token by token in the last dimension, so that the scores of
// neighbouring tokens are computed together. Layers with a sliding window keep
// all tokens too.
struct KvCache {
  int64_t rows = 0;
  int64_t capacity = 0;            // as asked for, rounded up to 16
  std::vector<at::Tensor> keys;    // per layer [rows, heads, key_dim, capacity]
  std::vector<at::Tensor> values;  // [rows, heads, capacity, value_dim]
  at::Tensor cosine;               // [capacity, RotaryDim()] of RoPE
  at::Tensor sine;                 // [capacity, RotaryDim()]
};
// float32 on the CPU; weights of other types are cast (CastModel) to decode.
// What no token was written to holds anything, and costs no memory where the
// system gives out pages on first use.
KvCache MakeKvCache(const ModelConfig& config, int64_t rows, int64_t capacity,
                    at::ScalarType dtype);
// Memory of its keys and values; also where that is more than there is.
double KvCacheBytes(const ModelConfig& config, int64_t rows, int64_t capacity);
// Makes room for `capacity` tokens; the first tokens[row] of each row stay.
void GrowKvCache(const ModelConfig& config, int64_t capacity,
                 const std::vector<int64_t>& tokens, KvCache& cache);

// Runs the prompt of one row, alone, and fills its cache; returns the final
// hidden state of the last token [hidden]. Depends on nothing but this prompt,
// and leaves the same bytes in the cache as decoding it token by token: to get
// first logits of the kind that DecodeStep gives, prefill all but the last id.
at::Tensor Prefill(const ModelConfig& config, const ModelWeights& weights,
                   const std::vector<int64_t>& ids, int64_t row,
                   KvCache& cache);
// Copies the first `tokens` cached tokens of row `from` to row `to`.
void CopyKvRow(KvCache& cache, int64_t from, int64_t to, int64_t tokens);

// One decoding step of all rows of the cache: ids[row] is appended at position
// lengths[row] (tokens already cached). Returns logits [rows, vocab] float32.
// Exact: no row's result depends on another's ids, length or position, nor on
// the number of rows or threads, so the same sequence gives the same bytes in
// any company. Rows with length -1 are idle, cost nothing and give unspecified
// logits.
at::Tensor DecodeStep(const ModelConfig& config, const ModelWeights& weights,
                      const std::vector<int64_t>& ids,
                      const std::vector<int64_t>& lengths, KvCache& cache);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_FORWARD_H_
