// Forward computes both outputs; backward walks the logits a second time.
#include "kernels/logprob_autograd.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>
#include <utility>

namespace limbeck::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Carries the call from forward to backward.
struct CallHolder : torch::CustomClassHolder {
  explicit CallHolder(RecomputedCall held) : call(std::move(held)) {}
  RecomputedCall call;
};

class RecomputedGradient
    : public torch::autograd::Function<RecomputedGradient> {
 public:
  // The tensors are arguments only for autograd to see them.
  static variable_list forward(AutogradContext* context,
                               const at::Tensor& hidden,
                               const at::Tensor& weight,
                               const std::optional<at::Tensor>& bias,
                               const RecomputedCall& call) {
    const LogprobResult result = call.forward();
    // Saved so that a change of them before backward is found.
    context->save_for_backward(
        {hidden, weight, bias.has_value() ? *bias : at::Tensor()});
    RecomputedCall kept = call;
    kept.hidden = kept.weight = kept.bias = at::Tensor();
    context->saved_data["call"] = at::IValue::make_capsule(
        c10::make_intrusive<CallHolder>(std::move(kept)));
    context->saved_data["has_bias"] = bias.has_value();
    return {result.logprob, result.entropy};
  }

  static variable_list backward(AutogradContext* context,
                                const variable_list& upstream) {
    const auto holder = c10::static_intrusive_pointer_cast<CallHolder>(
        context->saved_data["call"].toCapsule());
    const RecomputedCall& call = holder->call;
    TORCH_CHECK(!at::GradMode::is_enabled(), call.op,
                ": the results are differentiable once, backward was called "
                "with create_graph");
    context->get_saved_variables();
    const bool has_bias = context->saved_data["has_bias"].toBool();
    const WantedGradients wanted = {
        context->needs_input_grad(0),
        call.accumulates || context->needs_input_grad(1),
        has_bias && context->needs_input_grad(2)};
    const LossGradients gradients =
        call.backward({upstream[0], upstream[1]}, wanted);
    return {gradients.hidden, gradients.weight, gradients.bias, {}};
  }
};

}  // namespace

bool NeedsBackward(const RecomputedCall& call) {
  const auto wants = [](const at::Tensor& tensor) {
    return tensor.defined() && tensor.requires_grad();
  };
  return at::GradMode::is_enabled() &&
         (wants(call.hidden) || wants(call.weight) || wants(call.bias));
}

LogprobResult DifferentiateByRecomputing(const RecomputedCall& call) {
  const std::optional<at::Tensor> bias =
      call.bias.defined() ? std::optional(call.bias) : std::nullopt;
  const variable_list result =
      RecomputedGradient::apply(call.hidden, call.weight, bias, call);
  return {result[0], result[1]};
}

}  // namespace limbeck::kernels
