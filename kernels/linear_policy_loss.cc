// Autograd of the policy losses.
#include "kernels/linear_policy_loss.h"

#include <ATen/ATen.h>

#include "kernels/loss_autograd.h"
#include "kernels/policy_job.h"

namespace limbeck::kernels {

PolicyResult LinearPolicyLoss(const at::Tensor& hidden,
                              const at::Tensor& weight,
                              const at::Tensor& target,
                              const PolicySamples& samples,
                              const PolicyOptions& options,
                              const LinearOptions& linear) {
  ShapeCheck check("linear_policy_loss");
  const LogitSource student = {hidden, weight, linear.bias, {}};
  CheckSource(check, kStudentNames, student);
  const PolicyJob policy =
      CheckedPolicyJob(check, student, target, samples, options, linear);
  DifferentiableCall call;
  call.op = check.op();
  call.input = hidden;
  call.weight = weight;
  call.bias = linear.bias;
  call.accumulates = linear.weight_grad.defined();
  call.run = [&policy](const WantedGradients& wanted) {
    return RunPolicy(policy, wanted);
  };
  const LossResult result = Differentiate(call);
  const at::ScalarType type = result.token_loss.scalar_type();
  return {result.loss, result.token_loss, policy.outputs.log_prob.to(type),
          policy.outputs.entropy.to(type)};
}

}  // namespace limbeck::kernels
