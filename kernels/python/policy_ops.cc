// Registers the losses of sampled tokens and of a cached teacher. As in
// ops_library.cc each has a twin that returns gradients, which its autograd
// calls through the dispatcher; that of linear_logprob is its backward pass.
#include <ATen/ATen.h>
#include <ATen/TensorSubclassLikeUtils.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <string>
#include <utility>
#include <vector>

#include "kernels/cached_job.h"
#include "kernels/linear_logprob.h"
#include "kernels/logprob_autograd.h"
#include "kernels/loss_autograd.h"
#include "kernels/python/named_arguments.h"
#include "kernels/python/policy_calls.h"
#include "kernels/python/policy_schemas.h"

namespace limbeck::kernels {
namespace {

using torch::jit::Stack;

void ReplaceArguments(const c10::OperatorHandle& op, Stack* stack,
                      Stack results) {
  torch::jit::drop(*stack, op.schema().arguments().size());
  for (c10::IValue& result : results) stack->push_back(std::move(result));
}

at::Tensor InputOf(const NamedArguments& call) { return call.Tensor("hidden"); }

at::ScalarType ResultType(const at::Tensor& input) {
  return input.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

WantedGradients WantedOf(const NamedArguments& call) {
  const std::vector<bool> wanted = call.BoolList("wanted");
  TORCH_CHECK(wanted.size() == 3, call.op(), ": wanted has ", wanted.size(),
              " entries, must have 3");
  return {wanted[0], wanted[1], wanted[2]};
}

// Operators may not return undefined tensors.
void Append(const LossGradients& gradients, const at::Tensor& like,
            Stack& results) {
  for (const at::Tensor& tensor :
       {gradients.hidden, gradients.weight, gradients.bias}) {
    results.emplace_back(tensor.defined() ? tensor
                                          : at::empty({0}, like.options()));
  }
}

Stack PolicyResults(const NamedArguments& call, const WantedGradients& wanted) {
  const PolicyJob policy = PolicyJobOf(call);
  const LossGradients gradients = RunPolicy(policy, wanted);
  const at::ScalarType type = gradients.token_loss.scalar_type();
  Stack results = {gradients.loss, gradients.token_loss,
                   policy.outputs.log_prob.to(type),
                   policy.outputs.entropy.to(type)};
  if (wanted.any()) Append(gradients, InputOf(call), results);
  return results;
}

void RunPolicyLoss(const c10::OperatorHandle& op, Stack* stack) {
  ReplaceArguments(op, stack, PolicyResults({op, *stack}, {}));
}

void RunPolicyLossGradients(const c10::OperatorHandle& op, Stack* stack) {
  const NamedArguments call(op, *stack);
  const WantedGradients wanted = WantedOf(call);
  Stack results = PolicyResults(call, wanted);
  if (!wanted.any()) Append({}, InputOf(call), results);
  ReplaceArguments(op, stack, std::move(results));
}

Stack CachedResults(const NamedArguments& call, const WantedGradients& wanted) {
  const LossGradients gradients =
      RunCached(CachedJobOf(call), InputOf(call), wanted);
  Stack results = {gradients.loss, gradients.token_loss};
  if (wanted.any()) results.emplace_back(gradients.hidden);
  return results;
}

void RunCachedLoss(const c10::OperatorHandle& op, Stack* stack) {
  ReplaceArguments(op, stack, CachedResults({op, *stack}, {}));
}

void RunCachedGradients(const c10::OperatorHandle& op, Stack* stack) {
  ReplaceArguments(op, stack,
                   CachedResults({op, *stack}, {true, false, false}));
}

void RunLogprob(const c10::OperatorHandle& op, Stack* stack) {
  const LogprobResult result = LogprobForward(LogprobArgumentsOf({op, *stack}));
  ReplaceArguments(op, stack, {result.logprob, result.entropy});
}

void RunLogprobGradients(const c10::OperatorHandle& op, Stack* stack) {
  const NamedArguments call(op, *stack);
  Stack results;
  Append(LogprobBackward(
             LogprobArgumentsOf(call),
             {call.Tensor("logprob_grad"), call.Tensor("entropy_grad")},
             WantedOf(call)),
         InputOf(call), results);
  ReplaceArguments(op, stack, std::move(results));
}

// What follows answers for tensors without values: arguments are checked as in
// a real call, results have shapes and types only.
at::Tensor DescribeRow(const at::Tensor& input) {
  return at::empty_like(input.select(1, 0), ResultType(input));
}

at::Tensor DescribeScalar(const at::Tensor& input) {
  return at::empty({}, input.options().dtype(ResultType(input)));
}

void DescribeGradients(const NamedArguments& call, Stack& results) {
  const at::Tensor input = InputOf(call);
  const WantedGradients wanted = WantedOf(call);
  const auto describe = [&](bool is_wanted, const at::Tensor& tensor) {
    results.emplace_back(is_wanted && tensor.defined()
                             ? at::empty_like(tensor)
                             : at::empty({0}, input.options()));
  };
  describe(wanted.hidden, input);
  describe(wanted.weight && !call.Tensor("weight_grad").defined(),
           call.Tensor("weight"));
  describe(wanted.bias, call.Tensor("bias"));
}

void DescribePolicyLoss(const c10::OperatorHandle& op, Stack* stack) {
  const NamedArguments call(op, *stack);
  if (call.HasKnownShapes()) PolicyJobOf(call);
  const at::Tensor input = InputOf(call);
  Stack results = {DescribeScalar(input), DescribeRow(input),
                   DescribeRow(input), DescribeRow(input)};
  if (call.Has("wanted")) DescribeGradients(call, results);
  ReplaceArguments(op, stack, std::move(results));
}

void DescribeCached(const c10::OperatorHandle& op, Stack* stack) {
  const NamedArguments call(op, *stack);
  if (call.HasKnownShapes()) CachedJobOf(call);
  const at::Tensor input = InputOf(call);
  Stack results = {DescribeScalar(input), DescribeRow(input)};
  if (op.schema().returns().size() == 3) {
    results.emplace_back(at::empty_like(input));
  }
  ReplaceArguments(op, stack, std::move(results));
}

void DescribeLogprob(const c10::OperatorHandle& op, Stack* stack) {
  const NamedArguments call(op, *stack);
  if (call.HasKnownShapes()) CheckLogprob(LogprobArgumentsOf(call));
  Stack results;
  if (call.Has("wanted")) {
    DescribeGradients(call, results);
  } else {
    results = {DescribeRow(InputOf(call)), DescribeRow(InputOf(call))};
  }
  ReplaceArguments(op, stack, std::move(results));
}

Stack InputsOf(const c10::OperatorHandle& op, const Stack& stack) {
  return {
      stack.end() - static_cast<std::ptrdiff_t>(op.schema().arguments().size()),
      stack.end()};
}

c10::OperatorHandle Find(const std::string& name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(
      ("limbeck::" + name).c_str(), "");
}

c10::IValue Flags(const WantedGradients& wanted) {
  return c10::List<bool>({wanted.hidden, wanted.weight, wanted.bias});
}

// The three gradients that begin at results[first].
LossGradients GradientsAt(const Stack& results, size_t first,
                          const WantedGradients& wanted, bool accumulates) {
  LossGradients gradients;
  if (wanted.hidden) gradients.hidden = results[first].toTensor();
  if (wanted.weight && !accumulates) {
    gradients.weight = results[first + 1].toTensor();
  }
  if (wanted.bias) gradients.bias = results[first + 2].toTensor();
  return gradients;
}

void PolicyLossAutograd(const c10::OperatorHandle& op, Stack* stack) {
  const NamedArguments arguments(op, *stack);
  const Stack inputs = InputsOf(op, *stack);
  Stack results;
  DifferentiableCall call;
  call.op = arguments.op();
  call.input = InputOf(arguments);
  call.weight = arguments.Tensor("weight");
  call.bias = arguments.Tensor("bias");
  call.accumulates = arguments.Tensor("weight_grad").defined();
  call.run = [&](const WantedGradients& wanted) {
    const at::AutoDispatchBelowADInplaceOrView below;
    results = inputs;
    results.push_back(Flags(wanted));
    Find("_linear_policy_loss_gradients").callBoxed(results);
    LossGradients gradients = GradientsAt(results, 4, wanted, call.accumulates);
    gradients.loss = results[0].toTensor();
    gradients.token_loss = results[1].toTensor();
    return gradients;
  };
  const LossResult result = Differentiate(call);
  ReplaceArguments(op, stack,
                   {result.loss, result.token_loss, results[2], results[3]});
}

void CachedAutograd(const c10::OperatorHandle& op, Stack* stack) {
  const NamedArguments arguments(op, *stack);
  const Stack inputs = InputsOf(op, *stack);
  DifferentiableCall call;
  call.op = arguments.op();
  call.input = InputOf(arguments);
  call.run = [&](const WantedGradients& wanted) {
    const at::AutoDispatchBelowADInplaceOrView below;
    Stack results = inputs;
    LossGradients gradients;
    if (wanted.hidden) {
      Find("_linear_cached_distillation_gradients").callBoxed(results);
      gradients.hidden = results[2].toTensor();
    } else {
      Find("linear_cached_distillation").callBoxed(results);
    }
    gradients.loss = results[0].toTensor();
    gradients.token_loss = results[1].toTensor();
    return gradients;
  };
  const LossResult result = Differentiate(call);
  ReplaceArguments(op, stack, {result.loss, result.token_loss});
}

// Nobody watches the dispatcher, so a call may keep logits for its backward
// pass.
bool IsPlain(const at::Tensor& input) {
  return input.is_cpu() && !at::isTensorSubclassLike(input);
}

void LogprobAutograd(const c10::OperatorHandle& op, Stack* stack) {
  const NamedArguments arguments(op, *stack);
  if (IsPlain(InputOf(arguments))) {
    const LogprobResult result =
        DifferentiableLogprob(LogprobArgumentsOf(arguments));
    ReplaceArguments(op, stack, {result.logprob, result.entropy});
    return;
  }
  const Stack inputs = InputsOf(op, *stack);
  RecomputedCall call;
  call.op = arguments.op();
  call.hidden = InputOf(arguments);
  call.weight = arguments.Tensor("weight");
  call.bias = arguments.Tensor("bias");
  call.accumulates = arguments.Tensor("weight_grad").defined();
  call.forward = [inputs] {
    const at::AutoDispatchBelowADInplaceOrView below;
    Stack results = inputs;
    Find("linear_logprob").callBoxed(results);
    return LogprobResult{results[0].toTensor(), results[1].toTensor()};
  };
  call.backward = [inputs, accumulates = call.accumulates](
                      const LogprobResult& upstream,
                      const WantedGradients& wanted) {
    const at::AutoDispatchBelowADInplaceOrView below;
    Stack results = inputs;
    results.insert(results.end(),
                   {upstream.logprob, upstream.entropy, Flags(wanted)});
    Find("_linear_logprob_gradients").callBoxed(results);
    return GradientsAt(results, 0, wanted, accumulates);
  };
  const LogprobResult result = DifferentiateByRecomputing(call);
  ReplaceArguments(op, stack, {result.logprob, result.entropy});
}

constexpr char kGradients[] =
    "Tensor input_grad, Tensor head_grad, Tensor bias_grad)";

template <void (*function)(const c10::OperatorHandle&, Stack*)>
torch::CppFunction Boxed() {
  return torch::CppFunction::makeFromBoxedFunction<function>();
}

void RegisterDevice(torch::Library& library) {
  library.impl("linear_policy_loss", Boxed<&RunPolicyLoss>());
  library.impl("_linear_policy_loss_gradients",
               Boxed<&RunPolicyLossGradients>());
  library.impl("linear_cached_distillation", Boxed<&RunCachedLoss>());
  library.impl("_linear_cached_distillation_gradients",
               Boxed<&RunCachedGradients>());
  library.impl("linear_logprob", Boxed<&RunLogprob>());
  library.impl("_linear_logprob_gradients", Boxed<&RunLogprobGradients>());
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(limbeck, library) {
  const std::string policy = PolicyLossArguments();
  const std::string policy_results =
      "(Tensor loss, Tensor token_loss, Tensor logprob, Tensor entropy";
  library.def(("linear_policy_loss(" + policy + ") -> " + policy_results + ")")
                  .c_str());
  library.def(("_linear_policy_loss_gradients(" + policy +
               ", bool[] wanted) -> " + policy_results + ", " + kGradients)
                  .c_str());
  const std::string cached = CachedDistillationArguments();
  library.def(("linear_cached_distillation(" + cached +
               ") -> (Tensor loss, Tensor token_loss)")
                  .c_str());
  library.def(("_linear_cached_distillation_gradients(" + cached +
               ") -> (Tensor loss, Tensor token_loss, Tensor input_grad)")
                  .c_str());
  const std::string logprob = LogprobArgumentList();
  library.def(
      ("linear_logprob(" + logprob + ") -> (Tensor logprob, Tensor entropy)")
          .c_str());
  library.def(("_linear_logprob_gradients(" + logprob +
               ", Tensor logprob_grad, Tensor entropy_grad, bool[] wanted) -> "
               "(" +
               kGradients)
                  .c_str());
}

TORCH_LIBRARY_IMPL(limbeck, CPU, library) { RegisterDevice(library); }

TORCH_LIBRARY_IMPL(limbeck, CUDA, library) { RegisterDevice(library); }

TORCH_LIBRARY_IMPL(limbeck, Meta, library) {
  library.impl("linear_policy_loss", Boxed<&DescribePolicyLoss>());
  library.impl("_linear_policy_loss_gradients", Boxed<&DescribePolicyLoss>());
  library.impl("linear_cached_distillation", Boxed<&DescribeCached>());
  library.impl("_linear_cached_distillation_gradients",
               Boxed<&DescribeCached>());
  library.impl("linear_logprob", Boxed<&DescribeLogprob>());
  library.impl("_linear_logprob_gradients", Boxed<&DescribeLogprob>());
}

TORCH_LIBRARY_IMPL(limbeck, Autograd, library) {
  library.impl("linear_policy_loss", Boxed<&PolicyLossAutograd>());
  library.impl("linear_cached_distillation", Boxed<&CachedAutograd>());
  library.impl("linear_logprob", Boxed<&LogprobAutograd>());
}

}  // namespace limbeck::kernels
