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

// What token t (row) sees where the window is shorter than the sequence.
at::Tensor WindowMask(int64_t tokens, int64_t window,
                      const at::Device& device) {
  const at::TensorOptions options =
      at::TensorOptions().dtype(at::kBool).device(device);
  return at::ones({tokens, tokens}, options).tril().triu(1 - window);
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
  const std::vector<at::Tensor> parts = qkv.split_with_sizes(
      {shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim,
       shape.kv_heads * shape.ValueDim()},
      1);
  const at::Tensor q = Rotate(
      parts[0].view({tokens, shape.heads, shape.head_dim}), cosine, sine);
  const at::Tensor k = Rotate(
      parts[1].view({tokens, shape.kv_heads, shape.head_dim}), cosine, sine);
  const at::Tensor v =
      parts[2].view({tokens, shape.kv_heads, shape.ValueDim()});
  const double scale =
      shape.scale != 0.0 ? shape.scale
                         : 1.0 / std::sqrt(static_cast<double>(shape.head_dim));
  std::vector<at::Tensor> outputs;
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    const int64_t length = starts[i + 1] - starts[i];
    const bool sees_all = shape.window == 0 || length <= shape.window;
    const at::Tensor output = at::scaled_dot_product_attention(
        SliceSequence(q, starts[i], starts[i + 1]),
        SliceSequence(k, starts[i], starts[i + 1]),
        SliceSequence(v, starts[i], starts[i + 1]),
        sees_all
            ? std::nullopt
            : std::optional(WindowMask(length, shape.window, qkv.device())),
        0.0, /*is_causal=*/sees_all, scale, /*enable_gqa=*/true);
    outputs.push_back(output.squeeze(0).transpose(0, 1));
  }
  return at::cat(outputs, 0).reshape({tokens, shape.heads * shape.ValueDim()});
}

}  // namespace limbeck::kernels
