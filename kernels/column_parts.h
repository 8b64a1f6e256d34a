// How the CPU's products share the columns of a head among threads.
#ifndef LIMBECK_KERNELS_COLUMN_PARTS_H_
#define LIMBECK_KERNELS_COLUMN_PARTS_H_

#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cstdint>

#include "kernels/parallel/parallel_for.h"

namespace limbeck::kernels {

// Less than this is not worth waking a second thread for.
inline constexpr double kOperationsPerTask = 4e6;

// With more threads than this, parts of the sum over V would take more memory
// than they gain.
inline constexpr int64_t kMostPartialSums = 4;

// Of a product of `hidden` [C, H] with that many columns.
inline double Operations(const at::Tensor& hidden, int64_t columns) {
  return 2.0 * static_cast<double>(hidden.numel()) *
         static_cast<double>(columns);
}

// Calls body(first, count) for parts of the columns, in several threads if the
// operations are worth it. Threads have a gradient mode of their own.
template <typename Body>
void ForColumnParts(int64_t columns, double operations, const Body& body) {
  const double tasks = std::max(1.0, operations / kOperationsPerTask);
  const auto grain =
      static_cast<int64_t>(static_cast<double>(columns) / tasks) + 1;
  ParallelFor(0, columns, grain, [&](int64_t begin, int64_t end) {
    const c10::AutoGradMode no_gradients(false);
    body(begin, end - begin);
  });
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_COLUMN_PARTS_H_
