// Checks, dispatch and autograd of packed attention.
#include "kernels/attention/packed_attention.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "kernels/attention/packed_attention_cpu.h"

namespace limbeck::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

PackedAttentionForward ForwardArguments(const at::Tensor& qkv,
                                        const at::Tensor& cosine,
                                        const at::Tensor& sine,
                                        const AttentionShape& shape,
                                        const at::Tensor& out,
                                        const at::Tensor& log_sum_exp) {
  return {.qkv = qkv.const_data_ptr<float>(),
          .cosine = cosine.const_data_ptr<float>(),
          .sine = sine.const_data_ptr<float>(),
          .out = out.data_ptr<float>(),
          .log_sum_exp = log_sum_exp.data_ptr<float>(),
          .tokens = qkv.size(0),
          .heads = shape.heads,
          .kv_heads = shape.kv_heads,
          .head_dim = shape.head_dim,
          .value_dim = shape.ValueDim(),
          .window = shape.window,
          .scale = shape.scale != 0.0
                       ? static_cast<float>(shape.scale)
                       : 1.0f / std::sqrt(static_cast<float>(shape.head_dim))};
}

struct FusedAttention : torch::autograd::Function<FusedAttention> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& qkv,
                            const at::Tensor& cosine, const at::Tensor& sine,
                            const std::vector<int64_t>& starts,
                            const AttentionShape& shape) {
    const at::Tensor input = qkv.contiguous();
    const at::Tensor out = at::empty(
        {input.size(0), shape.heads * shape.ValueDim()}, input.options());
    const at::Tensor log_sum_exp =
        at::empty({shape.heads, input.size(0)}, input.options());
    RunPackedAttentionForward(
        ForwardArguments(input, cosine, sine, shape, out, log_sum_exp), starts);
    context->save_for_backward({input, cosine, sine, out, log_sum_exp});
    context->saved_data["starts"] = starts;
    context->saved_data["shape"] =
        std::vector<int64_t>{shape.heads, shape.kv_heads, shape.head_dim,
                             shape.value_dim, shape.window};
    context->saved_data["scale"] = shape.scale;
    return out;
  }

  static variable_list backward(AutogradContext* context,
                                const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const std::vector<int64_t> starts =
        context->saved_data["starts"].toIntVector();
    const std::vector<int64_t> sizes =
        context->saved_data["shape"].toIntVector();
    const double scale = context->saved_data["scale"].toDouble();
    const at::Tensor out_grad = gradients[0].contiguous();
    const at::Tensor qkv_grad = at::empty_like(saved[0]);
    RunPackedAttentionBackward(
        {.forward = ForwardArguments(
             saved[0], saved[1], saved[2],
             {sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], scale},
             saved[3], saved[4]),
         .out_grad = out_grad.const_data_ptr<float>(),
         .qkv_grad = qkv_grad.data_ptr<float>()},
        starts);
    return {qkv_grad, {}, {}, {}, {}};
  }
};

void CheckStarts(const std::vector<int64_t>& starts, int64_t tokens) {
  TORCH_CHECK(starts.size() >= 2 && starts.front() == 0,
              "PackedAttention: starts must begin with 0 and end with the "
              "number of tokens");
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    TORCH_CHECK(starts[i] < starts[i + 1], "PackedAttention: starts[", i,
                "] is ", starts[i], ", the next one ", starts[i + 1],
                ", expected a larger value");
  }
  TORCH_CHECK(starts.back() == tokens, "PackedAttention: starts end at ",
              starts.back(), ", qkv has ", tokens, " tokens");
}

void CheckArguments(const at::Tensor& qkv, const at::Tensor& cosine,
                    const at::Tensor& sine, const AttentionShape& shape) {
  TORCH_CHECK(shape.kv_heads > 0 && shape.heads % shape.kv_heads == 0,
              "PackedAttention: ", shape.heads, " heads are no multiple of ",
              shape.kv_heads, " key/value heads");
  TORCH_CHECK(shape.head_dim > 0 && shape.head_dim % 2 == 0,
              "PackedAttention: head_dim is ", shape.head_dim,
              ", expected a positive even number");
  TORCH_CHECK(shape.value_dim >= 0 && shape.window >= 0,
              "PackedAttention: value_dim is ", shape.value_dim, ", window ",
              shape.window, ", expected numbers of at least 0");
  TORCH_CHECK(qkv.dim() == 2 && qkv.size(1) == shape.RowWidth(),
              "PackedAttention: qkv has shape ", qkv.sizes(),
              ", expected [tokens, ", shape.RowWidth(), "]");
  for (const at::Tensor& table : {cosine, sine}) {
    TORCH_CHECK(table.dim() == 2 && table.size(0) == qkv.size(0) &&
                    table.size(1) == shape.head_dim,
                "PackedAttention: cosine or sine has shape ", table.sizes(),
                ", expected [", qkv.size(0), ", ", shape.head_dim, "]");
  }
}

}  // namespace

at::Tensor PackedAttention(const at::Tensor& qkv, const at::Tensor& cosine,
                           const at::Tensor& sine,
                           const std::vector<int64_t>& starts,
                           const AttentionShape& shape) {
  CheckArguments(qkv, cosine, sine, shape);
  CheckStarts(starts, qkv.size(0));
  if (!qkv.is_cpu() || qkv.scalar_type() != at::kFloat) {
    return PackedAttentionComposite(qkv, cosine, sine, starts, shape);
  }
  return FusedAttention::apply(qkv, cosine.to(at::kFloat).contiguous(),
                               sine.to(at::kFloat).contiguous(), starts, shape);
}

}  // namespace limbeck::kernels
