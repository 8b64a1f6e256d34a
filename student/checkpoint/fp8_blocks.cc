// Decodes float8 matrices with block factors.
#include "student/checkpoint/fp8_blocks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace limbeck {
namespace {

// Sign, 4 bits of exponent with bias 7, 3 of mantissa; subnormals below 2^-6.
std::array<float, 256> MakeValues() {
  std::array<float, 256> values;
  for (int code = 0; code < 256; ++code) {
    const int exponent = (code >> 3) & 15;
    const int mantissa = code & 7;
    float value = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -9)
                                : std::ldexp(static_cast<float>(8 + mantissa),
                                             exponent - 10);
    if ((code & 0x7F) == 0x7F) value = std::numeric_limits<float>::quiet_NaN();
    values[static_cast<size_t>(code)] = code < 128 ? value : -value;
  }
  return values;
}

float FactorAt(const Fp8Matrix& matrix, int64_t row, int64_t column) {
  const int64_t index = row / matrix.block.rows * matrix.FactorColumns() +
                        column / matrix.block.columns;
  float factor;
  std::memcpy(&factor, matrix.factors + index * int64_t{sizeof(float)},
              sizeof(float));
  return factor;
}

}  // namespace

const std::array<float, 256>& E4m3Values() {
  static const std::array<float, 256> values = MakeValues();
  return values;
}

int64_t DecodeFp8(const Fp8Matrix& matrix, int64_t first, int64_t count,
                  float* out) {
  const std::array<float, 256>& values = E4m3Values();
  int64_t i = first;
  while (i < first + count) {
    // To the end of the block, of the row or of what is asked for.
    const int64_t row = i / matrix.columns;
    const int64_t column = i % matrix.columns;
    const int64_t block_end =
        (column / matrix.block.columns + 1) * matrix.block.columns;
    const int64_t length = std::min(
        {block_end - column, matrix.columns - column, first + count - i});
    const float factor = FactorAt(matrix, row, column);
    // A sum of zeros unless something is not finite.
    float check = 0.0f;
    for (int64_t j = 0; j < length; ++j) {
      const float value = values[matrix.codes[i + j]] * factor;
      out[i - first + j] = value;
      check += value * 0.0f;
    }
    if (!(check == 0.0f)) {
      for (int64_t j = 0; j < length; ++j) {
        if (!std::isfinite(out[i - first + j])) return i + j;
      }
    }
    i += length;
  }
  return -1;
}

}  // namespace limbeck
