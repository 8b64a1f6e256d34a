// The signatures of the losses of sampled tokens and of a cached teacher as
// PyTorch sees them: arguments only, as LossSchema::arguments.
#ifndef LIMBECK_KERNELS_PYTHON_POLICY_SCHEMAS_H_
#define LIMBECK_KERNELS_PYTHON_POLICY_SCHEMAS_H_

#include <string>

namespace limbeck::kernels {

std::string PolicyLossArguments();
std::string CachedDistillationArguments();
std::string LogprobArgumentList();

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_PYTHON_POLICY_SCHEMAS_H_
