#include "data/load/loader.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/random.h"
#include "data/load/bin_check.h"
#include "data/stages/artefact.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

TEST(PermuteIndex, IsAPermutationForEverySizeAndKey) {
  for (uint64_t size = 1; size <= 70; ++size) {
    for (const uint64_t key : {0u, 1u, 12345u}) {
      std::set<uint64_t> seen;
      for (uint64_t i = 0; i < size; ++i) {
        const uint64_t permuted = PermuteIndex(i, size, key);
        EXPECT_LT(permuted, size);
        seen.insert(permuted);
      }
      EXPECT_EQ(seen.size(), size);
    }
  }
}

TEST(PermuteIndex, WorksBeyondFourGigabins) {
  const uint64_t size = (uint64_t{1} << 40) + 7;
  std::set<uint64_t> seen;
  for (uint64_t i = 0; i < 1000; ++i) {
    const uint64_t permuted = PermuteIndex(size - 1 - i, size, 3);
    EXPECT_LT(permuted, size);
    seen.insert(permuted);
  }
  EXPECT_EQ(seen.size(), 1000);
}

TEST(PermuteIndex, KeysGiveDifferentOrdersWithoutStructure) {
  constexpr uint64_t kSize = 1000;
  int fixed_points = 0;
  int neighbours = 0;
  int same_as_other_key = 0;
  for (uint64_t i = 0; i + 1 < kSize; ++i) {
    const uint64_t here = PermuteIndex(i, kSize, 1);
    if (here == i) ++fixed_points;
    if (PermuteIndex(i + 1, kSize, 1) == here + 1) ++neighbours;
    if (PermuteIndex(i, kSize, 2) == here) ++same_as_other_key;
  }
  // Each is about Poisson(1) for a random permutation: P(> 8) < 2e-6.
  EXPECT_LE(fixed_points, 8);
  EXPECT_LE(neighbours, 8);
  EXPECT_LE(same_as_other_key, 8);
}

PackedBin MakeBin(uint64_t index) {
  PackedBin bin;
  bin.set_index(index);
  for (uint32_t s = 0; s < 2; ++s) {
    PackedSequence* sequence = bin.add_sequences();
    sequence->mutable_sample()->set_trace_id(absl::StrCat("t", index, ".", s));
    sequence->set_start(s * 5);
    sequence->set_length(5);
    sequence->set_output_start(3);
    LossRun* run = sequence->add_loss_runs();
    run->set_start(3);
    run->set_length(2);
  }
  for (uint32_t i = 0; i < 10; ++i) {
    bin.add_ids(static_cast<uint32_t>(index) * 100 + i);
  }
  return bin;
}

PackedSignals MakeSignals(uint64_t index) {
  PackedSignals signals;
  signals.set_bin_index(index);
  for (uint32_t s = 0; s < 2; ++s) {
    TeacherSignal* signal = signals.add_signals();
    signal->set_trace_id(absl::StrCat("t", index, ".", s));
    signal->set_num_tokens(2);
    signals.add_sequence_of_signal(s);
  }
  return signals;
}

class LoaderTest : public testing::Test {
 protected:
  // Bins dealt evenly to the partitions.
  void WriteBins(int count, int partitions, bool with_signals = false,
                 uint64_t seed = 0) {
    StageRun run;
    run.identity.name = "bins";
    run.identity.kind = "pack";
    run.identity.seed = seed;
    run.directory = directory();
    LIMBECK_ASSERT_OK(MapPartitions(
        run, partitions,
        [&](int partition, PartitionWriter& writer) -> absl::Status {
          LIMBECK_RETURN_IF_ERROR(
              writer.Touch(kBinsFile, *PackedBin::descriptor()));
          for (int i = count * partition / partitions;
               i < count * (partition + 1) / partitions; ++i) {
            const uint64_t bin = static_cast<uint64_t>(i);
            LIMBECK_RETURN_IF_ERROR(writer.Write(kBinsFile, MakeBin(bin)));
            if (!with_signals) continue;
            LIMBECK_RETURN_IF_ERROR(
                writer.Write(kSignalsFile, MakeSignals(bin)));
          }
          return absl::OkStatus();
        }));
    LIMBECK_ASSERT_OK(FinishArtefact(run));
  }

  std::string directory() const { return folder_.File("bins"); }

  std::unique_ptr<BinLoader> Open(const LoaderOptions& options = {}) {
    auto loader = BinLoader::Open(directory(), options);
    EXPECT_THAT(loader, IsOk());
    return *std::move(loader);
  }

  static std::vector<uint64_t> Indices(
      const absl::StatusOr<std::vector<LoadedBin>>& batch) {
    EXPECT_THAT(batch, IsOk());
    std::vector<uint64_t> indices;
    for (const LoadedBin& loaded : *batch) {
      indices.push_back(loaded.bin.index());
    }
    return indices;
  }

  TemporaryDirectory folder_{TemporaryPlace::kMemory};
};

TEST_F(LoaderTest, CountsBinsAndTokens) {
  WriteBins(11, 3);
  const auto loader = Open();
  EXPECT_EQ(loader->num_bins(), 11);
  EXPECT_EQ(loader->num_tokens(), 110);
  EXPECT_EQ(loader->num_loss_tokens(), 44);
  for (uint64_t i = 0; i < 11; ++i) {
    auto loaded = loader->Get(i);
    LIMBECK_ASSERT_OK(loaded);
    EXPECT_EQ(loaded->bin.index(), i);
    EXPECT_EQ(loaded->bin.ids(0), i * 100);
  }
  EXPECT_THAT(loader->Get(11), IsError(absl::StatusCode::kOutOfRange,
                                       "has 11 bins, bin 11 was asked for"));
}

TEST_F(LoaderTest, EachBinOncePerEpochInChangingOrder) {
  WriteBins(23, 2);
  const auto loader = Open();
  std::vector<std::vector<uint64_t>> epochs;
  for (int epoch = 0; epoch < 4; ++epoch) {
    const std::vector<uint64_t> order = Indices(loader->NextBatch(23));
    EXPECT_EQ(std::set<uint64_t>(order.begin(), order.end()).size(), 23);
    epochs.push_back(order);
  }
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_NE(epochs[1], epochs[2]);
}

TEST_F(LoaderTest, OrderIsTheDocumentedPermutation) {
  WriteBins(9, 1);
  LoaderOptions options;
  options.seed = 77;
  const auto loader = Open(options);
  const std::vector<uint64_t> order = Indices(loader->NextBatch(18));
  for (uint64_t position = 0; position < 18; ++position) {
    const uint64_t key =
        MixKey(MixKey(77, static_cast<uint64_t>(RandomPurpose::kEpochOrder)),
               position / 9);
    EXPECT_EQ(order[position], PermuteIndex(position % 9, 9, key));
  }
}

TEST_F(LoaderTest, AnyNumberOfRanksGivesTheSameGlobalOrder) {
  WriteBins(10, 3);
  constexpr int kGlobalBatch = 8;
  std::vector<uint64_t> expected;
  const auto single = Open();
  for (int step = 0; step < 5; ++step) {
    for (const uint64_t bin : Indices(single->NextBatch(kGlobalBatch))) {
      expected.push_back(bin);
    }
  }
  for (const int world : {2, 3, 7}) {
    std::vector<uint64_t> found(expected.size(), 999);
    for (int rank = 0; rank < world; ++rank) {
      LoaderOptions options;
      options.rank = rank;
      options.world_size = world;
      const auto loader = Open(options);
      for (int step = 0; step < 5; ++step) {
        auto batch = loader->NextBatch(kGlobalBatch);
        LIMBECK_ASSERT_OK(batch);
        for (const LoadedBin& loaded : *batch) {
          EXPECT_EQ(loaded.global_position % kGlobalBatch % world, rank);
          found[loaded.global_position] = loaded.bin.index();
        }
      }
    }
    EXPECT_EQ(found, expected) << world;
  }
}

TEST_F(LoaderTest, ResumesWithTheVeryNextBin) {
  WriteBins(13, 2);
  const auto whole = Open();
  std::vector<std::vector<uint64_t>> batches;
  for (int step = 0; step < 9; ++step) {
    batches.push_back(Indices(whole->NextBatch(4)));
  }
  for (size_t stop = 0; stop < batches.size(); ++stop) {
    const auto before = Open();
    for (size_t step = 0; step < stop; ++step) {
      LIMBECK_ASSERT_OK(before->NextBatch(4));
    }
    const LoaderState state = before->State();
    EXPECT_EQ(state.consumed_bins(), 4 * stop);
    const auto after = Open();
    LIMBECK_ASSERT_OK(after->Restore(state));
    for (size_t step = stop; step < batches.size(); ++step) {
      EXPECT_EQ(Indices(after->NextBatch(4)), batches[step]);
    }
  }
}

// Saved by one rank of two, restored by one of three.
TEST_F(LoaderTest, ResumesOnAnotherNumberOfRanks) {
  WriteBins(10, 1);
  const auto single = Open();
  LIMBECK_ASSERT_OK(single->NextBatch(6));
  const std::vector<uint64_t> expected = Indices(single->NextBatch(6));
  LoaderOptions two;
  two.rank = 1;
  two.world_size = 2;
  const auto before = Open(two);
  LIMBECK_ASSERT_OK(before->NextBatch(6));
  LoaderOptions three;
  three.rank = 2;
  three.world_size = 3;
  const auto after = Open(three);
  LIMBECK_ASSERT_OK(after->Restore(before->State()));
  EXPECT_EQ(Indices(after->NextBatch(6)),
            (std::vector<uint64_t>{expected[2], expected[5]}));
}

TEST_F(LoaderTest, ForeignStateIsRefused) {
  WriteBins(3, 1);
  const auto loader = Open();
  LoaderState state = loader->State();
  state.set_seed(5);
  EXPECT_THAT(loader->Restore(state),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "of seed 5, this run has seed 0"));
  state = loader->State();
  state.set_data_digest("abc");
  EXPECT_THAT(loader->Restore(state),
              IsError(absl::StatusCode::kFailedPrecondition, "of data abc"));
}

TEST_F(LoaderTest, SignalsComeWithTheirBin) {
  WriteBins(7, 2, /*with_signals=*/true);
  LoaderOptions options;
  options.with_signals = true;
  const auto loader = Open(options);
  auto batch = loader->NextBatch(7);
  LIMBECK_ASSERT_OK(batch);
  for (const LoadedBin& loaded : *batch) {
    EXPECT_EQ(loaded.signals.bin_index(), loaded.bin.index());
    EXPECT_EQ(loaded.signals.signals_size(), 2);
  }
  const auto without = Open();
  EXPECT_EQ(without->Get(0)->signals.signals_size(), 0);
}

TEST_F(LoaderTest, NoBinsAreAnError) {
  WriteBins(0, 2);
  EXPECT_THAT(BinLoader::Open(directory(), {}),
              IsError(absl::StatusCode::kFailedPrecondition, "holds 0 bins"));
}

TEST_F(LoaderTest, MissingSignalsAreAnError) {
  WriteBins(2, 1);
  LoaderOptions options;
  options.with_signals = true;
  EXPECT_THAT(BinLoader::Open(directory(), options),
              IsError(absl::StatusCode::kNotFound, "signals.lbk"));
}

TEST_F(LoaderTest, DamagedShardIsAnErrorAtOpen) {
  WriteBins(2, 1);
  const std::string path = JoinPath(PartitionPath(directory(), 0), kBinsFile);
  auto bytes = ReadFile(path);
  LIMBECK_ASSERT_OK(bytes);
  int refused = 0;
  int tried = 0;
  ForEachMutation(*bytes, 100, 7, [&](const std::string& damaged) {
    if (damaged == *bytes) return;
    ++tried;
    EXPECT_THAT(WriteFileAtomically(path, damaged), IsOk());
    if (!BinLoader::Open(directory(), {}).ok()) ++refused;
  });
  EXPECT_EQ(refused, tried);
}

TEST(CheckBin, FindsEachContradiction) {
  const auto error = [](auto change) {
    PackedBin bin = MakeBin(4);
    change(bin);
    return CheckBin(bin, 4, "file");
  };
  const absl::StatusCode code = absl::StatusCode::kDataLoss;
  EXPECT_THAT(error([](PackedBin&) {}), IsOk());
  EXPECT_THAT(error([](PackedBin& b) { b.set_index(5); }),
              IsError(code, "file, bin 4 says that it is bin 5"));
  EXPECT_THAT(error([](PackedBin& b) { b.add_ids(1); }),
              IsError(code, "has 11 ids, its sequences have 10"));
  EXPECT_THAT(error([](PackedBin& b) { b.mutable_sequences(1)->set_start(4); }),
              IsError(code, "sequence 1 starts at 4, expected 5"));
  EXPECT_THAT(
      error([](PackedBin& b) { b.mutable_sequences(0)->set_length(0); }),
      IsError(code, "length 0"));
  EXPECT_THAT(
      error([](PackedBin& b) { b.mutable_sequences(0)->set_output_start(6); }),
      IsError(code, "has length 5, its output starts at 6"));
  EXPECT_THAT(error([](PackedBin& b) {
                b.mutable_sequences(0)->mutable_loss_runs(0)->set_length(3);
              }),
              IsError(code, "a loss run [3, 6); it may lie in [1, 5)"));
  EXPECT_THAT(error([](PackedBin& b) {
                b.mutable_sequences(0)->mutable_loss_runs(0)->set_start(0);
              }),
              IsError(code, "a loss run [0, 2)"));
}

TEST(CheckSignals, FindsEachContradiction) {
  const auto error = [](auto change) {
    PackedSignals signals = MakeSignals(4);
    change(signals);
    return CheckSignals(MakeBin(4), signals);
  };
  const absl::StatusCode code = absl::StatusCode::kDataLoss;
  EXPECT_THAT(error([](PackedSignals&) {}), IsOk());
  EXPECT_THAT(error([](PackedSignals& s) { s.set_bin_index(1); }),
              IsError(code, "of bin 1"));
  EXPECT_THAT(error([](PackedSignals& s) { s.add_sequence_of_signal(1); }),
              IsError(code, "2 signals, but 3 sequence numbers"));
  EXPECT_THAT(error([](PackedSignals& s) { s.set_sequence_of_signal(0, 2); }),
              IsError(code, "signal 0 is of sequence 2"));
  EXPECT_THAT(error([](PackedSignals& s) {
                s.set_sequence_of_signal(0, 1);
                s.set_sequence_of_signal(1, 0);
              }),
              IsError(code, "signal 1 is of sequence 0; it may be 1 to 1"));
  EXPECT_THAT(
      error([](PackedSignals& s) { s.mutable_signals(0)->set_num_tokens(3); }),
      IsError(code, "signal 0 ends at token 6 of sequence 0, which has 5"));
}

}  // namespace
}  // namespace limbeck
