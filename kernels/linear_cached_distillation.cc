// Checks and autograd of forward KL from the KL cache.
#include "kernels/linear_cached_distillation.h"

#include <ATen/ATen.h>

#include "kernels/cached_job.h"
#include "kernels/loss_autograd.h"

namespace limbeck::kernels {

LossResult LinearCachedDistillation(const at::Tensor& hidden,
                                    const at::Tensor& weight,
                                    const CachedTeacher& teacher,
                                    double temperature,
                                    const LinearOptions& linear) {
  ShapeCheck check("linear_cached_distillation");
  const LossJob job =
      CachedJob(check, hidden, weight, teacher, temperature, linear);
  DifferentiableCall call;
  call.op = check.op();
  call.input = hidden;
  call.run = [&](const WantedGradients& wanted) {
    return RunCached(job, hidden, wanted);
  };
  return Differentiate(call);
}

}  // namespace limbeck::kernels
