// The part that both cross entropy operators share.
#ifndef LIMBECK_KERNELS_CROSS_ENTROPY_JOB_H_
#define LIMBECK_KERNELS_CROSS_ENTROPY_JOB_H_

#include <ATen/core/Tensor.h>

#include "kernels/chunk_driver.h"
#include "kernels/loss_inputs.h"
#include "kernels/loss_options.h"
#include "kernels/shape_check.h"

namespace limbeck::kernels {

// student was checked; checks the rest.
LossJob CrossEntropyJob(ShapeCheck& check, const LogitSource& student,
                        const at::Tensor& target,
                        const CrossEntropyOptions& options,
                        const LogitOptions& rows);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_CROSS_ENTROPY_JOB_H_
