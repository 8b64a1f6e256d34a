// Packed attention out of ATen's operators, one sequence after the other.
#include <ATen/ATen.h>

#include <cmath>
#include <optional>

#include "kernels/attention/packed_attention.h"

namespace limbeck::kernels {
namespace {

// x cos + rotate_half(x) sin, in the type of x; x [T, heads, dim].
at::Tensor Rotate(const at::Tensor& x, const at::Tensor& cosine,
                  const at::Tensor& sine) {
  const std::vector<at::Tensor> halves = x.chunk(2, -1);
  const at::Tensor turned = at::cat({-halves[1], halves[0]}, -1);
  return x * cosine.to(x.scalar_type()).unsqueeze(1) +
         turned * sine.to(x.scalar_type()).unsqueeze(1);
}

// [T, heads, dim] of one sequence as [1, heads, tokens, dim].
at::Tensor SliceSequence(const at::Tensor& x, int64_t begin, int64_t end) {
  return x.narrow(0, begin, end - begin).transpose(0, 1).unsqueeze(0);
}

}  // namespace

at::Tensor PackedAttentionComposite(const at::Tensor& qkv,
                                    const at::Tensor& cosine,
                                    const at::Tensor& sine,
                                    const std::vector<int64_t>& starts,
                                    const AttentionShape& shape) {
  const int64_t tokens = qkv.size(0);
  const at::Tensor heads =
      qkv.view({tokens, shape.heads + 2 * shape.kv_heads, shape.head_dim});
  const at::Tensor q = Rotate(heads.narrow(1, 0, shape.heads), cosine, sine);
  const at::Tensor k =
      Rotate(heads.narrow(1, shape.heads, shape.kv_heads), cosine, sine);
  const at::Tensor v =
      heads.narrow(1, shape.heads + shape.kv_heads, shape.kv_heads);
  const double scale = 1.0 / std::sqrt(static_cast<double>(shape.head_dim));
  std::vector<at::Tensor> outputs;
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    const at::Tensor output = at::scaled_dot_product_attention(
        SliceSequence(q, starts[i], starts[i + 1]),
        SliceSequence(k, starts[i], starts[i + 1]),
        SliceSequence(v, starts[i], starts[i + 1]), std::nullopt, 0.0,
        /*is_causal=*/true, scale, /*enable_gqa=*/true);
    outputs.push_back(output.squeeze(0).transpose(0, 1));
  }
  return at::cat(outputs, 0).reshape({tokens, shape.heads * shape.head_dim});
}

}  // namespace limbeck::kernels
