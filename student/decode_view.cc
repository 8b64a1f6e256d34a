// Collects the pointers of a decoding step.
#include "student/decode_view.h"

#include <ATen/ATen.h>

#include <cmath>

#include "data/base/check.h"

namespace limbeck {
namespace {

const float* Pointer(const at::Tensor& tensor) {
  LIMBECK_CHECK(tensor.is_cpu() && tensor.is_contiguous());
  return tensor.const_data_ptr<float>();
}

const float* PointerOrNull(const at::Tensor& tensor) {
  return tensor.defined() ? Pointer(tensor) : nullptr;
}

kernels::DecodeBlock BlockPointers(const BlockWeights& block, KvCache& cache,
                                   size_t layer) {
  return {.input_norm = Pointer(block.input_norm),
          .q = Pointer(block.q),
          .k = Pointer(block.k),
          .v = Pointer(block.v),
          .q_bias = PointerOrNull(block.q_bias),
          .k_bias = PointerOrNull(block.k_bias),
          .v_bias = PointerOrNull(block.v_bias),
          .o = Pointer(block.o),
          .post_norm = Pointer(block.post_norm),
          .gate = Pointer(block.mlp.gate),
          .up = Pointer(block.mlp.up),
          .down = Pointer(block.mlp.down),
          .keys = cache.keys[layer].mutable_data_ptr<float>(),
          .values = cache.values[layer].mutable_data_ptr<float>()};
}

}  // namespace

DecodeView MakeDecodeView(const ModelConfig& config,
                          const ModelWeights& weights, KvCache& cache) {
  // The kernel counts on float32; other checkpoints are cast before.
  LIMBECK_CHECK(weights.embedding.scalar_type() == at::kFloat);
  LIMBECK_CHECK_EQ(weights.blocks.size(), cache.keys.size());
  DecodeView view;
  for (size_t i = 0; i < weights.blocks.size(); ++i) {
    view.blocks.push_back(BlockPointers(weights.blocks[i], cache, i));
  }
  view.model = {.hidden = config.hidden_size,
                .heads = config.num_heads,
                .kv_heads = config.num_kv_heads,
                .head_dim = config.head_dim,
                .inner = config.intermediate_size,
                .vocab = config.vocab_size,
                .num_blocks = config.num_layers,
                .capacity = cache.capacity,
                .epsilon = static_cast<float>(config.rms_norm_eps),
                .scale = 1.0f / std::sqrt(static_cast<float>(config.head_dim)),
                .embedding = Pointer(weights.embedding),
                .final_norm = Pointer(weights.final_norm),
                .head = Pointer(weights.head),
                .cosine = Pointer(cache.cosine),
                .sine = Pointer(cache.sine),
                .blocks = view.blocks.data()};
  return view;
}

}  // namespace limbeck
