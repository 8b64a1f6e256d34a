// A hint to the system: where it cannot follow, nothing changes but the time.
#include "kernels/large_buffer.h"

#include <ATen/ATen.h>
#include <sys/mman.h>

#include <cstdint>

namespace limbeck::kernels {
namespace {

constexpr uintptr_t kHugePage = uintptr_t{2} << 20;

void AskForHugePages(const at::Tensor& tensor) {
  const auto begin = reinterpret_cast<uintptr_t>(tensor.const_data_ptr());
  const uintptr_t end = begin + tensor.nbytes();
  const uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t last = end / kHugePage * kHugePage;
  if (first >= last) return;
  // Failure leaves small pages, which work as well.
  madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

}  // namespace

at::Tensor LargeBuffer(at::IntArrayRef sizes, at::ScalarType type,
                       const at::Device& device) {
  const at::Tensor buffer =
      at::empty(sizes, at::TensorOptions().dtype(type).device(device));
  if (device.is_cpu()) AskForHugePages(buffer);
  return buffer;
}

}  // namespace limbeck::kernels
