// Small products run where they are: waking a thread would cost more.
#include "kernels/column_parts.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "kernels/parallel/parallel_for.h"

namespace limbeck::kernels {

double Operations(const at::Tensor& hidden, int64_t columns) {
  return 2.0 * static_cast<double>(hidden.numel()) *
         static_cast<double>(columns);
}

void ForColumnParts(int64_t columns, double operations,
                    const std::function<void(int64_t, int64_t)>& body) {
  const double tasks = std::max(1.0, operations / kOperationsPerTask);
  const auto grain =
      static_cast<int64_t>(static_cast<double>(columns) / tasks) + 1;
  ParallelFor(0, columns, grain, [&](int64_t begin, int64_t end) {
    // Threads have a gradient mode of their own.
    const c10::AutoGradMode no_gradients(false);
    body(begin, end - begin);
  });
}

}  // namespace limbeck::kernels
