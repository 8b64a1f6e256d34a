// Turns dispatched calls into those of the C++ operators.
#ifndef LIMBECK_KERNELS_PYTHON_POLICY_CALLS_H_
#define LIMBECK_KERNELS_PYTHON_POLICY_CALLS_H_

#include "kernels/chunk_driver.h"
#include "kernels/logprob_passes.h"
#include "kernels/policy_job.h"
#include "kernels/python/named_arguments.h"

namespace limbeck::kernels {

PolicyJob PolicyJobOf(const NamedArguments& call);
LossJob CachedJobOf(const NamedArguments& call);
LogprobArguments LogprobArgumentsOf(const NamedArguments& call);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_PYTHON_POLICY_CALLS_H_
