#include "kernels/cuda/row_slices.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/cuda/row_plan.h"

namespace limbeck::kernels::cuda {
namespace {

// What a block of 512 threads holds in registers.
constexpr int32_t kCapacity = 20480;

void ExpectPartition(const RowSlices& slices) {
  int32_t next = 0;
  for (int rank = 0; rank < slices.cluster_size; ++rank) {
    const ColumnRange slice = slices.Slice(rank);
    ASSERT_EQ(slice.begin, next);
    ASSERT_TRUE(slice.begin % kColumnGranule == 0 || slice.size() == 0);
    ASSERT_LE(slice.size(), slices.slice_columns);
    int32_t inside = slice.begin;
    for (int tile = 0; tile < slices.num_tiles; ++tile) {
      const ColumnRange range = slices.Tile(rank, tile);
      ASSERT_EQ(range.begin, inside);
      ASSERT_TRUE(range.begin % kColumnGranule == 0 || range.size() == 0);
      ASSERT_LE(range.size(), slices.tile_columns);
      inside = range.end;
    }
    ASSERT_EQ(inside, slice.end);
    if (slice.size() > 0) {
      ASSERT_EQ(slices.Owner(slice.begin), rank);
      ASSERT_EQ(slices.Owner(slice.end - 1), rank);
    }
    next = slice.end;
  }
  ASSERT_EQ(next, slices.num_columns);
}

TEST(RowSlices, EveryColumnHasOnePlace) {
  std::vector<int32_t> widths;
  for (int32_t columns = 1; columns < 400; ++columns) widths.push_back(columns);
  for (const int32_t columns :
       {20479, 20480, 20481, 32000, 40961, 128256, 151936, 152064, 163840,
        163841, 262144, 327680, 327681, 1000003}) {
    widths.push_back(columns);
  }
  for (const int32_t columns : widths) {
    for (const int cluster : {1, 8, 16}) {
      const RowSlices slices = CutRow(columns, kCapacity, cluster);
      SCOPED_TRACE(columns);
      ExpectPartition(slices);
      EXPECT_LE(slices.tile_columns, kCapacity);
      EXPECT_TRUE(slices.num_tiles == 1 || slices.cluster_size == 1);
    }
  }
}

TEST(RowSlices, KnownVocabularies) {
  EXPECT_EQ(CutRow(20480, kCapacity, 16).cluster_size, 1);
  EXPECT_EQ(CutRow(32000, kCapacity, 16).cluster_size, 2);
  EXPECT_EQ(CutRow(128256, kCapacity, 16).cluster_size, 8);
  EXPECT_EQ(CutRow(151936, kCapacity, 16).slice_columns, 18992);
  EXPECT_EQ(CutRow(163840, kCapacity, 16).cluster_size, 8);
  EXPECT_EQ(CutRow(262144, kCapacity, 16).cluster_size, 16);
  EXPECT_EQ(CutRow(262144, kCapacity, 8).num_tiles, 13);
}

TEST(RowSlices, BulkCopiesAreWholeUnits) {
  for (int32_t columns = 0; columns < 100; ++columns) {
    for (const int32_t bytes : {2, 4}) {
      const int32_t bulk = BulkColumns(columns, bytes);
      EXPECT_EQ(bulk * bytes % 16, 0);
      EXPECT_LE(bulk, columns);
      EXPECT_LT((columns - bulk) * bytes, 16);
    }
  }
}

// The gradient in bfloat16 lies over the first half of a float32 row. Walking
// tiles in order, what is written never reaches what is yet to be read.
TEST(RowSlices, GradientInsideLogitsStaysBehindTheReading) {
  const RowSlices slices = CutRow(1000003, kCapacity, 1);
  for (int tile = 0; tile + 1 < slices.num_tiles; ++tile) {
    const int64_t written_to = 2 * int64_t{slices.Tile(0, tile).end};
    const int64_t read_from = 4 * int64_t{slices.Tile(0, tile + 1).begin};
    EXPECT_LE(written_to, read_from);
  }
}

TEST(RowPlan, FitsSharedMemory) {
  float anywhere[4] = {};
  for (const int64_t shared : {int64_t{232448}, int64_t{166912}}) {
    for (const int64_t columns : {67, 32000, 151936, 1000003}) {
      for (const LogitType type : {LogitType::kFloat32, LogitType::kBfloat16}) {
        for (const bool with_teacher : {false, true}) {
          RowLaunch rows;
          rows.logits = {anywhere, type, columns};
          if (with_teacher) rows.teacher = {anywhere, type, columns};
          rows.num_columns = columns;
          const PipeShape shape =
              PlanRows(rows, {34000, kCapacity, 2, 3}, {shared, 8});
          EXPECT_GE(shape.stages, 1);
          EXPECT_LE(shape.StateOffset() + 34000, shared);
          EXPECT_LE(BulkColumns(shape.slices.tile_columns, BytesOf(type)) *
                        BytesOf(type),
                    shape.student_bytes);
        }
      }
    }
  }
}

TEST(RowPlan, TwoStagesWhereTheyFit) {
  RowLaunch rows;
  rows.logits = {nullptr, LogitType::kFloat32, 151936};
  float anywhere[4] = {};
  rows.logits.data = anywhere;
  rows.num_columns = 151936;
  EXPECT_EQ(PlanRows(rows, {2000, kCapacity, 2, 2}, {232448, 8}).stages, 2);
  rows.teacher = rows.logits;
  EXPECT_EQ(PlanRows(rows, {2000, kCapacity, 2, 2}, {232448, 8}).stages, 1);
}

}  // namespace
}  // namespace limbeck::kernels::cuda
