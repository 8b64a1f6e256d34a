// What the memory tests measure with.
#ifndef LIMBECK_TESTS_KERNELS_PEAK_METER_H_
#define LIMBECK_TESTS_KERNELS_PEAK_METER_H_

#include <cstdint>
#include <functional>

namespace limbeck::kernels {

// Most bytes that `call` held at once in LibTorch's memory, on the CPU and the
// GPU, beyond what was there before; allocations of this thread only.
int64_t PeakBytesOf(const std::function<void()>& call);

}  // namespace limbeck::kernels

#endif  // LIMBECK_TESTS_KERNELS_PEAK_METER_H_
