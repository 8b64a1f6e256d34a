#include "data/record/journal.h"

#include <cstdint>
#include <string>
#include <vector>

#include "data/base/crc32c.h"
#include "data/base/file.h"
#include "data/base/little_endian.h"
#include "data/record/shard.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/record/shard_samples.h"
#include "tests/support/child_process.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

const std::vector<std::string>& SomeRecords() {
  static const auto& records = *new std::vector<std::string>{
      "first", "", std::string("\0\xFF with zeros\0", 14), "last"};
  return records;
}

class JournalTest : public ::testing::Test {
 protected:
  void WriteSome() {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const auto journal,
                                 Journal::Open(path_, "work"));
    for (const std::string& record : SomeRecords()) {
      ends_.push_back(BytesOf(path_).size());
      LIMBECK_ASSERT_OK(journal->Append(record));
    }
    ends_.push_back(BytesOf(path_).size());
    LIMBECK_ASSERT_OK(journal->Sync());
    bytes_ = BytesOf(path_);
  }

  // Records that lie whole in the first `size` bytes.
  std::vector<std::string> WholeWithin(size_t size) const {
    std::vector<std::string> whole;
    for (size_t i = 0; i + 1 < ends_.size(); ++i) {
      if (ends_[i + 1] <= size) whole.push_back(SomeRecords()[i]);
    }
    return whole;
  }

  const TemporaryDirectory directory_{TemporaryPlace::kMemory};
  const std::string path_ = directory_.File("journal");
  std::string bytes_;
  std::vector<uint64_t> ends_;  // of the header, then of each record
};

TEST_F(JournalTest, RecordsComeBackAndMoreCanFollow) {
  WriteSome();
  {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const auto journal,
                                 Journal::Open(path_, "work"));
    EXPECT_THAT(journal->recovered(), ElementsAreArray(SomeRecords()));
    EXPECT_EQ(journal->dropped_bytes(), 0);
    LIMBECK_ASSERT_OK(journal->Append("more"));
  }
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto journal,
                               Journal::Open(path_, "work"));
  ASSERT_EQ(journal->recovered().size(), SomeRecords().size() + 1);
  EXPECT_EQ(journal->recovered().back(), "more");
  journal->ForgetRecovered();
  EXPECT_THAT(journal->recovered(), IsEmpty());
}

TEST_F(JournalTest, OtherWorkIsRefusedAndLeftAlone) {
  WriteSome();
  EXPECT_THAT(Journal::Open(path_, "other"),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "fingerprint is work, this work's is other"));
  EXPECT_EQ(BytesOf(path_), bytes_);
}

TEST_F(JournalTest, OtherFilesAreRefusedAndLeftAlone) {
  for (const size_t size : {1, 20, 100}) {
    const std::string text(size, 'x');
    WriteQuickly(path_, text);
    EXPECT_THAT(Journal::Open(path_, "work"),
                IsError(absl::StatusCode::kDataLoss, "is no journal"));
    EXPECT_EQ(BytesOf(path_), text);
  }
}

TEST_F(JournalTest, ZerosInPlaceOfTheHeaderStartAnew) {
  WriteQuickly(path_, std::string(20, '\0'));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto journal,
                               Journal::Open(path_, "work"));
  EXPECT_THAT(journal->recovered(), IsEmpty());
  LIMBECK_ASSERT_OK(journal->Append("a"));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto again, Journal::Open(path_, "work"));
  EXPECT_THAT(again->recovered(), ElementsAre("a"));
}

TEST_F(JournalTest, TornAtEveryByteKeepsTheWholeRecords) {
  WriteSome();
  ForEachCut(bytes_, [&](const std::string& cut, size_t size) {
    WriteQuickly(path_, cut);
    {
      LIMBECK_ASSERT_OK_AND_ASSIGN(const auto journal,
                                   Journal::Open(path_, "work"));
      EXPECT_EQ(journal->recovered(), WholeWithin(size)) << size;
      LIMBECK_ASSERT_OK(journal->Append("next"));
    }
    LIMBECK_ASSERT_OK_AND_ASSIGN(const auto journal,
                                 Journal::Open(path_, "work"));
    ASSERT_EQ(journal->recovered().size(), WholeWithin(size).size() + 1);
    EXPECT_EQ(journal->recovered().back(), "next");
  });
}

TEST_F(JournalTest, FlippedBitsNeverChangeARecord) {
  WriteSome();
  ForEachBitFlip(bytes_, [&](const std::string& flipped, size_t bit) {
    WriteQuickly(path_, flipped);
    const auto journal = Journal::Open(path_, "work");
    if (bit / 8 < ends_[0]) {
      EXPECT_FALSE(journal.ok()) << bit;
      return;
    }
    ASSERT_THAT(journal, IsOk()) << bit;
    EXPECT_EQ((*journal)->recovered(), WholeWithin(bit / 8)) << bit;
    EXPECT_GT((*journal)->dropped_bytes(), 0) << bit;
  });
}

// After a loss of power the file can have its new length, but zeros in it.
TEST_F(JournalTest, ZerosAtTheEndAreNoRecords) {
  WriteSome();
  WriteQuickly(path_, bytes_ + std::string(4096, '\0'));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto journal,
                               Journal::Open(path_, "work"));
  EXPECT_THAT(journal->recovered(), ElementsAreArray(SomeRecords()));
  EXPECT_EQ(journal->dropped_bytes(), 4096);
}

TEST_F(JournalTest, HugeRecordsAreRefused) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto journal,
                               Journal::Open(path_, "work"));
  EXPECT_THAT(journal->Append(std::string(kMaxRecordBytes + 1, 'x')),
              IsError(absl::StatusCode::kInvalidArgument, "67108865"));
}

TEST_F(JournalTest, KillLosesNothingThatWasAppended) {
  EXPECT_TRUE(RunAndKill([&] {
    auto journal = Journal::Open(path_, "work");
    (*journal)->Append("a").IgnoreError();
    (*journal)->Append("b").IgnoreError();
    journal->release();
  }));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto journal,
                               Journal::Open(path_, "work"));
  EXPECT_THAT(journal->recovered(), ElementsAre("a", "b"));
}

TEST_F(JournalTest, FullDiskCutsTheTornRecordOff) {
  WriteSome();
  const absl::Status status =
      RunWithFileSizeLimit(bytes_.size() + 20, [&]() -> absl::Status {
        LIMBECK_ASSIGN_OR_RETURN(const auto journal,
                                 Journal::Open(path_, "work"));
        return journal->Append(std::string(100, 'x'));
      });
  EXPECT_THAT(std::string(status.message()),
              ::testing::HasSubstr("File too large"));
  EXPECT_EQ(BytesOf(path_), bytes_);
}

}  // namespace
}  // namespace limbeck
