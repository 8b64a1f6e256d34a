// The one place where GPU code and its emulation on the host differ: what an
// architecture has, and the instructions that C++ has no name for.
//
// Errors as NVIDIA states them: ex2.approx 2^-22 relative, lg2.approx 2^-22
// absolute near 1, rcp.approx 1 ulp. On the host the exact functions are
// perturbed by as much, so that tests see what the GPU may do.
#ifndef LIMBECK_KERNELS_CUDA_ARCHITECTURE_H_
#define LIMBECK_KERNELS_CUDA_ARCHITECTURE_H_

#include <bit>
#include <cmath>
#include <cstdint>

#ifdef __CUDACC__
#define LIMBECK_DEVICE_CODE __device__ __forceinline__
#define LIMBECK_UNROLL _Pragma("unroll")
#define LIMBECK_UNROLL_4 _Pragma("unroll 4")
#define LIMBECK_NO_UNROLL _Pragma("unroll 1")
#else
#define LIMBECK_DEVICE_CODE inline
#define LIMBECK_UNROLL
#define LIMBECK_UNROLL_4
#define LIMBECK_NO_UNROLL
#endif

namespace limbeck::kernels::cuda {

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
inline constexpr bool kArchitectureHasClusters = true;
#else
inline constexpr bool kArchitectureHasClusters = false;
#endif

#ifdef __CUDA_ARCH__

LIMBECK_DEVICE_CODE float Exp2Approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

LIMBECK_DEVICE_CODE float Log2Approx(float x) {
  float y;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

LIMBECK_DEVICE_CODE float ReciprocalApprox(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// Two bfloat16, `low` in the low half, rounded to nearest even.
LIMBECK_DEVICE_CODE uint32_t PackBfloat16(float low, float high) {
  uint32_t packed;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  return packed;
}

#else

// In [-1, 1], a pure function of x.
inline float HostNoise(float x) {
  const uint32_t mixed =
      (std::bit_cast<uint32_t>(x) ^ 0x9E3779B9u) * 0x85EBCA6Bu;
  return static_cast<float>(static_cast<int32_t>(mixed ^ mixed >> 13)) *
         0x1p-31f;
}

inline float Exp2Approx(float x) {
  const float y = std::exp2(x);
  return y < 0x1p-126f ? 0.0f : y + y * HostNoise(x) * 0x1p-22f;
}

inline float Log2Approx(float x) {
  return std::log2(x) + HostNoise(x) * 0x1p-22f;
}

inline float ReciprocalApprox(float x) {
  const float y = 1.0f / x;
  return y + y * HostNoise(x) * 0x1p-23f;
}

inline uint32_t RoundToBfloat16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if (value != value) return 0x7FFFu;
  return (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
}

inline uint32_t PackBfloat16(float low, float high) {
  return RoundToBfloat16(low) | RoundToBfloat16(high) << 16;
}

#endif

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_ARCHITECTURE_H_
