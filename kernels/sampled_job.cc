// Turns arguments into a job for the chunk driver.
#include "kernels/sampled_job.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace limbeck::kernels {

SampledOutputs SampledTensors::Pointers() const {
  return {log_prob.mutable_data_ptr<double>(),
          entropy.mutable_data_ptr<double>()};
}

SampledTensors EmptySampledTensors(int64_t num_rows) {
  return {at::zeros({num_rows}, at::kDouble),
          at::zeros({num_rows}, at::kDouble)};
}

void CheckTemperature(const ShapeCheck& check, double temperature) {
  TORCH_CHECK_VALUE(temperature > 0.0 && std::isfinite(temperature), check.op(),
                    ": temperature is ", temperature,
                    ", must be finite and > 0");
}

at::Tensor CheckedTokenValues(ShapeCheck& check, std::string_view name,
                              const at::Tensor& values) {
  check.Tensor(name, values, {"N"});
  check.Type(name, values, {at::kFloat, at::kDouble});
  return values.detach().to(at::kDouble).contiguous();
}

LossJob SampledJob(ShapeCheck& check, const LogitSource& student,
                   const at::Tensor& target, const LinearOptions& linear) {
  LogitOptions rows = RowOptionsOf(linear);
  rows.ignore_index = std::numeric_limits<int64_t>::min();
  LossJob job;
  job.student = student;
  job.num_columns =
      ValidColumns(check, rows.num_valid_columns, check.Size("V"));
  job.selection = SelectRows(check, target, rows, job.num_columns);
  job.chunk_tokens = linear.chunk_tokens;
  job.bf16_logits = linear.bf16_logits;
  job.bfloat16_products = linear.bfloat16_products;
  return job;
}

RowFunctions LogprobRowFunctions(double temperature,
                                 const SampledTensors& slopes,
                                 const SampledTensors& outputs) {
  const auto run = [=](const auto& batch, RowRange range) {
    GivenSlopes given = {nullptr, nullptr};
    if (slopes.log_prob.defined()) {
      given = {slopes.log_prob.const_data_ptr<double>(),
               slopes.entropy.const_data_ptr<double>()};
    }
    LogprobRows(1.0 / temperature, given, outputs.Pointers(), batch, range);
  };
  return {[run](const float*, const RowBatch<float>& batch, RowRange range) {
            run(batch, range);
          },
          [run](const double*, const RowBatch<double>& batch, RowRange range) {
            run(batch, range);
          }};
}

}  // namespace limbeck::kernels
