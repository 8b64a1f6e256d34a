// Reading and writing columns of a row, four at a time, in float32 or bfloat16.
#ifndef LIMBECK_KERNELS_CUDA_COLUMNS_H_
#define LIMBECK_KERNELS_CUDA_COLUMNS_H_

#include <cstdint>

#include "kernels/cuda/architecture.h"
#include "kernels/cuda/row_slices.h"
#include "kernels/row_launch.h"

namespace limbeck::kernels::cuda {

struct alignas(16) Float4 {
  float column[kVectorColumns];
};

struct alignas(8) TwoWords {
  uint32_t word[2];
};

struct Bfloat16 {
  uint16_t bits;
};

inline constexpr float kInfinity = __builtin_huge_valf();
inline constexpr uint32_t kMinusInfinityBits = 0xFF800000u;

LIMBECK_DEVICE_CODE int32_t ElementBytes(LogitType type) {
  return type == LogitType::kFloat32 ? 4 : 2;
}

LIMBECK_DEVICE_CODE float FloatOf(uint32_t bits) {
  return __builtin_bit_cast(float, bits);
}

LIMBECK_DEVICE_CODE float Widen(float value) { return value; }
LIMBECK_DEVICE_CODE float Widen(Bfloat16 value) {
  return FloatOf(static_cast<uint32_t>(value.bits) << 16);
}

// Vector `index` of cells whose vectors are aligned.
LIMBECK_DEVICE_CODE Float4 LoadVector(const float* cells, int32_t index) {
  return reinterpret_cast<const Float4*>(cells)[index];
}
LIMBECK_DEVICE_CODE Float4 LoadVector(const Bfloat16* cells, int32_t index) {
  const TwoWords packed = reinterpret_cast<const TwoWords*>(cells)[index];
  return {{FloatOf(packed.word[0] << 16), FloatOf(packed.word[0] & 0xFFFF0000u),
           FloatOf(packed.word[1] << 16),
           FloatOf(packed.word[1] & 0xFFFF0000u)}};
}

LIMBECK_DEVICE_CODE void StoreColumn(float* row, int32_t column, float value) {
  row[column] = value;
}
LIMBECK_DEVICE_CODE void StoreColumn(Bfloat16* row, int32_t column,
                                     float value) {
  row[column].bits = static_cast<uint16_t>(PackBfloat16(value, 0.0f));
}

LIMBECK_DEVICE_CODE void StoreWholeVector(float* row, int32_t column,
                                          const Float4& value) {
  *reinterpret_cast<Float4*>(row + column) = value;
}
LIMBECK_DEVICE_CODE void StoreWholeVector(Bfloat16* row, int32_t column,
                                          const Float4& value) {
  *reinterpret_cast<TwoWords*>(row + column) = {
      {PackBfloat16(value.column[0], value.column[1]),
       PackBfloat16(value.column[2], value.column[3])}};
}

// Columns [column, column + 4), column < end, as far as the row goes.
template <typename Element>
LIMBECK_DEVICE_CODE void StoreVector(Element* row, bool aligned, int32_t column,
                                     int32_t end, const Float4& value) {
  if (aligned && column + kVectorColumns <= end) {
    StoreWholeVector(row, column, value);
    return;
  }
  LIMBECK_UNROLL
  for (int i = 0; i < kVectorColumns; ++i) {
    if (column + i < end) StoreColumn(row, column + i, value.column[i]);
  }
}

// Calls function(typed pointer) with the type that `type` names.
template <typename Function>
LIMBECK_DEVICE_CODE void WithType(const void* row, LogitType type,
                                  Function function) {
  if (type == LogitType::kFloat32) {
    function(static_cast<const float*>(row));
  } else {
    function(static_cast<const Bfloat16*>(row));
  }
}
template <typename Function>
LIMBECK_DEVICE_CODE void WithType(void* row, LogitType type,
                                  Function function) {
  if (type == LogitType::kFloat32) {
    function(static_cast<float*>(row));
  } else {
    function(static_cast<Bfloat16*>(row));
  }
}

LIMBECK_DEVICE_CODE float LoadColumn(const void* row, LogitType type,
                                     int32_t column) {
  return type == LogitType::kFloat32
             ? Widen(static_cast<const float*>(row)[column])
             : Widen(static_cast<const Bfloat16*>(row)[column]);
}

// Stores the bits as they are: rounding would not keep those of a NaN. The
// lower half counts in float32 only.
LIMBECK_DEVICE_CODE void StoreBits(void* row, LogitType type, int32_t column,
                                   uint32_t bits) {
  if (type == LogitType::kFloat32) {
    static_cast<uint32_t*>(row)[column] = bits;
  } else {
    static_cast<uint16_t*>(row)[column] = static_cast<uint16_t>(bits >> 16);
  }
}

LIMBECK_DEVICE_CODE void StoreColumn(void* row, LogitType type, int32_t column,
                                     float value) {
  if (type == LogitType::kFloat32) {
    StoreColumn(static_cast<float*>(row), column, value);
  } else {
    StoreColumn(static_cast<Bfloat16*>(row), column, value);
  }
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_COLUMNS_H_
