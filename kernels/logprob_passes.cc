// Rows that no upstream gradient reaches cost nothing in the backward pass.
#include "kernels/logprob_passes.h"

#include <ATen/ATen.h>

#include <utility>

#include "kernels/loss_autograd.h"
#include "kernels/sampled_job.h"
#include "kernels/shape_check.h"

namespace limbeck::kernels {
namespace {

// reached: 0 for rows to skip, [N], undefined: none.
LossJob CheckedJob(ShapeCheck& check, const LogprobArguments& arguments,
                   const at::Tensor& reached) {
  LinearOptions linear = arguments.linear;
  const LogitSource student = {
      arguments.hidden, arguments.weight, linear.bias, {}};
  CheckSource(check, kStudentNames, student);
  TORCH_CHECK(!linear.token_weight.defined(), check.op(),
              ": token_weight is given, must be undefined: weigh the results");
  CheckTemperature(check, arguments.temperature);
  linear.token_weight = reached;
  LossJob job = SampledJob(check, student, arguments.target, linear);
  job.accumulator = CheckedAccumulator(check, arguments.weight, linear);
  return job;
}

}  // namespace

void CheckLogprob(const LogprobArguments& arguments) {
  ShapeCheck check(arguments.op, Devices::kAlsoMeta);
  CheckedJob(check, arguments, {});
}

LogprobResult LogprobForward(const LogprobArguments& arguments,
                             KeptChunk* kept) {
  ShapeCheck check(arguments.op);
  LossJob job = CheckedJob(check, arguments, {});
  const SampledTensors outputs = EmptySampledTensors(arguments.hidden);
  UseLogprobRows(arguments.temperature, {}, outputs, job);
  if (arguments.hidden.is_cpu()) job.keep = kept;
  const at::ScalarType type = RunChunks(job, {}).loss.scalar_type();
  return {outputs.log_prob.to(type), outputs.entropy.to(type)};
}

LossGradients LogprobBackward(const LogprobArguments& arguments,
                              const LogprobResult& upstream,
                              const WantedGradients& wanted, KeptChunk kept) {
  ShapeCheck check(arguments.op);
  const at::Tensor reached =
      upstream.logprob.ne(0.0).logical_or(upstream.entropy.ne(0.0));
  LossJob job = CheckedJob(check, arguments, reached.to(at::kFloat));
  const SampledTensors slopes = {
      CheckedTokenValues(check, "gradient of logprob", upstream.logprob),
      CheckedTokenValues(check, "gradient of entropy", upstream.entropy)};
  UseLogprobRows(arguments.temperature, slopes,
                 EmptySampledTensors(arguments.hidden), job);
  job.known = std::move(kept);
  return RunChunks(job, wanted);
}

}  // namespace limbeck::kernels
