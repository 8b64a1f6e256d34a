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
#include "kernels/layers/swiglu.h"
#include "student/rotary.h"

namespace limbeck {
namespace {

std::vector<at::Tensor> QkvBiases(const BlockWeights& block) {
  if (!block.q_bias.defined()) return {};
  return {block.q_bias, block.k_bias, block.v_bias};
}

// residual + x weight^T. In float32 one product that starts from the residual;
// other types round the product first, as Hugging Face does.
at::Tensor AddLinear(const at::Tensor& residual, const at::Tensor& x,
                     const at::Tensor& weight) {
  if (x.scalar_type() == at::kFloat) {
    return at::addmm(residual, x, weight.t());
  }
  return residual + at::linear(x, weight);
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
  const RotaryTable table = MakeRotaryTable(config, longest);
  layout.cosine = table.cosine.index_select(0, layout.positions).to(dtype);
  layout.sine = table.sine.index_select(0, layout.positions).to(dtype);
  layout.starts = std::move(starts);
  return layout;
}

at::Tensor ForwardBlock(const ModelConfig& config, const BlockWeights& block,
                        const PackedLayout& layout, const at::Tensor& hidden) {
  const at::Tensor attention_input_TD =
      kernels::RmsNorm(hidden, block.input_norm, config.rms_norm_eps);
  const at::Tensor qkv = kernels::LinearBundle(
      attention_input_TD, {block.q, block.k, block.v}, QkvBiases(block));
  const at::Tensor attended = kernels::PackedAttention(
      qkv, layout.cosine, layout.sine, layout.starts,
      {config.num_heads, config.num_kv_heads, config.head_dim});
  const at::Tensor middle_TD = AddLinear(hidden, attended, block.o);
  const at::Tensor mlp_input_TD =
      kernels::RmsNorm(middle_TD, block.post_norm, config.rms_norm_eps);
  const at::Tensor gate_up =
      kernels::LinearBundle(mlp_input_TD, {block.mlp.gate, block.mlp.up}, {});
  return AddLinear(middle_TD, kernels::SwiGlu(gate_up), block.mlp.down);
}

at::Tensor ForwardPacked(const ModelConfig& config,
                         const ParameterStore& parameters,
                         const PackedLayout& layout, const at::Tensor& ids) {
  LIMBECK_CHECK_EQ(ids.size(0), layout.starts.back());
  const ModelWeights& weights = parameters.weights();
  at::Tensor hidden_TD = at::embedding(weights.embedding, ids);
  for (int64_t i = 0; i < parameters.num_blocks(); ++i) {
    hidden_TD = ForwardBlock(config, parameters.Acquire(i), layout, hidden_TD);
    parameters.Release(i);
  }
  return kernels::RmsNorm(hidden_TD, weights.final_norm, config.rms_norm_eps);
}

}  // namespace limbeck
