// The part that the losses of sampled tokens share: checks, rows that count,
// and row functions that own the tensors they point into.
#ifndef LIMBECK_KERNELS_SAMPLED_JOB_H_
#define LIMBECK_KERNELS_SAMPLED_JOB_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string_view>

#include "kernels/chunk_driver.h"
#include "kernels/loss_inputs.h"
#include "kernels/loss_options.h"
#include "kernels/policy_rows_launch.h"
#include "kernels/sampled_rows.h"
#include "kernels/shape_check.h"

namespace limbeck::kernels {

// Log-probability of the target and entropy of every row, or a loss's slopes in
// both. [N] float64 on the CPU, float32 on CUDA; 0 on skipped rows.
struct SampledTensors {
  at::Tensor log_prob;
  at::Tensor entropy;

  SampledOutputs Pointers() const;
  SampledDeviceOutputs DevicePointers() const;
};
// Zeros on the device of `like`, which has N rows.
SampledTensors EmptySampledTensors(const at::Tensor& like);

// Finite and above 0.
void CheckTemperature(const ShapeCheck& check, double temperature);

// A float32 [N] argument in the row kernels' type (float64 on the CPU, float32
// on CUDA), contiguous and without gradient.
at::Tensor CheckedTokenValues(ShapeCheck& check, std::string_view name,
                              const at::Tensor& values);

// Checks head, target and `linear`; no target means "skip": rows are skipped by
// weight 0 and kept_rows only. The row functions are left to the caller.
LossJob SampledJob(ShapeCheck& check, const LogitSource& student,
                   const at::Tensor& target, const LinearOptions& linear);

// Sets the job's row functions: they fill `outputs` and, with slopes (both
// defined), the gradient too.
void UseLogprobRows(double temperature, const SampledTensors& slopes,
                    const SampledTensors& outputs, LossJob& job);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_SAMPLED_JOB_H_
