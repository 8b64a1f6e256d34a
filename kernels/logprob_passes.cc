// Rows that no upstream gradient reaches cost nothing in the backward pass.
#include "kernels/logprob_passes.h"

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "kernels/loss_autograd.h"
#include "kernels/sampled_job.h"
#include "kernels/shape_check.h"

namespace limbeck::kernels {
namespace {

LossJob CheckedJob(ShapeCheck& check, const LogprobArguments& arguments) {
  const LinearOptions& linear = arguments.linear;
  const LogitSource student = {
      arguments.hidden, arguments.weight, linear.bias, {}};
  CheckSource(check, kStudentNames, student);
  TORCH_CHECK(!linear.token_weight.defined(), check.op(),
              ": token_weight is given, must be undefined: weigh the results");
  CheckTemperature(check, arguments.temperature);
  LossJob job = SampledJob(check, student, arguments.target, linear);
  job.accumulator = CheckedAccumulator(check, arguments.weight, linear);
  return job;
}

// The kept rows that an upstream gradient reaches.
at::Tensor RowsReached(const at::Tensor& rows, const SampledTensors& slopes) {
  const double* log_prob = slopes.log_prob.const_data_ptr<double>();
  const double* entropy = slopes.entropy.const_data_ptr<double>();
  const int64_t* kept = rows.const_data_ptr<int64_t>();
  std::vector<int64_t> reached;
  for (int64_t i = 0; i < rows.numel(); ++i) {
    if (log_prob[kept[i]] != 0.0 || entropy[kept[i]] != 0.0) {
      reached.push_back(kept[i]);
    }
  }
  return at::tensor(reached, at::kLong);
}

}  // namespace

LogprobResult LogprobForward(const LogprobArguments& arguments) {
  ShapeCheck check(arguments.op);
  LossJob job = CheckedJob(check, arguments);
  const SampledTensors outputs = EmptySampledTensors(check.Size("N"));
  job.rows = LogprobRowFunctions(arguments.temperature, {}, outputs);
  const at::ScalarType type = RunChunks(job, {}).loss.scalar_type();
  return {outputs.log_prob.to(type), outputs.entropy.to(type)};
}

LossGradients LogprobBackward(const LogprobArguments& arguments,
                              const LogprobResult& upstream,
                              const WantedGradients& wanted) {
  ShapeCheck check(arguments.op);
  LossJob job = CheckedJob(check, arguments);
  const SampledTensors slopes = {
      CheckedTokenValues(check, "gradient of logprob", upstream.logprob),
      CheckedTokenValues(check, "gradient of entropy", upstream.entropy)};
  job.selection.rows = RowsReached(job.selection.rows, slopes);
  job.rows = LogprobRowFunctions(arguments.temperature, slopes,
                                 EmptySampledTensors(check.Size("N")));
  return RunChunks(job, wanted);
}

}  // namespace limbeck::kernels
