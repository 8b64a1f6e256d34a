// Forward computes loss and gradients; backward only scales them.
#include "kernels/loss_autograd.h"

#include <ATen/ATen.h>
#include <ATen/TensorSubclassLikeUtils.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/graph_task.h>

#include <cmath>
#include <optional>
#include <string>

#include "kernels/large_buffer.h"

namespace limbeck::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

WantedGradients Wanted(const DifferentiableCall& call) {
  const auto wants = [](const at::Tensor& tensor) {
    return tensor.defined() && tensor.requires_grad();
  };
  if (!at::GradMode::is_enabled()) return {};
  return {wants(call.input), call.accumulates || wants(call.weight),
          wants(call.bias)};
}

// The upstream gradient of a call that has added its dW already. On CUDA a
// value other than 1 becomes NaN: to look at it would mean to wait for the
// device.
at::Tensor CheckedOne(const std::string& op, const at::Tensor& upstream) {
  if (upstream.is_cuda() || at::isTensorSubclassLike(upstream)) {
    return at::where(upstream.eq(1), upstream,
                     at::full_like(upstream, std::nan("")));
  }
  const double value = upstream.item<double>();
  TORCH_CHECK(value == 1.0, op, ": the upstream gradient is ", value,
              ", must be 1 with weight_grad");
  return upstream;
}

// What the upstream gradient makes of a known one. The CPU can look at a scale
// without waiting, and a fresh copy of dW costs there as much as its product.
at::Tensor Scaled(const at::Tensor& known, const at::Tensor& scale) {
  if (!known.defined()) return {};
  // A float32 scalar times bfloat16 is computed in float32.
  if (!known.is_cpu() || at::isTensorSubclassLike(known) ||
      at::isTensorSubclassLike(scale)) {
    return known.mul(scale);
  }
  const bool known_is_spent =
      !torch::autograd::get_current_graph_task_keep_graph();
  if (known_is_spent && scale.item<double>() == 1.0) return known;
  at::Tensor scaled =
      LargeBuffer(known.sizes(), known.scalar_type(), known.device());
  return at::mul_out(scaled, known, scale);
}

class KnownGradient : public torch::autograd::Function<KnownGradient> {
 public:
  // The tensors are arguments only for autograd to see them.
  static variable_list forward(AutogradContext* context,
                               const at::Tensor& /*input*/,
                               const std::optional<at::Tensor>& /*weight*/,
                               const std::optional<at::Tensor>& /*bias*/,
                               const DifferentiableCall& call,
                               const WantedGradients& wanted) {
    const LossGradients result = call.run(wanted);
    context->save_for_backward({result.hidden, result.weight, result.bias});
    context->saved_data["op"] = call.op;
    context->saved_data["accumulates"] = call.accumulates;
    context->mark_non_differentiable({result.token_loss});
    return {result.loss, result.token_loss};
  }

  static variable_list backward(AutogradContext* context,
                                const variable_list& upstream) {
    const std::string& op = context->saved_data["op"].toStringRef();
    TORCH_CHECK(!at::GradMode::is_enabled(), op,
                ": the loss is differentiable once, backward was called with "
                "create_graph");
    const at::Tensor& scale = upstream[0];
    if (!scale.defined()) return {{}, {}, {}, {}, {}};
    const bool accumulates = context->saved_data["accumulates"].toBool();
    const at::Tensor factor = accumulates ? CheckedOne(op, scale) : scale;
    variable_list gradients;
    for (const at::Tensor& known : context->get_saved_variables()) {
      gradients.push_back(Scaled(known, factor));
    }
    gradients.resize(5);  // `call` and `wanted` have none
    return gradients;
  }
};

}  // namespace

LossResult Differentiate(const DifferentiableCall& call) {
  const auto optional = [](const at::Tensor& tensor) {
    return tensor.defined() ? std::optional(tensor) : std::nullopt;
  };
  const variable_list result =
      KnownGradient::apply(call.input, optional(call.weight),
                           optional(call.bias), call, Wanted(call));
  return {result[0], result[1]};
}

LossResult RunDifferentiable(std::string_view op, const LossJob& job) {
  const LogitSource& student = job.student;
  DifferentiableCall call;
  call.op = op;
  call.input = student.hidden.defined() ? student.hidden : student.logits;
  call.weight = student.weight;
  call.bias = student.bias;
  call.accumulates = job.accumulator.weight.defined();
  call.run = [&job](const WantedGradients& wanted) {
    return RunChunks(job, wanted);
  };
  return Differentiate(call);
}

WeightAccumulator CheckedAccumulator(ShapeCheck& check,
                                     const at::Tensor& weight,
                                     const LinearOptions& linear) {
  WeightAccumulator accumulator;
  if (linear.grad_scale.defined()) {
    TORCH_CHECK(linear.grad_scale.numel() == 1, check.op(), ": grad_scale has ",
                linear.grad_scale.numel(), " values, must have 1");
    TORCH_CHECK(linear.weight_grad.defined(), check.op(),
                ": grad_scale is given, weight_grad is not");
    TORCH_CHECK(linear.grad_scale.device() == weight.device(), check.op(),
                ": grad_scale is on ", linear.grad_scale.device(),
                ", weight on ", weight.device());
  }
  if (!linear.weight_grad.defined()) return accumulator;
  check.Tensor("weight_grad", linear.weight_grad, {"V", "H"});
  const bool in_double = weight.scalar_type() == at::kDouble;
  check.Type("weight_grad", linear.weight_grad,
             {in_double ? at::kDouble : at::kFloat});
  accumulator.weight = linear.weight_grad.detach();
  if (linear.grad_scale.defined()) {
    accumulator.scale =
        linear.grad_scale.detach().to(linear.weight_grad.scalar_type());
  }
  return accumulator;
}

}  // namespace limbeck::kernels
