// Blocks of 32 x 32 results in four tiles. Operands are first brought into the
// order that tiles load: a sequence of 1 KiB tiles along the sum.
//
// Compiled with the unit's instructions switched on, so this file must not
// emit functions that others could share: it uses nothing of the standard
// library.
#include "kernels/cpu/amx_products.h"

#include <immintrin.h>

namespace limbeck::kernels {
namespace {

constexpr int64_t kTileRows = 16;
constexpr int64_t kTileWords = 512;  // bfloat16 in a tile, 32 a row
constexpr int64_t kRowWords = 32;
constexpr int64_t kBlock = AmxBytes::kUnit;
constexpr int64_t kRowBytes = 64;

int64_t Smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// GCC 12 declares that loading a configuration reads 8 of its 64 bytes, and
// that loading a tile reads nothing: without this it drops or delays the stores
// before them.
void FinishStores() { asm volatile("" : : : "memory"); }

// All eight tiles with 16 rows of 64 bytes, while this lives.
class TileScope {
 public:
  TileScope() {
    alignas(64) uint8_t config[64] = {1};
    for (int tile = 0; tile < 8; ++tile) {
      config[16 + 2 * tile] = kRowBytes;
      config[48 + tile] = kTileRows;
    }
    asm volatile("" : : "r"(config) : "memory");
    _tile_loadconfig(config);
  }
  ~TileScope() { _tile_release(); }
  TileScope(const TileScope&) = delete;
  TileScope& operator=(const TileScope&) = delete;
};

__mmask32 FirstWords(int64_t count) {
  return count >= 32 ? 0xffffffffu
                     : static_cast<__mmask32>((uint64_t{1} << count) - 1);
}
__mmask16 FirstLanes(int64_t count) {
  return count >= 16 ? static_cast<__mmask16>(0xffffu)
                     : static_cast<__mmask16>((1u << count) - 1u);
}

// Rows and columns of dwords change places.
void Turn(__m512i (&row)[kTileRows]) {
  __m512i pair[kTileRows];
  for (int i = 0; i < 16; i += 2) {
    pair[i] = _mm512_unpacklo_epi32(row[i], row[i + 1]);
    pair[i + 1] = _mm512_unpackhi_epi32(row[i], row[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    row[i] = _mm512_unpacklo_epi64(pair[i], pair[i + 2]);
    row[i + 1] = _mm512_unpackhi_epi64(pair[i], pair[i + 2]);
    row[i + 2] = _mm512_unpacklo_epi64(pair[i + 1], pair[i + 3]);
    row[i + 3] = _mm512_unpackhi_epi64(pair[i + 1], pair[i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    pair[i] = _mm512_shuffle_i32x4(row[i], row[i + 4], 0x88);
    pair[i + 4] = _mm512_shuffle_i32x4(row[i], row[i + 4], 0xdd);
    pair[i + 8] = _mm512_shuffle_i32x4(row[i + 8], row[i + 12], 0x88);
    pair[i + 12] = _mm512_shuffle_i32x4(row[i + 8], row[i + 12], 0xdd);
  }
  for (int i = 0; i < 4; ++i) {
    row[i] = _mm512_shuffle_i32x4(pair[i], pair[i + 8], 0x88);
    row[i + 8] = _mm512_shuffle_i32x4(pair[i], pair[i + 8], 0xdd);
    row[i + 4] = _mm512_shuffle_i32x4(pair[i + 4], pair[i + 12], 0x88);
    row[i + 12] = _mm512_shuffle_i32x4(pair[i + 4], pair[i + 12], 0xdd);
  }
}

__m512i Widened(__m256bh value) {
  return _mm512_slli_epi32(
      _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(value)), 16);
}

// value = high + low + what two bfloat16 cannot hold.
struct Halves {
  __m256bh high;
  __m256bh low;
};
Halves Split(__m512 value) {
  const __m256bh high = _mm512_cvtneps_pbh(value);
  const __m512 rest = _mm512_sub_ps(value, _mm512_castsi512_ps(Widened(high)));
  return {high, _mm512_cvtneps_pbh(rest)};
}

// Word i of `even` and of `odd` side by side.
__m512i Pairs(__m256i even, __m256i odd) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(even),
                         _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16));
}

// First operand: [tile of 16 rows][step of 32 columns][16][32].
void RowTiles(const MatrixPart<const uint16_t>& matrix, uint16_t* tiles) {
  const int64_t rows = AmxBytes::RoundUp(matrix.rows);
  const int64_t steps = AmxBytes::RoundUp(matrix.columns) / kRowWords;
  for (int64_t row = 0; row < rows; ++row) {
    uint16_t* to = tiles + row / kTileRows * steps * kTileWords +
                   row % kTileRows * kRowWords;
    const uint16_t* from = matrix.data + row * matrix.stride;
    for (int64_t step = 0; step < steps; ++step, to += kTileWords) {
      const int64_t left = matrix.columns - step * kRowWords;
      const __mmask32 mask = row < matrix.rows ? FirstWords(left) : 0;
      _mm512_store_si512(to, _mm512_maskz_loadu_epi16(mask, from + step * 32));
    }
  }
}

// Second operand whose rows are the sum: [tile of 16 columns][step of 32
// rows][16 pairs of rows][16][2].
void PairTiles(const MatrixPart<const uint16_t>& matrix, uint16_t* tiles) {
  const int64_t columns = AmxBytes::RoundUp(matrix.columns);
  const int64_t steps = AmxBytes::RoundUp(matrix.rows) / kRowWords;
  for (int64_t row = 0; row < steps * kRowWords; row += 2) {
    const uint16_t* even = matrix.data + row * matrix.stride;
    for (int64_t column = 0; column < columns; column += kTileRows) {
      const __mmask16 mask =
          FirstLanes(matrix.columns - column < 0 ? 0 : matrix.columns - column);
      const __m256i first = _mm256_maskz_loadu_epi16(
          row < matrix.rows ? mask : static_cast<__mmask16>(0), even + column);
      const __m256i second = _mm256_maskz_loadu_epi16(
          row + 1 < matrix.rows ? mask : static_cast<__mmask16>(0),
          even + matrix.stride + column);
      uint16_t* to =
          tiles + (column / kTileRows * steps + row / kRowWords) * kTileWords +
          row % kRowWords * kTileRows;
      _mm512_store_si512(to, Pairs(first, second));
    }
  }
}

// Second operand whose columns are the sum, 32 rows: [tile of 16 rows][step of
// 32 columns][16 pairs of columns][16][2].
void TurnedPairTiles(const MatrixPart<const uint16_t>& matrix,
                     uint16_t* tiles) {
  const int64_t steps = AmxBytes::RoundUp(matrix.columns) / kRowWords;
  for (int64_t first = 0; first < kBlock; first += kTileRows) {
    for (int64_t step = 0; step < steps; ++step, tiles += kTileWords) {
      const __mmask32 mask = FirstWords(matrix.columns - step * kRowWords);
      __m512i row[kTileRows];
      for (int64_t i = 0; i < kTileRows; ++i) {
        row[i] = _mm512_maskz_loadu_epi16(
            first + i < matrix.rows ? mask : 0,
            matrix.data + (first + i) * matrix.stride + step * kRowWords);
      }
      Turn(row);
      for (int64_t i = 0; i < kTileRows; ++i) {
        _mm512_store_si512(tiles + i * kRowWords, row[i]);
      }
    }
  }
}

// First operand in two parts, columns are the sum: [tile of 16 rows][step of 32
// columns][high, low][16][32].
void SplitRowTiles(const MatrixPart<const float>& matrix, uint16_t* tiles) {
  const int64_t rows = AmxBytes::RoundUp(matrix.rows);
  const int64_t steps = AmxBytes::RoundUp(matrix.columns) / kRowWords;
  for (int64_t row = 0; row < rows; ++row) {
    uint16_t* to = tiles + row / kTileRows * steps * 2 * kTileWords +
                   row % kTileRows * kRowWords;
    const float* from = matrix.data + row * matrix.stride;
    for (int64_t half = 0; half < 2 * steps; ++half) {
      const int64_t left = matrix.columns - half * 16;
      const __mmask16 mask = row < matrix.rows && left > 0
                                 ? FirstLanes(left)
                                 : static_cast<__mmask16>(0);
      const Halves parts = Split(_mm512_maskz_loadu_ps(mask, from + half * 16));
      uint16_t* place = to + half / 2 * 2 * kTileWords + half % 2 * 16;
      _mm256_store_si256(reinterpret_cast<__m256i*>(place),
                         reinterpret_cast<__m256i>(parts.high));
      _mm256_store_si256(reinterpret_cast<__m256i*>(place + kTileWords),
                         reinterpret_cast<__m256i>(parts.low));
    }
  }
}

// First operand in two parts, rows are the sum, 32 columns times `scale`:
// [tile of 16 columns][step of 32 rows][high, low][16][32].
void SplitColumnTiles(const MatrixPart<const float>& matrix, float scale,
                      uint16_t* tiles) {
  const int64_t steps = AmxBytes::RoundUp(matrix.rows) / kRowWords;
  const __m512 factor = _mm512_set1_ps(scale);
  for (int64_t column = 0; column < kBlock; column += kTileRows) {
    const int64_t left = matrix.columns - column;
    const __mmask16 mask = left > 0 ? FirstLanes(left) : 0;
    for (int64_t step = 0; step < steps; ++step, tiles += 2 * kTileWords) {
      __m512i high[kTileRows];
      __m512i low[kTileRows];
      for (int64_t pair = 0; pair < kTileRows; ++pair) {
        Halves part[2];
        for (int64_t i = 0; i < 2; ++i) {
          const int64_t row = step * kRowWords + 2 * pair + i;
          part[i] = Split(_mm512_mul_ps(
              factor, _mm512_maskz_loadu_ps(
                          row < matrix.rows ? mask : static_cast<__mmask16>(0),
                          matrix.data + row * matrix.stride + column)));
        }
        high[pair] = Pairs(reinterpret_cast<__m256i>(part[0].high),
                           reinterpret_cast<__m256i>(part[1].high));
        low[pair] = Pairs(reinterpret_cast<__m256i>(part[0].low),
                          reinterpret_cast<__m256i>(part[1].low));
      }
      Turn(high);
      Turn(low);
      for (int64_t i = 0; i < kTileRows; ++i) {
        _mm512_store_si512(tiles + i * kRowWords, high[i]);
        _mm512_store_si512(tiles + kTileWords + i * kRowWords, low[i]);
      }
    }
  }
}

// Two neighbouring sequences of tiles, `length` words apart.
struct TilePair {
  const uint16_t* data;
  int64_t length;
};

// Tiles 0 to 3 += first second. Every second tile of `first` is a low part if
// `parts` is 2.
template <int parts>
void MultiplyTiles(TilePair first, TilePair second, int64_t steps) {
  const uint16_t* a = first.data;
  const uint16_t* b = second.data;
  for (int64_t step = 0; step < steps; ++step, b += kTileWords) {
    _tile_loadd(6, b, kRowBytes);
    _tile_loadd(7, b + second.length, kRowBytes);
    for (int part = 0; part < parts; ++part, a += kTileWords) {
      _tile_loadd(4, a, kRowBytes);
      _tile_loadd(5, a + first.length, kRowBytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
}

void LoadResults(const float* from, int64_t stride) {
  const int64_t bytes = stride * int64_t{sizeof(float)};
  _tile_loadd(0, from, bytes);
  _tile_loadd(1, from + kTileRows, bytes);
  _tile_loadd(2, from + kTileRows * stride, bytes);
  _tile_loadd(3, from + kTileRows * stride + kTileRows, bytes);
}

void StoreResults(float* to, int64_t stride) {
  const int64_t bytes = stride * int64_t{sizeof(float)};
  _tile_stored(0, to, bytes);
  _tile_stored(1, to + kTileRows, bytes);
  _tile_stored(2, to + kTileRows * stride, bytes);
  _tile_stored(3, to + kTileRows * stride + kTileRows, bytes);
}

// The same, rounded, to the block of `out` that begins at (row, column).
void StoreRounded(const MatrixPart<uint16_t>& out, int64_t row,
                  int64_t column) {
  alignas(64) float results[kBlock * kBlock];
  StoreResults(results, kBlock);
  for (int64_t i = 0; i < Smaller(kBlock, out.rows - row); ++i) {
    const float* from = results + i * kBlock;
    const __m512bh words = _mm512_cvtne2ps_pbh(_mm512_load_ps(from + kTileRows),
                                               _mm512_load_ps(from));
    _mm512_mask_storeu_epi16(out.data + (row + i) * out.stride + column,
                             FirstWords(out.columns - column),
                             reinterpret_cast<__m512i>(words));
  }
}

// The block of `out` that begins at (row, column); results beyond its end are
// dropped. With `rounded` they go there.
template <int parts>
void MultiplyBlock(TilePair first, TilePair second, int64_t steps,
                   bool accumulate, const MatrixPart<float>& out, int64_t row,
                   int64_t column,
                   const MatrixPart<uint16_t>* rounded = nullptr) {
  FinishStores();
  alignas(64) float edge[kBlock * kBlock];
  float* place = out.data + row * out.stride + column;
  const int64_t rows = Smaller(kBlock, out.rows - row);
  const auto bytes = static_cast<uint64_t>(
      Smaller(kBlock, out.columns - column) * int64_t{sizeof(float)});
  const bool whole = rows == kBlock && bytes == kBlock * sizeof(float);
  if (!whole) __builtin_memset(edge, 0, sizeof(edge));
  if (accumulate) {
    for (int64_t i = 0; !whole && i < rows; ++i) {
      __builtin_memcpy(edge + i * kBlock, place + i * out.stride, bytes);
    }
    LoadResults(whole ? place : edge, whole ? out.stride : kBlock);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  MultiplyTiles<parts>(first, second, steps);
  if (rounded != nullptr) {
    StoreRounded(*rounded, row, column);
    return;
  }
  StoreResults(whole ? place : edge, whole ? out.stride : kBlock);
  for (int64_t i = 0; !whole && i < rows; ++i) {
    __builtin_memcpy(place + i * out.stride, edge + i * kBlock, bytes);
  }
}

// Asks for the rows of `matrix` that belong to step `at` of `end` steps, of
// kBlock each: its lines lie too far apart for the processor to foresee them.
template <typename Number>
void Prefetch(const MatrixPart<Number>& matrix, int64_t at, int64_t end) {
  if (matrix.rows <= 0 || matrix.columns <= 0) return;
  constexpr int64_t kLine = kRowBytes / int64_t{sizeof(Number)};
  const int64_t last = Smaller(at + kBlock, end);
  for (int64_t row = matrix.rows * at / end; row < matrix.rows * last / end;
       ++row) {
    const Number* line = matrix.data + row * matrix.stride;
    for (int64_t i = 0; i < matrix.columns; i += kLine) {
      _mm_prefetch(line + i, _MM_HINT_T1);
    }
  }
}

void Logits(const AmxLogits& problem) {
  const TileScope scope;
  const MatrixPart<const uint16_t>& weight = problem.weight;
  const int64_t steps = AmxBytes::RoundUp(weight.columns) / kRowWords;
  const int64_t length = steps * kTileWords;
  auto* const head = reinterpret_cast<uint16_t*>(problem.scratch);
  for (int64_t column = 0; column < weight.rows; column += kBlock) {
    TurnedPairTiles(
        {weight.data + column * weight.stride,
         Smaller(kBlock, weight.rows - column), weight.columns, weight.stride},
        head);
    const int64_t next = column + kBlock;
    const MatrixPart<const uint16_t> ahead = {
        weight.data + next * weight.stride, Smaller(kBlock, weight.rows - next),
        weight.columns, weight.stride};
    for (int64_t row = 0; row < problem.rows; row += kBlock) {
      Prefetch(ahead, row, problem.rows);
      MultiplyBlock<1>({problem.hidden + row / kTileRows * length, length},
                       {head, length}, steps, problem.accumulate,
                       problem.logits, row, column);
    }
  }
}

void HiddenGradient(const AmxHiddenGradient& problem) {
  constexpr int64_t kDepth = AmxBytes::kDepth;
  const TileScope scope;
  const MatrixPart<const float>& gradient = problem.gradient;
  const MatrixPart<const uint16_t>& weight = problem.weight;
  auto* const head = reinterpret_cast<uint16_t*>(problem.scratch);
  auto* const slopes = reinterpret_cast<uint16_t*>(
      problem.scratch + AmxBytes::Tiles(kDepth, weight.columns));
  for (int64_t first = 0; first < weight.rows; first += kDepth) {
    const int64_t count = Smaller(kDepth, weight.rows - first);
    const int64_t steps = AmxBytes::RoundUp(count) / kRowWords;
    const int64_t length = steps * kTileWords;
    PairTiles({weight.data + first * weight.stride, count, weight.columns,
               weight.stride},
              head);
    SplitRowTiles(
        {gradient.data + first, gradient.rows, count, gradient.stride}, slopes);
    for (int64_t column = 0; column < problem.out.columns; column += kBlock) {
      for (int64_t row = 0; row < problem.out.rows; row += kBlock) {
        MultiplyBlock<2>({slopes + row / kTileRows * 2 * length, 2 * length},
                         {head + column / kTileRows * length, length}, steps,
                         first > 0, problem.out, row, column);
      }
    }
  }
}

void WeightGradient(const AmxWeightGradient& problem) {
  const TileScope scope;
  const MatrixPart<const float>& gradient = problem.gradient;
  const int64_t steps = AmxBytes::RoundUp(gradient.rows) / kRowWords;
  const int64_t length = steps * kTileWords;
  auto* const slopes = reinterpret_cast<uint16_t*>(problem.scratch);
  for (int64_t row = 0; row < problem.out.rows; row += kBlock) {
    SplitColumnTiles({gradient.data + row, gradient.rows,
                      Smaller(kBlock, problem.out.rows - row), gradient.stride},
                     problem.scale, slopes);
    const int64_t next = row + kBlock;
    const MatrixPart<const float> ahead = {
        gradient.data + next, gradient.rows,
        Smaller(kBlock, problem.out.rows - next), gradient.stride};
    for (int64_t column = 0; column < problem.out.columns; column += kBlock) {
      Prefetch(ahead, column, problem.out.columns);
      MultiplyBlock<2>(
          {slopes, 2 * length},
          {problem.hidden + column / kTileRows * length, length}, steps,
          problem.accumulate, problem.out, row, column,
          problem.rounded.data == nullptr ? nullptr : &problem.rounded);
    }
  }
}

constexpr AmxProducts kProducts = {&RowTiles, &PairTiles, &Logits,
                                   &HiddenGradient, &WeightGradient};

}  // namespace

const AmxProducts* AmxProductsOfThisBuild() { return &kProducts; }

}  // namespace limbeck::kernels
