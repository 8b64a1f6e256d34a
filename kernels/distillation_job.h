// The part that the four distillation operators share.
#ifndef LIMBECK_KERNELS_DISTILLATION_JOB_H_
#define LIMBECK_KERNELS_DISTILLATION_JOB_H_

#include <ATen/core/Tensor.h>

#include "kernels/chunk_driver.h"
#include "kernels/loss_inputs.h"
#include "kernels/loss_options.h"
#include "kernels/shape_check.h"

namespace limbeck::kernels {

// Both sources were checked; checks the rest.
LossJob DenseJob(ShapeCheck& check, const LogitSource& student,
                 const LogitSource& teacher, const at::Tensor& target,
                 const DistillationOptions& options, const LogitOptions& rows);

// student was checked; checks the rest.
LossJob TopKJob(ShapeCheck& check, const LogitSource& student,
                const TopKTeacher& teacher, const at::Tensor& target,
                const DistillationOptions& options, const LogitOptions& rows);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DISTILLATION_JOB_H_
