// The CPU operators without any special instructions: loops over short arrays
// that a compiler can vectorise for any processor.
#include <cstdint>

#include "kernels/cpu/kernel_table.h"

namespace limbeck::kernels {
namespace {

struct PortableLanes {
  static constexpr int64_t kWidth = 8;
  static constexpr int kTileRows = 4;    // rows of an attention tile
  static constexpr int kLinearRows = 4;  // outputs of a decoding tile
  struct V {
    float lane[kWidth];
  };

  template <typename Function>
  static V Each(Function function) {
    V result;
    for (int64_t i = 0; i < kWidth; ++i) result.lane[i] = function(i);
    return result;
  }
  static V Set(float value) {
    return Each([&](int64_t) { return value; });
  }
  static V Load(const float* from) {
    return Each([&](int64_t i) { return from[i]; });
  }
  static void Store(float* to, const V& value) {
    for (int64_t i = 0; i < kWidth; ++i) to[i] = value.lane[i];
  }
  // The first `count` floats, zeros behind them; count below kWidth.
  static V LoadFirst(const float* from, int64_t count) {
    return Each([&](int64_t i) { return i < count ? from[i] : 0.0f; });
  }
  static void StoreFirst(float* to, const V& value, int64_t count) {
    for (int64_t i = 0; i < count; ++i) to[i] = value.lane[i];
  }
  // The first `count` lanes of value, `fill` behind them.
  static V KeepFirst(const V& value, int64_t count, const V& fill) {
    return Each(
        [&](int64_t i) { return i < count ? value.lane[i] : fill.lane[i]; });
  }
  static V Add(const V& a, const V& b) {
    return Each([&](int64_t i) { return a.lane[i] + b.lane[i]; });
  }
  static V Sub(const V& a, const V& b) {
    return Each([&](int64_t i) { return a.lane[i] - b.lane[i]; });
  }
  static V Mul(const V& a, const V& b) {
    return Each([&](int64_t i) { return a.lane[i] * b.lane[i]; });
  }
  static V Div(const V& a, const V& b) {
    return Each([&](int64_t i) { return a.lane[i] / b.lane[i]; });
  }
  static V Sqrt(const V& a) {
    return Each([&](int64_t i) { return __builtin_sqrtf(a.lane[i]); });
  }
  // Two roundings: a fused one without hardware is a slow library call.
  static V Fma(const V& a, const V& b, const V& c) {
    return Each([&](int64_t i) { return a.lane[i] * b.lane[i] + c.lane[i]; });
  }
  static V Max(const V& a, const V& b) {
    return Each([&](int64_t i) {
      return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i];
    });
  }
  static V Min(const V& a, const V& b) {
    return Each([&](int64_t i) {
      return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i];
    });
  }
  static V Round(const V& a) {
    return Each([&](int64_t i) { return __builtin_rintf(a.lane[i]); });
  }
  // n from -126 to 127: writes the exponent's bits. NaN has none to convert.
  static V TimesPowerOfTwo(const V& a, const V& n) {
    return Each([&](int64_t i) {
      const float exponent = n.lane[i] == n.lane[i] ? n.lane[i] : 0.0f;
      const int32_t bits = (static_cast<int32_t>(exponent) + 127) << 23;
      return a.lane[i] * __builtin_bit_cast(float, bits);
    });
  }
  static float Sum(const V& a) {
    float half[4];
    for (int i = 0; i < 4; ++i) half[i] = a.lane[i] + a.lane[i + 4];
    return (half[0] + half[2]) + (half[1] + half[3]);
  }
  static float Largest(const V& a) {
    float largest = a.lane[0];
    for (int64_t i = 1; i < kWidth; ++i) {
      largest = largest > a.lane[i] ? largest : a.lane[i];
    }
    return largest;
  }
};

constexpr CpuKernels kTable = MakeKernelTable<PortableLanes>("portable");

}  // namespace

const CpuKernels* PortableKernels() { return &kTable; }

}  // namespace limbeck::kernels
