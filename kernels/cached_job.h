// A checked call of forward KL from the KL cache.
#ifndef LIMBECK_KERNELS_CACHED_JOB_H_
#define LIMBECK_KERNELS_CACHED_JOB_H_

#include <ATen/core/Tensor.h>

#include "kernels/chunk_driver.h"
#include "kernels/linear_cached_distillation.h"
#include "kernels/loss_options.h"
#include "kernels/shape_check.h"

namespace limbeck::kernels {

LossJob CachedJob(ShapeCheck& check, const at::Tensor& hidden,
                  const at::Tensor& weight, const CachedTeacher& teacher,
                  double temperature, const LinearOptions& linear);

// Runs the job of `hidden`.
LossGradients RunCached(const LossJob& job, const at::Tensor& hidden,
                        const WantedGradients& wanted);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_CACHED_JOB_H_
