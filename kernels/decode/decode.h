// Runs tokens through a decoder with a cache, exactly: the result of a token
// depends on its sequence alone, bit by bit, not on how many tokens run with
// it, in which order, or in how many threads; and a token that is decoded
// gives the same bits as the same token in a longer prompt.
#ifndef LIMBECK_KERNELS_DECODE_DECODE_H_
#define LIMBECK_KERNELS_DECODE_DECODE_H_

#include <cstdint>
#include <vector>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/decode/decode_launch.h"

namespace limbeck::kernels {

// One token each of different cache rows; results[i] receives the logits
// [vocab] of tokens[i].
void DecodeTokens(const DecodeModel& model,
                  const std::vector<DecodeToken>& tokens,
                  const std::vector<float*>& results,
                  const CpuKernels& kernels = BestCpuKernels());

// Neighbouring tokens of one cache row, in order; `final_hidden` [hidden]
// receives the final hidden state of the last one.
void PrefillTokens(const DecodeModel& model,
                   const std::vector<DecodeToken>& tokens, float* final_hidden,
                   const CpuKernels& kernels = BestCpuKernels());

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DECODE_DECODE_H_
