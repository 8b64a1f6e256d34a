// Collects the pointers of a decoding step.
#include "student/decode_view.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "data/base/check.h"

namespace limbeck {
namespace {

// transformers does not hand rms_norm_eps to these norms.
constexpr float kLatentNormEpsilon = 1e-6f;

const float* Pointer(const at::Tensor& tensor) {
  LIMBECK_CHECK(tensor.is_cpu() && tensor.is_contiguous());
  return tensor.const_data_ptr<float>();
}

const float* PointerOrNull(const at::Tensor& tensor) {
  return tensor.defined() ? Pointer(tensor) : nullptr;
}

kernels::DecodeMlp MlpPointers(const MlpWeights& mlp) {
  if (!mlp.gate.defined()) return {};
  return {.gate = Pointer(mlp.gate),
          .up = Pointer(mlp.up),
          .down = Pointer(mlp.down),
          .inner = mlp.gate.size(0)};
}

// Latent attention: q from q_b, keys and values both from kv_a.
void SetAttention(const BlockWeights& block, kernels::DecodeBlock& to) {
  const LatentWeights& latent = block.latent;
  const bool is_latent = latent.kv_b.defined();
  to.q_a = PointerOrNull(latent.q_a);
  to.q_a_norm = PointerOrNull(latent.q_a_norm);
  to.q = Pointer(is_latent ? latent.q_b : block.q);
  to.k = Pointer(is_latent ? latent.kv_a : block.k);
  to.v = PointerOrNull(block.v);
  to.q_bias = PointerOrNull(block.q_bias);
  to.k_bias = PointerOrNull(block.k_bias);
  to.v_bias = PointerOrNull(block.v_bias);
  to.q_norm = PointerOrNull(block.q_norm);
  to.k_norm = PointerOrNull(is_latent ? latent.kv_a_norm : block.k_norm);
  to.kv_b = PointerOrNull(latent.kv_b);
}

// Of a model whose experts lie in `experts`, block by block.
kernels::DecodeBlock BlockPointers(const BlockWeights& block,
                                   std::vector<kernels::DecodeMlp>& experts) {
  LIMBECK_CHECK(block.changes == nullptr);  // decode takes merged weights
  kernels::DecodeBlock to = {.input_norm = Pointer(block.input_norm),
                             .o = Pointer(block.o),
                             .o_bias = PointerOrNull(block.o_bias),
                             .post_norm = Pointer(block.post_norm),
                             .mlp = MlpPointers(block.mlp),
                             .router = PointerOrNull(block.router),
                             .router_bias = PointerOrNull(block.router_bias)};
  SetAttention(block, to);
  if (block.experts.empty()) return to;
  to.experts = experts.data() + experts.size();
  for (const MlpWeights& expert : block.experts) {
    experts.push_back(MlpPointers(expert));
  }
  return to;
}

// The sizes that depend on how the model attends.
void SetHeads(const ModelConfig& config, kernels::DecodeModel& model) {
  const CacheShape shape = CacheShapeOf(config);
  model.heads = config.num_heads;
  model.kv_heads = shape.heads;
  model.head_dim = config.head_dim;
  model.rotary_dim = config.RotaryDim();
  model.rotary_interleaved = config.rope_interleaved;
  model.key_dim = shape.key_dim;
  model.value_dim = shape.value_dim;
  model.output_dim = config.ValueDim();
  model.inner_epsilon = static_cast<float>(config.rms_norm_eps);
  model.normed_dim = config.head_dim;
  model.scale = 1.0f / std::sqrt(static_cast<float>(config.head_dim));
  if (!config.latent) return;
  model.latent = true;
  model.q_rank = config.latent->q_rank;
  model.normed_dim = config.latent->kv_rank;
  model.inner_epsilon = kLatentNormEpsilon;
  model.scale = static_cast<float>(config.AttentionScale());
}

void SetExperts(const ModelConfig& config, kernels::DecodeModel& model) {
  model.inner = config.intermediate_size;
  if (!config.experts) return;
  const ExpertMixture& mixture = *config.experts;
  model.inner = std::max({model.inner, mixture.intermediate_size,
                          mixture.num_shared * mixture.intermediate_size});
  model.choice = {.num_experts = mixture.num_experts,
                  .num_chosen = mixture.num_chosen,
                  .num_groups = mixture.num_groups,
                  .num_chosen_groups = mixture.num_chosen_groups,
                  .normalize = mixture.normalize,
                  .scaling = static_cast<float>(mixture.scaling)};
}

size_t CountExperts(const ModelWeights& weights) {
  size_t count = 0;
  for (const BlockWeights& block : weights.blocks) {
    count += block.experts.size();
  }
  return count;
}

}  // namespace

DecodeView MakeDecodeView(const ModelConfig& config,
                          const ModelWeights& weights, KvCache& cache) {
  // The kernel counts on float32; other checkpoints are cast before.
  LIMBECK_CHECK(weights.embedding.scalar_type() == at::kFloat);
  LIMBECK_CHECK_EQ(weights.blocks.size(), cache.keys.size());
  DecodeView view;
  view.experts.reserve(CountExperts(weights));  // blocks point into it
  for (size_t i = 0; i < weights.blocks.size(); ++i) {
    kernels::DecodeBlock& block = view.blocks.emplace_back(
        BlockPointers(weights.blocks[i], view.experts));
    block.window = config.Window(static_cast<int64_t>(i));
    block.keys = cache.keys[i].mutable_data_ptr<float>();
    block.values = cache.values[i].mutable_data_ptr<float>();
  }
  view.model = {.hidden = config.hidden_size,
                .vocab = config.vocab_size,
                .num_blocks = config.num_layers,
                .capacity = cache.capacity,
                .epsilon = static_cast<float>(config.rms_norm_eps),
                .embedding = Pointer(weights.embedding),
                .final_norm = Pointer(weights.final_norm),
                .head = Pointer(weights.head),
                .cosine = Pointer(cache.cosine),
                .sine = Pointer(cache.sine),
                .blocks = view.blocks.data()};
  SetHeads(config, view.model);
  SetExperts(config, view.model);
  return view;
}

}  // namespace limbeck
