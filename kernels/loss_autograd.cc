// Forward computes loss and gradients; backward only scales them.
#include "kernels/loss_autograd.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>
#include <string>

namespace limbeck::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

WantedGradients Wanted(const LossJob& job) {
  const auto wants = [](const at::Tensor& tensor) {
    return tensor.defined() && tensor.requires_grad();
  };
  const bool accumulates = job.accumulator.weight.defined();
  WantedGradients wanted;
  wanted.weight = accumulates;
  if (!at::GradMode::is_enabled()) return wanted;
  const LogitSource& student = job.student;
  wanted.hidden = wants(student.hidden) || wants(student.logits);
  wanted.weight = wanted.weight || wants(student.weight);
  wanted.bias = wants(student.bias);
  return wanted;
}

struct Call {
  const LossJob* job;
  WantedGradients wanted;
  std::string_view op;
};

class KnownGradient : public torch::autograd::Function<KnownGradient> {
 public:
  static variable_list forward(AutogradContext* context,
                               const at::Tensor& input,
                               const std::optional<at::Tensor>& weight,
                               const std::optional<at::Tensor>& bias,
                               const Call& call) {
    static_cast<void>(input);
    static_cast<void>(weight);
    static_cast<void>(bias);
    const LossGradients result = RunChunks(*call.job, call.wanted);
    context->save_for_backward({result.hidden, result.weight, result.bias});
    context->saved_data["op"] = std::string(call.op);
    context->saved_data["accumulated"] = call.job->accumulator.weight.defined();
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
    if (!scale.defined()) return {{}, {}, {}, {}};
    if (context->saved_data["accumulated"].toBool()) {
      const double value = scale.item<double>();
      TORCH_CHECK(value == 1.0, op, ": the upstream gradient is ", value,
                  ", must be 1 with weight_grad");
    }
    variable_list gradients;
    for (const at::Tensor& known : context->get_saved_variables()) {
      gradients.push_back(known.defined()
                              ? known.mul(scale.to(known.scalar_type()))
                              : at::Tensor());
    }
    gradients.emplace_back();  // of `call`
    return gradients;
  }
};

}  // namespace

LossResult RunDifferentiable(std::string_view op, const LossJob& job) {
  const Call call = {&job, Wanted(job), op};
  const LogitSource& student = job.student;
  const at::Tensor& input =
      student.hidden.defined() ? student.hidden : student.logits;
  const auto optional = [](const at::Tensor& tensor) {
    return tensor.defined() ? std::optional(tensor) : std::nullopt;
  };
  const variable_list result = KnownGradient::apply(
      input, optional(student.weight), optional(student.bias), call);
  return {result[0], result[1]};
}

WeightAccumulator CheckedAccumulator(ShapeCheck& check,
                                     const LinearOptions& linear) {
  WeightAccumulator accumulator;
  if (linear.grad_scale.defined()) {
    TORCH_CHECK(linear.grad_scale.numel() == 1, check.op(), ": grad_scale has ",
                linear.grad_scale.numel(), " values, must have 1");
    TORCH_CHECK(linear.weight_grad.defined(), check.op(),
                ": grad_scale is given, weight_grad is not");
    accumulator.scale = linear.grad_scale.item<double>();
  }
  if (!linear.weight_grad.defined()) return accumulator;
  check.Tensor("weight_grad", linear.weight_grad, {"V", "H"});
  check.Type("weight_grad", linear.weight_grad, {at::kFloat, at::kDouble});
  if (at::GradMode::is_enabled()) {
    accumulator.weight = linear.weight_grad.detach();
  }
  return accumulator;
}

}  // namespace limbeck::kernels
