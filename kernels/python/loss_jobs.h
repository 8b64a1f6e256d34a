// Turns a dispatched call into a job for the chunk driver.
#ifndef LIMBECK_KERNELS_PYTHON_LOSS_JOBS_H_
#define LIMBECK_KERNELS_PYTHON_LOSS_JOBS_H_

#include "kernels/chunk_driver.h"
#include "kernels/python/named_arguments.h"

namespace limbeck::kernels {

LossJob JobOf(const NamedArguments& arguments);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_PYTHON_LOSS_JOBS_H_
