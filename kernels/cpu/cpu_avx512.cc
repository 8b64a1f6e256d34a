// The CPU operators in AVX-512. Compiled with that instruction set switched
// on, so this file must not emit functions that others could share: it
// uses nothing of the standard library.
#include <immintrin.h>

#include <cstdint>

#include "kernels/cpu/kernel_table.h"

namespace limbeck::kernels {
namespace {

struct Avx512Lanes {
  using V = __m512;
  static constexpr int64_t kWidth = 16;
  static constexpr int kTileRows = 8;     // rows of an attention tile
  static constexpr int kLinearRows = 16;  // outputs of a decoding tile

  static __mmask16 First(int64_t count) {
    return static_cast<__mmask16>((1u << count) - 1u);
  }
  static V Set(float value) { return _mm512_set1_ps(value); }
  static V Load(const float* from) { return _mm512_loadu_ps(from); }
  static void Store(float* to, V value) { _mm512_storeu_ps(to, value); }
  // The first `count` floats, zeros behind them; count below kWidth.
  static V LoadFirst(const float* from, int64_t count) {
    return _mm512_maskz_loadu_ps(First(count), from);
  }
  static void StoreFirst(float* to, V value, int64_t count) {
    _mm512_mask_storeu_ps(to, First(count), value);
  }
  // The first `count` lanes of value, `fill` behind them.
  static V KeepFirst(V value, int64_t count, V fill) {
    return _mm512_mask_blend_ps(First(count), fill, value);
  }
  static V Add(V a, V b) { return _mm512_add_ps(a, b); }
  static V Sub(V a, V b) { return _mm512_sub_ps(a, b); }
  static V Mul(V a, V b) { return _mm512_mul_ps(a, b); }
  static V Div(V a, V b) { return _mm512_div_ps(a, b); }
  static V Sqrt(V a) { return _mm512_sqrt_ps(a); }
  static V Fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
  static V Max(V a, V b) { return _mm512_max_ps(a, b); }
  static V Min(V a, V b) { return _mm512_min_ps(a, b); }
  static V Round(V a) {
    return _mm512_roundscale_ps(a,
                                _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static V TimesPowerOfTwo(V a, V n) { return _mm512_scalef_ps(a, n); }
  static float Sum(V a) { return _mm512_reduce_add_ps(a); }
  static float Largest(V a) { return _mm512_reduce_max_ps(a); }
};

constexpr CpuKernels kTable = MakeKernelTable<Avx512Lanes>("avx512");

}  // namespace

const CpuKernels* Avx512Kernels() { return &kTable; }

}  // namespace limbeck::kernels
