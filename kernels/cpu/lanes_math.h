// Functions over vectors of floats, written once for every instruction set.
//
// L is a struct of one instruction set (see cpu_avx512.cc): vector type V,
// kWidth lanes, and the operations used below. Each lane's result depends on
// that lane alone.
#ifndef LIMBECK_KERNELS_CPU_LANES_MATH_H_
#define LIMBECK_KERNELS_CPU_LANES_MATH_H_

#include <cstdint>

namespace limbeck::kernels {

// exp to about 2 units in the last place. Below -87.3 the smallest normal
// number, above 88.3 the value there; NaN stays NaN. Reduction and polynomial
// of Cephes' expf (Moshier, netlib.org/cephes).
template <typename L>
inline typename L::V ExpLanes(typename L::V x) {
  using V = typename L::V;
  // The second operand of Max and Min survives when it is NaN.
  x = L::Max(L::Set(-87.33654f), x);
  x = L::Min(L::Set(88.37626f), x);
  const V n = L::Round(L::Mul(x, L::Set(1.44269504088896341f)));
  V r = L::Fma(n, L::Set(-0.693359375f), x);
  r = L::Fma(n, L::Set(2.12194440e-4f), r);
  V p = L::Set(1.9875691500e-4f);
  p = L::Fma(p, r, L::Set(1.3981999507e-3f));
  p = L::Fma(p, r, L::Set(8.3334519073e-3f));
  p = L::Fma(p, r, L::Set(4.1665795894e-2f));
  p = L::Fma(p, r, L::Set(1.6666665459e-1f));
  p = L::Fma(p, r, L::Set(5.0000001201e-1f));
  p = L::Fma(L::Mul(p, r), r, r);
  return L::TimesPowerOfTwo(L::Add(p, L::Set(1.0f)), n);
}

// 1 / (1 + exp(-x)).
template <typename L>
inline typename L::V SigmoidLanes(typename L::V x) {
  const typename L::V one = L::Set(1.0f);
  return L::Div(one, L::Add(one, ExpLanes<L>(L::Sub(L::Set(0.0f), x))));
}

// Static: a shared copy might carry another file's instruction set.
static inline int64_t RoundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

static inline int64_t Smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// Rows of scratch are padded to this many floats: the widest vector.
inline constexpr int64_t kScratchPadding = 16;

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_CPU_LANES_MATH_H_
