// Matrices of float8 e4m3 with one factor for each block, as DeepSeek-V3
// stores them (arXiv:2412.19437, section 3.3; model card, "FP8 weights").
#ifndef LIMBECK_STUDENT_CHECKPOINT_FP8_BLOCKS_H_
#define LIMBECK_STUDENT_CHECKPOINT_FP8_BLOCKS_H_

#include <array>
#include <cstdint>

#include "student/config/config.h"

namespace limbeck {

// The 256 values of e4m3 ("fn": no infinities; 0x7F and 0xFF are NaN).
const std::array<float, 256>& E4m3Values();

// A matrix and its factors in memory.
struct Fp8Matrix {
  const uint8_t* codes = nullptr;  // [rows, columns]
  int64_t rows = 0;
  int64_t columns = 0;
  // Float32 [ceil(rows / block), ceil(columns / block)], bytes of any
  // alignment.
  const char* factors = nullptr;
  Fp8Blocks block;

  int64_t FactorRows() const { return (rows + block.rows - 1) / block.rows; }
  int64_t FactorColumns() const {
    return (columns + block.columns - 1) / block.columns;
  }
};

// Elements [first, first + count) in row-major order: out[i] = value * factor,
// one float32 product. Returns the first element that is not finite, or -1.
int64_t DecodeFp8(const Fp8Matrix& matrix, int64_t first, int64_t count,
                  float* out);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_FP8_BLOCKS_H_
