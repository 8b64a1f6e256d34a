// The MLP of a group, or its mixture of experts, for any instruction set.
#ifndef LIMBECK_KERNELS_DECODE_DECODE_MLP_LANES_H_
#define LIMBECK_KERNELS_DECODE_DECODE_MLP_LANES_H_

#include <cstdint>

#include "kernels/cpu/lanes_math.h"
#include "kernels/decode/decode_launch.h"
#include "kernels/decode/decode_workspace.h"
#include "kernels/decode/lane_linear.h"
#include "kernels/layers/expert_choice.h"
#include "kernels/layers/swiglu_lanes.h"

namespace limbeck::kernels {

// b.gate = silu(gate b.normed) * up b.normed.
template <typename L>
inline void GateLanes(const DecodeModel& model, const DecodeMlp& mlp,
                      const DecodeBuffers& b) {
  LaneLinear<L>({mlp.gate, nullptr, mlp.inner, model.hidden}, b.normed, b.gate);
  LaneLinear<L>({mlp.up, nullptr, mlp.inner, model.hidden}, b.normed, b.up);
  for (int64_t i = 0; i < mlp.inner * L::kWidth; i += L::kWidth) {
    L::Store(b.gate + i, GatedLanes<L>(L::Load(b.gate + i), L::Load(b.up + i)));
  }
}

// to += the MLP of b.normed.
template <typename L>
inline void AddMlpLanes(const DecodeModel& model, const DecodeMlp& mlp,
                        const DecodeBuffers& b, float* to) {
  GateLanes<L>(model, mlp, b);
  AddLaneLinear<L>({mlp.down, nullptr, model.hidden, mlp.inner}, b.gate, to);
}

// Fills b.chosen and b.share: each token alone.
template <typename L>
inline void ChooseLanes(const DecodeModel& model, const DecodeBlock& block,
                        const DecodeGroup& group, const DecodeBuffers& b) {
  const int64_t experts = model.choice.num_experts;
  LaneLinear<L>({block.router, nullptr, experts, model.hidden}, b.normed,
                b.scores);
  for (int64_t i = 0; i < experts * L::kWidth; i += L::kWidth) {
    L::Store(b.scores + i, SigmoidLanes<L>(L::Load(b.scores + i)));
  }
  FillZeros(b.chosen, experts * L::kWidth);
  float* scores = b.choices;
  float* weights = b.choices + experts;
  for (int64_t lane = 0; lane < group.count; ++lane) {
    ReadLane<L>(b.scores, experts, lane, scores);
    ChooseExperts(model.choice, scores, block.router_bias, group.chosen);
    WeighExperts(model.choice, scores, group.chosen, weights);
    for (int64_t i = 0; i < model.choice.num_chosen; ++i) {
      const int64_t at = group.chosen[i] * L::kWidth + lane;
      b.chosen[at] = 1.0f;
      b.share[at] = weights[i];
    }
  }
}

template <typename L>
inline bool AnyLaneChose(const DecodeGroup& group, const float* chosen) {
  for (int64_t lane = 0; lane < group.count; ++lane) {
    if (chosen[lane] != 0.0f) return true;
  }
  return false;
}

// b.hidden += the chosen experts in order, and the shared one. An expert that
// some lane chose runs for all of them; the others do not take its result, be
// it finite or not.
template <typename L>
inline void AddMixtureLanes(const DecodeModel& model, const DecodeBlock& block,
                            const DecodeGroup& group, const DecodeBuffers& b) {
  ChooseLanes<L>(model, block, group, b);
  const int64_t floats = model.hidden * L::kWidth;
  FillZeros(b.mixture, floats);
  for (int64_t e = 0; e < model.choice.num_experts; ++e) {
    const float* chosen = b.chosen + e * L::kWidth;
    if (!AnyLaneChose<L>(group, chosen)) continue;
    const DecodeMlp& mlp = block.experts[e];
    GateLanes<L>(model, mlp, b);
    LaneLinear<L>({mlp.down, nullptr, model.hidden, mlp.inner}, b.gate,
                  b.expert);
    for (int64_t lane = 0; lane < group.count; ++lane) {
      if (chosen[lane] == 0.0f) continue;
      const float share = b.share[e * L::kWidth + lane];
      for (int64_t i = lane; i < floats; i += L::kWidth) {
        b.mixture[i] += share * b.expert[i];
      }
    }
  }
  if (block.mlp.gate != nullptr) {
    AddMlpLanes<L>(model, block.mlp, b, b.mixture);
  }
  for (int64_t i = 0; i < floats; i += L::kWidth) {
    L::Store(b.hidden + i,
             L::Add(L::Load(b.hidden + i), L::Load(b.mixture + i)));
  }
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DECODE_DECODE_MLP_LANES_H_
