// Latent attention as ordinary attention: latent vectors are multiplied out to
// one key and one value for each head.
//
// Suffixes: T tokens, N heads, H channels of a head.
#include "student/latent_attention.h"

#include <ATen/ATen.h>

#include <vector>

#include "kernels/layers/rms_norm.h"
#include "student/low_rank.h"

namespace limbeck {
namespace {

// [T, N, head_dim] in stored order -> [T, N * width] in the order of `layout`.
at::Tensor Arrange(const HeadLayout& layout, const at::Tensor& stored_TNH) {
  const int64_t channels = static_cast<int64_t>(layout.place.size());
  at::Tensor padded = stored_TNH;
  if (channels < layout.width) {
    padded = at::constant_pad_nd(padded, {0, layout.width - channels});
  }
  // Places without a channel read the padding.
  std::vector<int64_t> source(static_cast<size_t>(layout.width), channels);
  for (int64_t c = 0; c < channels; ++c) {
    source[static_cast<size_t>(layout.place[static_cast<size_t>(c)])] = c;
  }
  const at::Tensor index =
      at::tensor(source, at::kLong).to(stored_TNH.device());
  return padded.index_select(-1, index).flatten(1);
}

at::Tensor Linear(const BlockWeights& block, const at::Tensor& x,
                  const at::Tensor& weight) {
  return WithChanges(block.changes, x, {weight}, at::linear(x, weight));
}

at::Tensor QueriesOf(const ModelConfig& config, const BlockWeights& block,
                     const at::Tensor& x) {
  const LatentWeights& weights = block.latent;
  at::Tensor input = x;
  if (weights.q_a.defined()) {
    input = kernels::RmsNorm(Linear(block, x, weights.q_a), weights.q_a_norm,
                             kLatentNormEpsilon);
  }
  return Linear(block, input, weights.q_b)
      .view({x.size(0), config.num_heads, config.head_dim});
}

struct KeysAndValues {
  at::Tensor keys_TNH;
  at::Tensor values_TNH;
};

KeysAndValues KeysAndValuesOf(const ModelConfig& config,
                              const BlockWeights& block, const at::Tensor& x) {
  const LatentAttention& latent = *config.latent;
  const LatentWeights& weights = block.latent;
  const int64_t tokens = x.size(0);
  const std::vector<at::Tensor> compressed =
      Linear(block, x, weights.kv_a)
          .split_with_sizes({latent.kv_rank, latent.rope_dim}, 1);
  const at::Tensor normed =
      kernels::RmsNorm(compressed[0], weights.kv_a_norm, kLatentNormEpsilon);
  const std::vector<at::Tensor> parts =
      Linear(block, normed, weights.kv_b)
          .view({tokens, config.num_heads, latent.nope_dim + latent.value_dim})
          .split_with_sizes({latent.nope_dim, latent.value_dim}, 2);
  const at::Tensor shared = compressed[1].unsqueeze(1).expand(
      {tokens, config.num_heads, latent.rope_dim});
  return {at::cat({parts[0], shared}, 2), parts[1]};
}

at::Tensor WidenRows(const at::Tensor& rows, int64_t half, double still) {
  const int64_t pairs = rows.size(1) / 2;
  const at::Tensor first = rows.narrow(1, 0, pairs);
  const at::Tensor rest =
      at::full({rows.size(0), half - pairs}, still, rows.options());
  return at::cat({first, rest, first, rest}, 1);
}

}  // namespace

at::Tensor LatentProjections(const ModelConfig& config,
                             const BlockWeights& block, const at::Tensor& x) {
  const HeadLayout layout = MakeHeadLayout(config);
  const KeysAndValues made = KeysAndValuesOf(config, block, x);
  return at::cat({Arrange(layout, QueriesOf(config, block, x)),
                  Arrange(layout, made.keys_TNH), made.values_TNH.flatten(1)},
                 1);
}

RotaryTable WidenRotaryTable(const HeadLayout& layout,
                             const RotaryTable& table) {
  if (table.cosine.size(1) == layout.width) return table;
  return {WidenRows(table.cosine, layout.Half(), 1.0),
          WidenRows(table.sine, layout.Half(), 0.0)};
}

}  // namespace limbeck
