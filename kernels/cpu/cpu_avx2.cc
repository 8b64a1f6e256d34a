// The CPU operators in AVX2 with FMA. Compiled with these switched on, so this
// file must not emit functions that others could share: it uses nothing of the
// standard library.
#include <immintrin.h>

#include <cstdint>

#include "kernels/cpu/kernel_table.h"

namespace limbeck::kernels {
namespace {

struct Avx2Lanes {
  using V = __m256;
  static constexpr int64_t kWidth = 8;
  static constexpr int kTileRows = 4;     // rows of an attention tile
  static constexpr int kLinearRows = 12;  // outputs of a decoding tile

  static __m256i First(int64_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane);
  }
  static V Set(float value) { return _mm256_set1_ps(value); }
  static V Load(const float* from) { return _mm256_loadu_ps(from); }
  static void Store(float* to, V value) { _mm256_storeu_ps(to, value); }
  // The first `count` floats, zeros behind them; count below kWidth.
  static V LoadFirst(const float* from, int64_t count) {
    return _mm256_maskload_ps(from, First(count));
  }
  static void StoreFirst(float* to, V value, int64_t count) {
    _mm256_maskstore_ps(to, First(count), value);
  }
  // The first `count` lanes of value, `fill` behind them.
  static V KeepFirst(V value, int64_t count, V fill) {
    return _mm256_blendv_ps(fill, value, _mm256_castsi256_ps(First(count)));
  }
  static V Add(V a, V b) { return _mm256_add_ps(a, b); }
  static V Sub(V a, V b) { return _mm256_sub_ps(a, b); }
  static V Mul(V a, V b) { return _mm256_mul_ps(a, b); }
  static V Div(V a, V b) { return _mm256_div_ps(a, b); }
  static V Sqrt(V a) { return _mm256_sqrt_ps(a); }
  static V Fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
  static V Max(V a, V b) { return _mm256_max_ps(a, b); }
  static V Min(V a, V b) { return _mm256_min_ps(a, b); }
  static V Round(V a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  // n from -126 to 127.
  static V TimesPowerOfTwo(V a, V n) {
    const __m256i biased =
        _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_mul_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23)));
  }
  static float Sum(V a) {
    __m128 half =
        _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
  }
  static float Largest(V a) {
    __m128 half =
        _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
  }
};

constexpr CpuKernels kTable = MakeKernelTable<Avx2Lanes>("avx2");

}  // namespace

const CpuKernels* Avx2Kernels() { return &kTable; }

}  // namespace limbeck::kernels
