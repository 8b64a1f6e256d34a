// Autograd of the log-probabilities of a linear head.
#include "kernels/linear_logprob.h"

#include <memory>
#include <utility>

#include "kernels/logprob_autograd.h"
#include "kernels/logprob_passes.h"

namespace limbeck::kernels {

LogprobResult LinearLogprob(const at::Tensor& hidden, const at::Tensor& weight,
                            const at::Tensor& target, double temperature,
                            const LinearOptions& linear) {
  LogprobArguments arguments = {"linear_logprob", hidden,      weight,
                                target,           temperature, linear};
  // What the backward pass keeps must not lead back to the graph.
  arguments.hidden = hidden.defined() ? hidden.detach() : hidden;
  arguments.weight = weight.defined() ? weight.detach() : weight;
  arguments.linear.bias =
      linear.bias.defined() ? linear.bias.detach() : linear.bias;
  RecomputedCall call;
  call.op = arguments.op;
  call.hidden = hidden;
  call.weight = weight;
  call.bias = linear.bias;
  call.accumulates = linear.weight_grad.defined();
  // The first backward pass takes it.
  const auto kept = std::make_shared<KeptChunk>();
  const bool keeps = NeedsBackward(call);
  call.forward = [arguments, kept, keeps] {
    return LogprobForward(arguments, keeps ? kept.get() : nullptr);
  };
  call.backward = [arguments, kept](const LogprobResult& upstream,
                                    const WantedGradients& wanted) {
    return LogprobBackward(arguments, upstream, wanted,
                           std::exchange(*kept, {}));
  };
  return DifferentiateByRecomputing(call);
}

}  // namespace limbeck::kernels
