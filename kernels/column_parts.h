// How the CPU's products share the columns of a head among threads.
#ifndef LIMBECK_KERNELS_COLUMN_PARTS_H_
#define LIMBECK_KERNELS_COLUMN_PARTS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace limbeck::kernels {

// Less than this is not worth waking a second thread for.
inline constexpr double kOperationsPerTask = 4e6;

// With more threads than this, parts of the sum over V would take more memory
// than they gain.
inline constexpr int64_t kMostPartialSums = 4;

// Of a product of `hidden` [C, H] with that many columns.
double Operations(const at::Tensor& hidden, int64_t columns);

// Calls body(first, count) for parts of the columns, in several threads if the
// operations are worth it; none records gradients.
void ForColumnParts(int64_t columns, double operations,
                    const std::function<void(int64_t, int64_t)>& body);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_COLUMN_PARTS_H_
