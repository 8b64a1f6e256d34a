// SwiGLU over rows, for any instruction set.
#ifndef LIMBECK_KERNELS_LAYERS_SWIGLU_LANES_H_
#define LIMBECK_KERNELS_LAYERS_SWIGLU_LANES_H_

#include <cstdint>

#include "kernels/cpu/lanes_math.h"
#include "kernels/layers/swiglu_launch.h"

namespace limbeck::kernels {

template <typename L>
inline typename L::V GatedLanes(typename L::V gate, typename L::V up) {
  return L::Mul(L::Mul(gate, SigmoidLanes<L>(gate)), up);
}

template <typename L>
void SwiGluForwardLanes(const SwiGluForward& args, int64_t begin, int64_t end) {
  const int64_t inner = args.inner;
  for (int64_t n = begin; n < end; ++n) {
    const float* gate = args.gate_up + n * 2 * inner;
    const float* up = gate + inner;
    float* y = args.y + n * inner;
    int64_t i = 0;
    for (; i + L::kWidth <= inner; i += L::kWidth) {
      L::Store(y + i, GatedLanes<L>(L::Load(gate + i), L::Load(up + i)));
    }
    if (i < inner) {
      const int64_t rest = inner - i;
      L::StoreFirst(y + i,
                    GatedLanes<L>(L::LoadFirst(gate + i, rest),
                                  L::LoadFirst(up + i, rest)),
                    rest);
    }
  }
}

template <typename L>
struct GatedGradient {
  typename L::V gate;
  typename L::V up;
};

// silu'(g) = s (1 + g (1 - s)), s = sigmoid(g).
template <typename L>
inline GatedGradient<L> GatedGradientLanes(typename L::V gate, typename L::V up,
                                           typename L::V y_grad) {
  using V = typename L::V;
  const V one = L::Set(1.0f);
  const V sigmoid = SigmoidLanes<L>(gate);
  const V slope = L::Mul(sigmoid, L::Fma(gate, L::Sub(one, sigmoid), one));
  return {L::Mul(L::Mul(y_grad, up), slope),
          L::Mul(y_grad, L::Mul(gate, sigmoid))};
}

template <typename L>
void SwiGluBackwardLanes(const SwiGluBackward& args, int64_t begin,
                         int64_t end) {
  const int64_t inner = args.inner;
  for (int64_t n = begin; n < end; ++n) {
    const float* gate = args.gate_up + n * 2 * inner;
    const float* up = gate + inner;
    const float* y_grad = args.y_grad + n * inner;
    float* gate_grad = args.gate_up_grad + n * 2 * inner;
    float* up_grad = gate_grad + inner;
    int64_t i = 0;
    for (; i + L::kWidth <= inner; i += L::kWidth) {
      const GatedGradient<L> gradient = GatedGradientLanes<L>(
          L::Load(gate + i), L::Load(up + i), L::Load(y_grad + i));
      L::Store(gate_grad + i, gradient.gate);
      L::Store(up_grad + i, gradient.up);
    }
    if (i < inner) {
      const int64_t rest = inner - i;
      const GatedGradient<L> gradient = GatedGradientLanes<L>(
          L::LoadFirst(gate + i, rest), L::LoadFirst(up + i, rest),
          L::LoadFirst(y_grad + i, rest));
      L::StoreFirst(gate_grad + i, gradient.gate, rest);
      L::StoreFirst(up_grad + i, gradient.up, rest);
    }
  }
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LAYERS_SWIGLU_LANES_H_
