// The signatures of the loss operators as PyTorch sees them.
#ifndef LIMBECK_KERNELS_PYTHON_LOSS_SCHEMAS_H_
#define LIMBECK_KERNELS_PYTHON_LOSS_SCHEMAS_H_

#include <string>
#include <vector>

namespace limbeck::kernels {

struct LossSchema {
  std::string name;       // "linear_cross_entropy"
  std::string arguments;  // "Tensor hidden, ..., bool? check_values=None"
};

std::vector<LossSchema> LossSchemas();

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_PYTHON_LOSS_SCHEMAS_H_
