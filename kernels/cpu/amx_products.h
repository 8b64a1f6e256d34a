// Products of bfloat16 matrices with float32 results on the matrix unit of
// Intel processors (AMX).
//
// A gradient comes in float32 and goes in as a sum of two bfloat16: 16 bits of
// every entry. Sums run in float32, in an order that neither threads nor the
// part of the columns change, but that of hidden_gradient.
#ifndef LIMBECK_KERNELS_CPU_AMX_PRODUCTS_H_
#define LIMBECK_KERNELS_CPU_AMX_PRODUCTS_H_

#include <cstdint>

namespace limbeck::kernels {

// [rows, columns], rows `stride` numbers apart. bfloat16 are 16-bit words.
template <typename Number>
struct MatrixPart {
  Number* data;
  int64_t rows;
  int64_t columns;
  int64_t stride;
};

// C rows, H wide, a part of the V columns.
struct AmxLogits {
  const uint16_t* hidden;  // row tiles of [C, H]
  int64_t rows;
  MatrixPart<const uint16_t> weight;  // [columns, H]
  MatrixPart<float> logits;           // [C, columns]
  bool accumulate;
  char* scratch;
};

struct AmxHiddenGradient {
  MatrixPart<const float> gradient;   // [C, columns]
  MatrixPart<const uint16_t> weight;  // [columns, H]
  MatrixPart<float> out;              // [C, H]
  char* scratch;
};

struct AmxWeightGradient {
  MatrixPart<const float> gradient;  // [C, columns]
  const uint16_t* hidden;            // pair tiles of [C, H]
  MatrixPart<float> out;             // [columns, H]
  // Receives the results, then `out` is read only; data null: none.
  MatrixPart<uint16_t> rounded;
  float scale;
  bool accumulate;  // add what out holds
  char* scratch;
};

// Memory that the functions below fill or work in, in bytes. Start it at a
// multiple of 64.
struct AmxBytes {
  static constexpr int64_t kUnit = 32;    // sizes are rounded up to this
  static constexpr int64_t kDepth = 256;  // columns of dX at a time

  static constexpr int64_t RoundUp(int64_t n) {
    return (n + kUnit - 1) / kUnit * kUnit;
  }
  static constexpr int64_t Tiles(int64_t rows, int64_t columns) {
    return RoundUp(rows) * RoundUp(columns) * 2;
  }
  static constexpr int64_t LogitsScratch(int64_t width) {
    return Tiles(kUnit, width);
  }
  static constexpr int64_t HiddenScratch(int64_t rows, int64_t width) {
    return Tiles(kDepth, width) + 2 * Tiles(rows, kDepth);
  }
  static constexpr int64_t WeightScratch(int64_t rows) {
    return 2 * Tiles(kUnit, rows);
  }
};

struct AmxProducts {
  // What the products take as `hidden`: Tiles(rows, columns) bytes.
  void (*row_tiles)(const MatrixPart<const uint16_t>&, uint16_t* tiles);
  void (*pair_tiles)(const MatrixPart<const uint16_t>&, uint16_t* tiles);

  void (*logits)(const AmxLogits&);
  void (*hidden_gradient)(const AmxHiddenGradient&);
  void (*weight_gradient)(const AmxWeightGradient&);
};

// Those of this build, for x86; and null where the machine lacks the unit.
const AmxProducts* AmxProductsOfThisBuild();
const AmxProducts* UsableAmxProducts();

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_CPU_AMX_PRODUCTS_H_
