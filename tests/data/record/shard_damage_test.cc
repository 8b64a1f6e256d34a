// Damaged shards: nothing is misread, and recovery saves what is whole.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/record/shard.h"
#include "data/record/shard_block.h"
#include "data/record/shard_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/record/shard_samples.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr uint64_t kRecords = 12;

class ShardDamage : public ::testing::Test {
 protected:
  void SetUp() override {
    LIMBECK_ASSERT_OK(WriteSampleShard(path_, kRecords, 5));
    bytes_ = BytesOf(path_);
    LIMBECK_ASSERT_OK_AND_ASSIGN(LocatedTrailer located, DecodeTrailer(bytes_));
    blocks_ = located.trailer.blocks;
    trailer_offset_ = located.offset;
    header_bytes_ = located.trailer.header_bytes;
    ASSERT_GE(blocks_.size(), 3);
  }

  uint64_t EndOfBlock(size_t block) const {
    return block + 1 < blocks_.size() ? blocks_[block + 1].offset
                                      : trailer_offset_;
  }
  std::string BlockBytes(size_t block) const {
    return bytes_.substr(blocks_[block].offset,
                         EndOfBlock(block) - blocks_[block].offset);
  }
  uint64_t EndOfRecords(size_t block) const {
    return block + 1 < blocks_.size() ? blocks_[block + 1].first_record
                                      : kRecords;
  }

  absl::StatusOr<std::vector<uint64_t>> ReadDamaged(const std::string& bytes) {
    WriteQuickly(path_, bytes);
    return ReadSampleShard(path_);
  }

  // Recovers `bytes` and returns the saved records; `report_` has the rest.
  absl::StatusOr<std::vector<uint64_t>> Recover(const std::string& bytes) {
    WriteQuickly(path_, bytes);
    LIMBECK_RETURN_IF_ERROR(RemoveTree(recovered_));
    LIMBECK_ASSIGN_OR_RETURN(report_, RecoverShard(path_, recovered_));
    absl::StatusOr<std::vector<uint64_t>> saved = ReadSampleShard(recovered_);
    if (saved.ok()) {
      EXPECT_EQ(saved->size(), report_.records);
    }
    return saved;
  }

  // All records but those of block `damaged`.
  std::vector<uint64_t> AllBut(size_t damaged) const {
    std::vector<uint64_t> numbers;
    for (uint64_t i = 0; i < kRecords; ++i) {
      const bool lost =
          i >= blocks_[damaged].first_record && i < EndOfRecords(damaged);
      if (!lost) numbers.push_back(i);
    }
    return numbers;
  }

  const TemporaryDirectory directory_{TemporaryPlace::kMemory};
  const std::string path_ = directory_.File("a.lbk");
  const std::string recovered_ = directory_.File("b.lbk");
  std::string bytes_;
  std::vector<BlockPosition> blocks_;
  uint64_t trailer_offset_ = 0;
  std::string header_bytes_;
  RecoveryReport report_;
};

TEST_F(ShardDamage, EveryCutIsFound) {
  ForEachCut(bytes_, [&](const std::string& cut, size_t size) {
    EXPECT_THAT(ReadDamaged(cut), IsError(absl::StatusCode::kDataLoss, path_))
        << size;
  });
}

TEST_F(ShardDamage, EveryFlippedBitIsFound) {
  ForEachBitFlip(bytes_, [&](const std::string& flipped, size_t bit) {
    EXPECT_THAT(ReadDamaged(flipped), Not(IsOk())) << bit;
  });
}

TEST_F(ShardDamage, ErrorsNameBlockByteAndRemedy) {
  std::string damaged = bytes_;
  damaged[EndOfBlock(1) - 1] ^= 1;
  WriteQuickly(path_, damaged);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader, ShardReader::Open(path_));
  Span span;
  const absl::Status status = reader->Read(blocks_[1].first_record, &span);
  EXPECT_THAT(status,
              IsError(absl::StatusCode::kDataLoss,
                      absl::StrCat("block 1 at byte ", blocks_[1].offset)));
  EXPECT_THAT(std::string(status.message()), HasSubstr("payload's checksum"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("remove the artefact's folder"));
  // Other blocks stay readable.
  LIMBECK_EXPECT_OK(reader->Read(0, &span));
  LIMBECK_EXPECT_OK(reader->Read(kRecords - 1, &span));
}

TEST_F(ShardDamage, MissingEndNamesTheRemedy) {
  const absl::Status status =
      ReadDamaged(bytes_.substr(0, bytes_.size() - 1)).status();
  EXPECT_THAT(status, IsError(absl::StatusCode::kDataLoss,
                              "remove the artefact's folder"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("never finished"));
}

TEST_F(ShardDamage, OtherFilesAreNamedAsSuch) {
  EXPECT_THAT(ReadDamaged(""),
              IsError(absl::StatusCode::kDataLoss, "another kind of file"));
  EXPECT_THAT(ReadDamaged("{\"id\": 1}\n"),
              IsError(absl::StatusCode::kDataLoss, "another kind of file"));
  EXPECT_THAT(ReadSampleShard(directory_.path()),
              IsError(absl::StatusCode::kInvalidArgument, "a directory"));
  EXPECT_THAT(ReadSampleShard(directory_.File("absent")),
              IsError(absl::StatusCode::kNotFound, "absent"));
}

TEST_F(ShardDamage, RandomMutationsAreNeverMisread) {
  ForEachMutation(bytes_, 3000, /*key=*/1, [&](const std::string& mutated) {
    const auto read = ReadDamaged(mutated);
    if (mutated == bytes_) return;
    EXPECT_FALSE(read.ok());
    const auto saved = Recover(mutated);
    if (!saved.ok()) return;
    // What is saved is true, in order, and without repetition.
    EXPECT_TRUE(std::is_sorted(saved->begin(), saved->end()));
    EXPECT_TRUE(std::adjacent_find(saved->begin(), saved->end()) ==
                saved->end());
    EXPECT_THAT(report_.lost, Not(IsEmpty()));
  });
}

TEST_F(ShardDamage, RecoveryOfAWholeShardLosesNothing) {
  const std::string recovered = directory_.File("c.lbk");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RecoveryReport report,
                               RecoverShard(path_, recovered));
  EXPECT_THAT(report.lost, IsEmpty());
  EXPECT_EQ(report.records, kRecords);
  EXPECT_EQ(report.blocks, blocks_.size());
  EXPECT_EQ(BytesOf(path_), bytes_);
  // With the writer's own options even the bytes are the same.
  const std::string again = directory_.File("d.lbk");
  LIMBECK_ASSERT_OK(RecoverShard(recovered, again));
  EXPECT_EQ(BytesOf(recovered), BytesOf(again));
}

TEST_F(ShardDamage, RecoveryAfterEveryCutSavesTheWholeBlocks) {
  const uint64_t header_end = FileHeaderBytes(header_bytes_);
  ForEachCut(bytes_, [&](const std::string& cut, size_t size) {
    const auto saved = Recover(cut);
    if (size < header_end) {
      EXPECT_THAT(saved, IsError(absl::StatusCode::kDataLoss,
                                 "both copies of the header"));
      return;
    }
    uint64_t expected = 0;
    for (size_t i = 0; i < blocks_.size(); ++i) {
      if (EndOfBlock(i) <= size) expected = EndOfRecords(i);
    }
    ASSERT_THAT(saved, IsOk());
    EXPECT_EQ(saved->size(), expected) << size;
    ASSERT_THAT(report_.lost, Not(IsEmpty())) << size;
    EXPECT_THAT(report_.lost.back().reason,
                HasSubstr(absl::StrCat("records from ", expected)));
  });
}

TEST_F(ShardDamage, RecoveryAfterEveryFlippedBitLosesAtMostItsBlock) {
  ForEachBitFlip(bytes_, [&](const std::string& flipped, size_t bit) {
    const auto saved = Recover(flipped);
    ASSERT_THAT(saved, IsOk()) << bit;
    ASSERT_THAT(report_.lost, Not(IsEmpty())) << bit;
    const uint64_t byte = bit / 8;
    const bool in_blocks = byte >= blocks_[0].offset && byte < trailer_offset_;
    if (!in_blocks) {
      EXPECT_EQ(saved->size(), kRecords) << bit;
      return;
    }
    size_t damaged = 0;
    while (byte >= EndOfBlock(damaged)) ++damaged;
    EXPECT_EQ(*saved, AllBut(damaged)) << bit;
    EXPECT_EQ(report_.lost[0].begin, blocks_[damaged].offset);
    EXPECT_EQ(report_.lost[0].end, EndOfBlock(damaged));
    EXPECT_THAT(report_.lost[0].reason,
                HasSubstr(absl::StrCat(
                    "records ", blocks_[damaged].first_record, " to ",
                    EndOfRecords(damaged) - 1, " are lost")));
  });
}

TEST_F(ShardDamage, RecoveryFindsBlocksBehindForeignBytes) {
  std::string damaged = bytes_;
  damaged.insert(blocks_[1].offset, std::string(4096, '\0'));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto saved, Recover(damaged));
  EXPECT_EQ(saved.size(), kRecords);
  ASSERT_THAT(report_.lost, Not(IsEmpty()));
  EXPECT_EQ(report_.lost[0].end - report_.lost[0].begin, 4096);
}

TEST_F(ShardDamage, RemovedBlockIsReported) {
  std::string damaged = bytes_;
  damaged.erase(blocks_[1].offset, BlockBytes(1).size());
  EXPECT_THAT(ReadDamaged(damaged), Not(IsOk()));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto saved, Recover(damaged));
  EXPECT_EQ(saved, AllBut(1));
  EXPECT_THAT(report_.lost, Not(IsEmpty()));
}

TEST_F(ShardDamage, RepeatedBlockIsNotReadTwice) {
  std::string damaged = bytes_;
  damaged.insert(blocks_[1].offset, BlockBytes(0));
  EXPECT_THAT(ReadDamaged(damaged), Not(IsOk()));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto saved, Recover(damaged));
  EXPECT_EQ(saved.size(), kRecords);
  ASSERT_THAT(report_.lost, Not(IsEmpty()));
  EXPECT_THAT(report_.lost[0].reason, HasSubstr("repeats record 0"));
}

TEST_F(ShardDamage, BlocksOfAnotherShardAreForeign) {
  ShardHeader header = MakeShardHeader(*Span::descriptor());
  header.set_partition(1);
  const std::string other = directory_.File("other.lbk");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto writer,
                               ShardWriter::Create(other, header));
  LIMBECK_ASSERT_OK(writer->Write(SampleSpan(99)));
  LIMBECK_ASSERT_OK(writer->Close());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LocatedTrailer located,
                               DecodeTrailer(BytesOf(other)));
  const uint64_t begin = located.trailer.blocks[0].offset;
  std::string damaged = bytes_;
  damaged.insert(blocks_[1].offset,
                 BytesOf(other).substr(begin, located.offset - begin));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto saved, Recover(damaged));
  EXPECT_EQ(saved.size(), kRecords);
}

TEST_F(ShardDamage, RecoveryNeverOverwrites) {
  EXPECT_THAT(RecoverShard(path_, path_),
              IsError(absl::StatusCode::kAlreadyExists, "only writes new"));
  EXPECT_EQ(BytesOf(path_), bytes_);
}

}  // namespace
}  // namespace limbeck
