// Several linear layers on the same input as one matrix product.
#ifndef LIMBECK_KERNELS_LAYERS_LINEAR_BUNDLE_H_
#define LIMBECK_KERNELS_LAYERS_LINEAR_BUNDLE_H_

#include <ATen/core/Tensor.h>

#include <vector>

namespace limbeck::kernels {

// x [N, H], weights [O_i, H], biases [O_i] (none, or one for each weight) ->
// the results side by side [N, sum of O_i]. Where the weights lie one behind
// the other in memory, they are used in place as one matrix; otherwise they
// are concatenated. Differentiable in x, weights and biases.
at::Tensor LinearBundle(const at::Tensor& x,
                        const std::vector<at::Tensor>& weights,
                        const std::vector<at::Tensor>& biases);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LAYERS_LINEAR_BUNDLE_H_
