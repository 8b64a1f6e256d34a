// How a row is cut: one slice for each block of a cluster, and each slice into
// tiles that fit in shared memory. Index arithmetic only, for host and device;
// columns of one row count in 32 bits.
#ifndef LIMBECK_KERNELS_CUDA_ROW_SLICES_H_
#define LIMBECK_KERNELS_CUDA_ROW_SLICES_H_

#include <cstdint>

#include "data/base/random.h"

namespace limbeck::kernels::cuda {

// Columns of slices and tiles are multiples of this: 16 bytes of bfloat16.
inline constexpr int32_t kColumnGranule = 8;
// A vector of columns is what a thread handles at once.
inline constexpr int32_t kVectorColumns = 4;

struct ColumnRange {
  int32_t begin;
  int32_t end;

  LIMBECK_HOST_DEVICE constexpr int32_t size() const { return end - begin; }
};

LIMBECK_HOST_DEVICE constexpr int32_t CeilDivide(int32_t a, int32_t b) {
  return (a + b - 1) / b;
}
LIMBECK_HOST_DEVICE constexpr int32_t RoundUp(int32_t a, int32_t granule) {
  return CeilDivide(a, granule) * granule;
}
LIMBECK_HOST_DEVICE constexpr int32_t Smaller(int32_t a, int32_t b) {
  return a < b ? a : b;
}

struct RowSlices {
  int32_t num_columns = 0;
  int32_t slice_columns = 0;  // of every block of the cluster but the last
  int32_t tile_columns = 0;
  int32_t cluster_size = 1;
  int32_t num_tiles = 1;  // of every slice

  // A slice, possibly empty, of block `rank`.
  LIMBECK_HOST_DEVICE constexpr ColumnRange Slice(int rank) const {
    const int32_t begin = Smaller(num_columns, rank * slice_columns);
    return {begin, Smaller(num_columns, begin + slice_columns)};
  }
  LIMBECK_HOST_DEVICE constexpr ColumnRange Tile(int rank, int tile) const {
    const ColumnRange slice = Slice(rank);
    const int32_t begin = Smaller(slice.end, slice.begin + tile * tile_columns);
    return {begin, Smaller(slice.end, begin + tile_columns)};
  }
  // The block whose slice holds `column`.
  LIMBECK_HOST_DEVICE constexpr int Owner(int32_t column) const {
    return static_cast<int>(column / slice_columns);
  }
};

// The smallest cluster, a power of two up to `largest_cluster`, whose slices
// have at most `capacity` columns; beyond that one block and several tiles.
// With several tiles a row must have one block: its gradient may lie over
// logits that another block has yet to read again.
constexpr RowSlices CutRow(int32_t num_columns, int32_t capacity,
                           int largest_cluster) {
  RowSlices slices;
  slices.num_columns = num_columns;
  for (int size = 1; size <= largest_cluster; size *= 2) {
    const int32_t slice =
        RoundUp(CeilDivide(num_columns, size), kColumnGranule);
    if (slice > capacity) continue;
    slices.cluster_size = size;
    slices.slice_columns = slices.tile_columns = slice;
    return slices;
  }
  slices.slice_columns = RoundUp(num_columns, kColumnGranule);
  slices.tile_columns = capacity / kColumnGranule * kColumnGranule;
  slices.num_tiles = static_cast<int32_t>(
      CeilDivide(slices.slice_columns, slices.tile_columns));
  return slices;
}

// Of `columns` columns, those that whole 16-byte units hold.
LIMBECK_HOST_DEVICE constexpr int32_t BulkColumns(int32_t columns,
                                                  int32_t element_bytes) {
  return columns * element_bytes / 16 * 16 / element_bytes;
}

// The part of `total` items that block `rank` of `size` takes.
LIMBECK_HOST_DEVICE constexpr ColumnRange Share(int32_t total, int rank,
                                                int size) {
  const int32_t each = RoundUp(CeilDivide(total, size), kColumnGranule);
  const int32_t begin = Smaller(total, rank * each);
  return {begin, Smaller(total, begin + each)};
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_ROW_SLICES_H_
