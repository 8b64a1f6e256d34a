// Fills a CpuKernels with the loops of one instruction set.
#ifndef LIMBECK_KERNELS_CPU_KERNEL_TABLE_H_
#define LIMBECK_KERNELS_CPU_KERNEL_TABLE_H_

#include "kernels/attention/packed_attention_backward_lanes.h"
#include "kernels/attention/packed_attention_lanes.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/decode/decode_lanes.h"
#include "kernels/exact_logits_lanes.h"
#include "kernels/layers/rms_norm_lanes.h"
#include "kernels/layers/swiglu_lanes.h"
#include "kernels/row_sweep_loops.h"

namespace limbeck::kernels {

template <typename L>
constexpr CpuKernels MakeKernelTable(const char* name) {
  return {.name = name,
          .lanes = L::kWidth,
          .row_sweeps = MakeRowSweeps<L>(),
          .exact_logits = &ExactLogitsLanes<L>,
          .rms_norm_forward = &RmsNormForwardLanes<L>,
          .rms_norm_backward = &RmsNormBackwardLanes<L>,
          .swiglu_forward = &SwiGluForwardLanes<L>,
          .swiglu_backward = &SwiGluBackwardLanes<L>,
          .attention_forward = &PackedAttentionForwardLanes<L>,
          .attention_backward = &PackedAttentionBackwardLanes<L>,
          .decode_embed = &DecodeEmbedLanes<L>,
          .decode_keys_and_values = &DecodeKeysAndValuesLanes<L>,
          .decode_mix = &DecodeMixLanes<L>,
          .decode_final_hidden = &DecodeFinalHiddenLanes<L>,
          .decode_logits = &DecodeLogitsLanes<L>};
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_CPU_KERNEL_TABLE_H_
