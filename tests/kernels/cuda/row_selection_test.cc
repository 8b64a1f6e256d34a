// The selection of rows as the GPU's threads do it, one after the other.
#include "kernels/cuda/row_selection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "data/base/random.h"

namespace limbeck::kernels::cuda {
namespace {

constexpr int64_t kIgnored = -100;

struct Selected {
  std::vector<int64_t> rows;
  std::vector<float> weight;
  int64_t kept = 0;
  int64_t invalid = 0;
};

// What SelectRowsKernel does, with a loop in the place of its threads.
Selected Select(SelectRowsLaunch launch) {
  Selected result;
  result.rows.assign(static_cast<size_t>(launch.num_candidates), -7);
  result.weight.assign(static_cast<size_t>(launch.num_rows), 0.0f);
  launch.row_index = result.rows.data();
  launch.weight = result.weight.data();
  std::vector<int64_t> kept_before;
  for (int thread = 0; thread < kSelectionThreads; ++thread) {
    const CandidateCounts counts =
        CountPiece(launch, PieceOf(launch.num_candidates, thread));
    kept_before.push_back(result.kept);
    result.kept += counts.kept;
    result.invalid += counts.invalid;
  }
  // Backwards: the order of the threads must not matter.
  for (int thread = kSelectionThreads - 1; thread >= 0; --thread) {
    WritePiece(launch, PieceOf(launch.num_candidates, thread),
               kept_before[static_cast<size_t>(thread)], result.kept);
  }
  return result;
}

TEST(RowSelection, KeepsOrderAndPutsTheSkippedRowsBehind) {
  for (const int64_t rows : {1, 5, 511, 512, 513, 1025, 40000}) {
    std::vector<int32_t> target;
    std::vector<float> weight;
    std::vector<int64_t> kept;
    std::vector<int64_t> skipped;
    const uint64_t key = RandomKey(1, RandomPurpose::kTest);
    for (int64_t row = 0; row < rows; ++row) {
      const uint64_t draw = RandomBelow(4, key, static_cast<uint64_t>(row));
      target.push_back(draw == 0 ? kIgnored : 3);
      weight.push_back(draw == 1 ? 0.0f : 0.5f);
      (draw <= 1 ? skipped : kept).push_back(row);
    }
    SelectRowsLaunch launch;
    launch.num_rows = launch.num_candidates = rows;
    launch.target = target.data();
    launch.target_is_int32 = true;
    launch.ignore_index = kIgnored;
    launch.token_weight = weight.data();
    const Selected ours = Select(launch);
    EXPECT_EQ(ours.kept, static_cast<int64_t>(kept.size()));
    EXPECT_EQ(ours.invalid, 0);
    for (const int64_t row : skipped) {
      EXPECT_EQ(ours.weight[static_cast<size_t>(row)], 0.0f);
    }
    kept.insert(kept.end(), skipped.begin(), skipped.end());
    EXPECT_EQ(ours.rows, kept);
  }
}

TEST(RowSelection, DefaultWeightIsTheMeanOverKeptRows) {
  const std::vector<int64_t> target = {1, kIgnored, 2, 0, kIgnored};
  SelectRowsLaunch launch;
  launch.num_rows = launch.num_candidates = 5;
  launch.target = target.data();
  launch.ignore_index = kIgnored;
  const Selected ours = Select(launch);
  const float third = 1.0f / 3.0f;
  EXPECT_EQ(ours.weight, (std::vector<float>{third, 0, third, third, 0}));
  EXPECT_EQ(ours.rows, (std::vector<int64_t>{0, 2, 3, 1, 4}));
}

TEST(RowSelection, CandidatesThatDoNotRiseOrAreNoRowsAreInvalid) {
  const std::vector<int64_t> candidates = {1, 4, 4, 3, 6, 7, -1};
  SelectRowsLaunch launch;
  launch.num_rows = 7;
  launch.num_candidates = 7;
  launch.candidates = candidates.data();
  const Selected ours = Select(launch);
  EXPECT_EQ(ours.kept, 3);
  EXPECT_EQ(ours.invalid, 4);
  EXPECT_EQ(ours.rows, (std::vector<int64_t>{1, 4, 6, -1, -1, -1, -1}));
  EXPECT_EQ(ours.weight[2], 0.0f);
}

TEST(RowSelection, NanWeightsAreKept) {
  const std::vector<float> weight = {std::nanf(""), 0.0f};
  SelectRowsLaunch launch;
  launch.num_rows = launch.num_candidates = 2;
  launch.token_weight = weight.data();
  EXPECT_EQ(Select(launch).kept, 1);
}

TEST(RowSelection, NoRowsAtAll) {
  const Selected ours = Select({});
  EXPECT_EQ(ours.kept, 0);
  EXPECT_TRUE(ours.rows.empty());
}

}  // namespace
}  // namespace limbeck::kernels::cuda
