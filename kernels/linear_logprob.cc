// Autograd of the log-probabilities of a linear head.
#include "kernels/linear_logprob.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/graph_task.h>

#include <memory>
#include <utility>

#include "kernels/logprob_autograd.h"
#include "kernels/logprob_passes.h"

namespace limbeck::kernels {
namespace {

// For a backward pass to write over. The last one takes the logits themselves;
// one that retains the graph leaves them, so that the next gives the same bits.
KeptChunk Taken(KeptChunk& kept) {
  if (!torch::autograd::get_current_graph_task_keep_graph()) {
    return std::exchange(kept, {});
  }
  return {kept.rows,
          kept.logits.defined() ? kept.logits.clone() : at::Tensor()};
}

}  // namespace

LogprobResult LinearLogprob(const at::Tensor& hidden, const at::Tensor& weight,
                            const at::Tensor& target, double temperature,
                            const LinearOptions& linear) {
  return DifferentiableLogprob(
      {"linear_logprob", hidden, weight, target, temperature, linear});
}

LogprobResult DifferentiableLogprob(const LogprobArguments& given) {
  const at::Tensor& hidden = given.hidden;
  const at::Tensor& weight = given.weight;
  const at::Tensor& bias = given.linear.bias;
  LogprobArguments arguments = given;
  // What the backward pass keeps must not lead back to the graph.
  arguments.hidden = hidden.defined() ? hidden.detach() : hidden;
  arguments.weight = weight.defined() ? weight.detach() : weight;
  arguments.linear.bias = bias.defined() ? bias.detach() : bias;
  RecomputedCall call;
  call.op = arguments.op;
  call.hidden = hidden;
  call.weight = weight;
  call.bias = bias;
  call.accumulates = given.linear.weight_grad.defined();
  const auto kept = std::make_shared<KeptChunk>();
  const bool keeps = NeedsBackward(call);
  call.forward = [arguments, kept, keeps] {
    return LogprobForward(arguments, keeps ? kept.get() : nullptr);
  };
  call.backward = [arguments, kept](const LogprobResult& upstream,
                                    const WantedGradients& wanted) {
    return LogprobBackward(arguments, upstream, wanted, Taken(*kept));
  };
  return DifferentiateByRecomputing(call);
}

}  // namespace limbeck::kernels
