// liblimbeck_ops.so: torch.ops.load_library registers the loss operators.
//
// Each has a twin, limbeck::_NAME_gradients, that also returns the gradients
// asked for by `wanted` (hidden or logits, weight, bias; empty where unwanted).
// The public operator's autograd calls it through the dispatcher, so that
// tracing sees plain operators.
#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <string>
#include <utility>

#include "kernels/loss_autograd.h"
#include "kernels/python/loss_jobs.h"
#include "kernels/python/loss_schemas.h"
#include "kernels/python/named_arguments.h"

namespace limbeck::kernels {
namespace {

using torch::jit::Stack;

at::Tensor InputOf(const NamedArguments& call) {
  return call.Tensor(call.Has("hidden") ? "hidden" : "student_logits");
}

void ReplaceArguments(const c10::OperatorHandle& op, Stack* stack,
                      Stack results) {
  torch::jit::drop(*stack, op.schema().arguments().size());
  for (c10::IValue& result : results) stack->push_back(std::move(result));
}

// Operators may not return undefined tensors.
at::Tensor OrEmpty(const at::Tensor& tensor, const at::Tensor& like) {
  return tensor.defined() ? tensor : at::empty({0}, like.options());
}

// Public operator: reached when no gradient can be asked for.
void RunLoss(const c10::OperatorHandle& op, Stack* stack) {
  const LossGradients result = RunChunks(JobOf({op, *stack}), {});
  ReplaceArguments(op, stack, {result.loss, result.token_loss});
}

// With gradients.
void RunGradients(const c10::OperatorHandle& op, Stack* stack) {
  const NamedArguments call(op, *stack);
  const std::vector<bool> wanted = call.BoolList("wanted");
  TORCH_CHECK(wanted.size() == 3, call.op(), ": wanted has ", wanted.size(),
              " entries, must have 3");
  const at::Tensor input = InputOf(call);
  const LossGradients result =
      RunChunks(JobOf(call), {wanted[0], wanted[1], wanted[2]});
  ReplaceArguments(
      op, stack,
      {result.loss, result.token_loss, OrEmpty(result.hidden, input),
       OrEmpty(result.weight, input), OrEmpty(result.bias, input)});
}

// Loss and token_loss of a call on tensors without values, whose arguments are
// checked as those of a real one.
Stack DescribeLoss(const at::Tensor& input) {
  const at::ScalarType type =
      input.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  return {at::empty({}, input.options().dtype(type)),
          at::empty_like(input.select(1, 0), type)};
}

void DescribeLossOnly(const c10::OperatorHandle& op, Stack* stack) {
  const NamedArguments call(op, *stack);
  if (call.HasKnownShapes()) JobOf(call);
  ReplaceArguments(op, stack, DescribeLoss(InputOf(call)));
}

void DescribeGradients(const c10::OperatorHandle& op, Stack* stack) {
  const NamedArguments call(op, *stack);
  if (call.HasKnownShapes()) JobOf(call);
  const at::Tensor input = InputOf(call);
  const std::vector<bool> wanted = call.BoolList("wanted");
  Stack results = DescribeLoss(input);
  const auto describe = [&](bool is_wanted, const at::Tensor& tensor) {
    results.emplace_back(is_wanted && tensor.defined()
                             ? at::empty_like(tensor)
                             : at::empty({0}, input.options()));
  };
  const bool linear = call.Has("hidden");
  const bool shared = linear && call.Tensor("weight_grad").defined();
  describe(wanted[0], input);
  describe(wanted[1] && !shared, linear ? call.Tensor("weight") : at::Tensor());
  describe(wanted[2], linear ? call.Tensor("bias") : at::Tensor());
  ReplaceArguments(op, stack, std::move(results));
}

c10::OperatorHandle TwinOf(const c10::OperatorHandle& op) {
  const std::string name = op.schema().name();
  const size_t colon = name.find("::") + 2;
  return c10::Dispatcher::singleton().findSchemaOrThrow(
      ("limbeck::_" + name.substr(colon) + "_gradients").c_str(), "");
}

// Autograd, public operator.
void RunAutograd(const c10::OperatorHandle& op, Stack* stack) {
  const NamedArguments arguments(op, *stack);
  const bool linear = arguments.Has("hidden");
  const c10::OperatorHandle twin = TwinOf(op);
  const Stack inputs(stack->end() - static_cast<std::ptrdiff_t>(
                                        op.schema().arguments().size()),
                     stack->end());
  DifferentiableCall call;
  call.op = arguments.op();
  call.input = InputOf(arguments);
  if (linear) {
    call.weight = arguments.Tensor("weight");
    call.bias = arguments.Tensor("bias");
    call.accumulates = arguments.Tensor("weight_grad").defined();
  }
  call.run = [&](const WantedGradients& wanted) {
    const at::AutoDispatchBelowADInplaceOrView below;
    Stack twin_stack = inputs;
    twin_stack.emplace_back(
        c10::List<bool>({wanted.hidden, wanted.weight, wanted.bias}));
    twin.callBoxed(twin_stack);
    const auto gradient = [&](size_t index, bool is_wanted) {
      return is_wanted ? twin_stack[index].toTensor() : at::Tensor();
    };
    return LossGradients{twin_stack[0].toTensor(), twin_stack[1].toTensor(),
                         gradient(2, wanted.hidden),
                         gradient(3, wanted.weight && !call.accumulates),
                         gradient(4, wanted.bias)};
  };
  const LossResult result = Differentiate(call);
  ReplaceArguments(op, stack, {result.loss, result.token_loss});
}

void RegisterLosses(torch::Library& library) {
  for (const LossSchema& schema : LossSchemas()) {
    library.impl(schema.name.c_str(),
                 torch::CppFunction::makeFromBoxedFunction<&RunLoss>());
    library.impl(("_" + schema.name + "_gradients").c_str(),
                 torch::CppFunction::makeFromBoxedFunction<&RunGradients>());
  }
}

}  // namespace

TORCH_LIBRARY(limbeck, library) {
  for (const LossSchema& schema : LossSchemas()) {
    library.def((schema.name + "(" + schema.arguments +
                 ") -> (Tensor loss, Tensor token_loss)")
                    .c_str());
    library.def(("_" + schema.name + "_gradients(" + schema.arguments +
                 ", bool[] wanted) -> (Tensor loss, Tensor token_loss, Tensor "
                 "input_grad, Tensor head_grad, Tensor bias_grad)")
                    .c_str());
  }
}

TORCH_LIBRARY_IMPL(limbeck, CPU, library) { RegisterLosses(library); }

// A build without device code says so when it is called.
TORCH_LIBRARY_IMPL(limbeck, CUDA, library) { RegisterLosses(library); }

TORCH_LIBRARY_IMPL(limbeck, Meta, library) {
  for (const LossSchema& schema : LossSchemas()) {
    library.impl(
        schema.name.c_str(),
        torch::CppFunction::makeFromBoxedFunction<&DescribeLossOnly>());
    library.impl(
        ("_" + schema.name + "_gradients").c_str(),
        torch::CppFunction::makeFromBoxedFunction<&DescribeGradients>());
  }
}

TORCH_LIBRARY_IMPL(limbeck, Autograd, library) {
  for (const LossSchema& schema : LossSchemas()) {
    library.impl(schema.name.c_str(),
                 torch::CppFunction::makeFromBoxedFunction<&RunAutograd>());
  }
}

}  // namespace limbeck::kernels
