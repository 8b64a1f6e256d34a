// Turns arguments into a job for the chunk driver.
#include "kernels/sampled_job.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace limbeck::kernels {
namespace {

// Of the values per row that row kernels read and write.
at::ScalarType RowType(const at::Tensor& tensor) {
  return tensor.is_cuda() ? at::kFloat : at::kDouble;
}

}  // namespace

SampledOutputs SampledTensors::Pointers() const {
  return {log_prob.mutable_data_ptr<double>(),
          entropy.mutable_data_ptr<double>()};
}

SampledDeviceOutputs SampledTensors::DevicePointers() const {
  return {log_prob.mutable_data_ptr<float>(),
          entropy.mutable_data_ptr<float>()};
}

SampledTensors EmptySampledTensors(const at::Tensor& like) {
  const auto options = like.options().dtype(RowType(like));
  return {at::zeros({like.size(0)}, options),
          at::zeros({like.size(0)}, options)};
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
  return values.detach().to(RowType(values)).contiguous();
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
  job.chunk_tokens = CheckedChunkTokens(check, linear.chunk_tokens);
  job.bf16_logits = linear.bf16_logits;
  job.bfloat16_products = linear.bfloat16_products;
  return job;
}

void UseLogprobRows(double temperature, const SampledTensors& slopes,
                    const SampledTensors& outputs, LossJob& job) {
  const bool has_slopes = slopes.log_prob.defined();
  const auto run = [=](const auto& batch, RowRange range) {
    GivenSlopes given = {nullptr, nullptr};
    if (has_slopes) {
      given = {slopes.log_prob.const_data_ptr<double>(),
               slopes.entropy.const_data_ptr<double>()};
    }
    LogprobRows(1.0 / temperature, given, outputs.Pointers(), batch, range);
  };
  job.rows = {[run](const float*, const RowBatch<float>& batch,
                    RowRange range) { run(batch, range); },
              [run](const double*, const RowBatch<double>& batch,
                    RowRange range) { run(batch, range); }};
  job.device_rows = [=](const RowLaunch& rows) {
    LogprobLaunch launch = {rows, temperature, nullptr, nullptr,
                            outputs.DevicePointers()};
    if (has_slopes) {
      launch.log_prob_slope = slopes.log_prob.const_data_ptr<float>();
      launch.entropy_slope = slopes.entropy.const_data_ptr<float>();
    }
    return LaunchLogprob(launch);
  };
}

}  // namespace limbeck::kernels
