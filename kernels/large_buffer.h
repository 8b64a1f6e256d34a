// Memory for the large tensors of one call: chunks of logits, dW.
#ifndef LIMBECK_KERNELS_LARGE_BUFFER_H_
#define LIMBECK_KERNELS_LARGE_BUFFER_H_

#include <ATen/core/Tensor.h>

namespace limbeck::kernels {

// Uninitialised, contiguous. On the CPU the system is asked for huge pages:
// with small ones, first touching a fresh dW takes as long as its product.
at::Tensor LargeBuffer(at::IntArrayRef sizes, at::ScalarType type,
                       const at::Device& device);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LARGE_BUFFER_H_
