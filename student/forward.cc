// The training forward: operators of kernels/ in the order of the decoder.
//
// Suffixes: T tokens, D width of the hidden states.
#include "student/forward.h"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

#include "data/base/check.h"
#include "kernels/attention/packed_attention.h"
#include "kernels/layers/linear_bundle.h"
#include "kernels/layers/rms_norm.h"
#include "student/expert_layer.h"
#include "student/head_layout.h"
#include "student/latent_attention.h"
#include "student/low_rank.h"
#include "student/rotary.h"

namespace limbeck {
namespace {

std::vector<at::Tensor> QkvBiases(const BlockWeights& block) {
  if (!block.q_bias.defined()) return {};
  return {block.q_bias, block.k_bias, block.v_bias};
}

// RMSNorm of every head of [T, heads * head_dim].
at::Tensor NormaliseHeads(const at::Tensor& heads, const at::Tensor& weight,
                          double epsilon) {
  return kernels::RmsNorm(heads.reshape({-1, weight.size(0)}), weight, epsilon)
      .view({heads.size(0), -1});
}

at::Tensor GroupedProjections(const ModelConfig& config,
                              const BlockWeights& block, const at::Tensor& x) {
  const std::vector<at::Tensor> weights = {block.q, block.k, block.v};
  const at::Tensor qkv =
      WithChanges(block.changes, x, weights,
                  kernels::LinearBundle(x, weights, QkvBiases(block)));
  if (!block.q_norm.defined()) return qkv;
  const std::vector<at::Tensor> parts = qkv.split_with_sizes(
      {block.q.size(0), block.k.size(0), block.v.size(0)}, 1);
  return at::cat(
      {NormaliseHeads(parts[0], block.q_norm, config.rms_norm_eps),
       NormaliseHeads(parts[1], block.k_norm, config.rms_norm_eps), parts[2]},
      1);
}

kernels::AttentionShape AttentionShapeOf(const ModelConfig& config,
                                         int64_t layer) {
  kernels::AttentionShape shape = {.heads = config.num_heads,
                                   .kv_heads = config.num_kv_heads,
                                   .head_dim = config.head_dim,
                                   .window = config.Window(layer)};
  if (config.latent) {
    shape.kv_heads = config.num_heads;
    shape.head_dim = MakeHeadLayout(config).width;
    shape.value_dim = config.latent->value_dim;
    shape.scale = config.AttentionScale();
  }
  return shape;
}

// residual + x weight^T + bias of a weight of the block. In float32 one product
// that starts from the residual; other types round the product first, as
// Hugging Face does.
at::Tensor AddLinear(const BlockWeights& block, const at::Tensor& residual,
                     const at::Tensor& x, const at::Tensor& weight,
                     const at::Tensor& bias) {
  if (x.scalar_type() != at::kFloat) {
    const at::Tensor product =
        bias.defined() ? at::linear(x, weight, bias) : at::linear(x, weight);
    return residual + WithChanges(block.changes, x, {weight}, product);
  }
  const at::Tensor sum = WithChanges(block.changes, x, {weight},
                                     at::addmm(residual, x, weight.t()));
  return bias.defined() ? sum + bias : sum;
}

}  // namespace

PackedLayout MakePackedLayout(const ModelConfig& config,
                              std::vector<int64_t> starts,
                              at::ScalarType dtype) {
  LIMBECK_CHECK_GE(starts.size(), size_t{2});
  LIMBECK_CHECK_EQ(starts.front(), 0);
  PackedLayout layout;
  layout.positions = at::empty({starts.back()}, at::kLong);
  int64_t* positions = layout.positions.mutable_data_ptr<int64_t>();
  int64_t longest = 0;
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    LIMBECK_CHECK_LT(starts[i], starts[i + 1]);
    longest = std::max(longest, starts[i + 1] - starts[i]);
    for (int64_t t = starts[i]; t < starts[i + 1]; ++t) {
      positions[t] = t - starts[i];
    }
  }
  const RotaryTable table = WidenRotaryTable(MakeHeadLayout(config),
                                             MakeRotaryTable(config, longest));
  layout.cosine = table.cosine.index_select(0, layout.positions).to(dtype);
  layout.sine = table.sine.index_select(0, layout.positions).to(dtype);
  layout.starts = std::move(starts);
  return layout;
}

at::Tensor ForwardBlock(const ModelConfig& config, int64_t layer,
                        const BlockWeights& block, const PackedLayout& layout,
                        const at::Tensor& hidden) {
  const at::Tensor attention_input_TD =
      kernels::RmsNorm(hidden, block.input_norm, config.rms_norm_eps);
  const at::Tensor qkv =
      config.latent ? LatentProjections(config, block, attention_input_TD)
                    : GroupedProjections(config, block, attention_input_TD);
  const at::Tensor attended =
      kernels::PackedAttention(qkv, layout.cosine, layout.sine, layout.starts,
                               AttentionShapeOf(config, layer));
  const at::Tensor middle_TD =
      AddLinear(block, hidden, attended, block.o, block.o_bias);
  const at::Tensor mlp_input_TD =
      kernels::RmsNorm(middle_TD, block.post_norm, config.rms_norm_eps);
  if (config.HasExperts(layer)) {
    return middle_TD + ForwardExperts(*config.experts, block, mlp_input_TD);
  }
  return AddLinear(block, middle_TD,
                   GatedInner(block.changes, block.mlp, mlp_input_TD),
                   block.mlp.down, {});
}

at::Tensor ForwardPacked(const ModelConfig& config,
                         const ParameterStore& parameters,
                         const PackedLayout& layout, const at::Tensor& ids) {
  LIMBECK_CHECK_EQ(ids.size(0), layout.starts.back());
  const ModelWeights& weights = parameters.weights();
  at::Tensor hidden_TD = at::embedding(weights.embedding, ids);
  for (int64_t i = 0; i < parameters.num_blocks(); ++i) {
    hidden_TD =
        ForwardBlock(config, i, parameters.Acquire(i), layout, hidden_TD);
    parameters.Release(i);
  }
  return kernels::RmsNorm(hidden_TD, weights.final_norm, config.rms_norm_eps);
}

}  // namespace limbeck
