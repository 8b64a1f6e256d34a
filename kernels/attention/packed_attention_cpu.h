// Packed attention on the CPU, spread over threads.
#ifndef LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_CPU_H_
#define LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_CPU_H_

#include <cstdint>
#include <vector>

#include "kernels/attention/packed_attention_launch.h"
#include "kernels/cpu/cpu_kernels.h"

namespace limbeck::kernels {

// starts: first token of each sequence, and the total.
void RunPackedAttentionForward(const PackedAttentionForward& args,
                               const std::vector<int64_t>& starts,
                               const CpuKernels& kernels = BestCpuKernels());
void RunPackedAttentionBackward(const PackedAttentionBackward& args,
                                const std::vector<int64_t>& starts,
                                const CpuKernels& kernels = BestCpuKernels());

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ATTENTION_PACKED_ATTENTION_CPU_H_
