// The inner loops of the CPU operators, compiled once for each instruction set
// and chosen at run time.
#ifndef LIMBECK_KERNELS_CPU_CPU_KERNELS_H_
#define LIMBECK_KERNELS_CPU_CPU_KERNELS_H_

#include <cstdint>

#include "kernels/attention/packed_attention_launch.h"
#include "kernels/decode/decode_launch.h"
#include "kernels/exact_logits.h"
#include "kernels/layers/rms_norm_launch.h"
#include "kernels/layers/swiglu_launch.h"
#include "kernels/row_sweeps.h"

namespace limbeck::kernels {

// One instruction set. Ranges are half open; disjoint ranges and tasks may run
// in different threads.
struct CpuKernels {
  const char* name;
  int64_t lanes;  // floats in a vector

  RowSweeps row_sweeps;

  void (*exact_logits)(const ExactLogits&, int64_t begin, int64_t end);

  void (*rms_norm_forward)(const RmsNormForward&, int64_t begin, int64_t end);
  void (*rms_norm_backward)(const RmsNormBackward&, int64_t begin, int64_t end,
                            float* weight_grad);
  void (*swiglu_forward)(const SwiGluForward&, int64_t begin, int64_t end);
  void (*swiglu_backward)(const SwiGluBackward&, int64_t begin, int64_t end);
  void (*attention_forward)(const PackedAttentionForward&,
                            const PackedAttentionTask&, float* scratch);
  void (*attention_backward)(const PackedAttentionBackward&,
                             const PackedAttentionTask&, float* scratch);
  void (*decode_embed)(const DecodeModel&, const DecodeGroup&);
  void (*decode_keys_and_values)(const DecodeModel&, const DecodeGroup&,
                                 int64_t layer);
  void (*decode_mix)(const DecodeModel&, const DecodeGroup&, int64_t layer);
  void (*decode_final_hidden)(const DecodeModel&, const DecodeGroup&);
  void (*decode_logits)(const DecodeModel&, const DecodeGroup&);
};

// The instruction sets of this build, nullptr where the processor family has
// no such thing.
const CpuKernels* Avx512Kernels();
const CpuKernels* Avx2Kernels();
const CpuKernels* PortableKernels();

// Whether this machine can run what the functions above name.
bool MachineHasAvx512();
bool MachineHasAvx2();

// The fastest set that this machine can run.
const CpuKernels& BestCpuKernels();

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_CPU_CPU_KERNELS_H_
