#include "data/record/tfrecord.h"

#include <string>
#include <vector>

#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/record/shard_samples.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::StatusOr<std::vector<std::string>> ReadAll(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const auto reader, TfRecordReader::Open(path));
  std::vector<std::string> records;
  absl::string_view record;
  while (true) {
    LIMBECK_ASSIGN_OR_RETURN(const bool more, reader->Next(&record));
    if (!more) return records;
    records.emplace_back(record);
  }
}

class TfRecordTest : public ::testing::Test {
 protected:
  void WriteSome() {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const auto writer,
                                 TfRecordWriter::Create(path_));
    LIMBECK_ASSERT_OK(writer->Write("abc"));
    LIMBECK_ASSERT_OK(writer->Write(""));
    LIMBECK_ASSERT_OK(writer->Write(std::string(40, 'z')));
    LIMBECK_ASSERT_OK(writer->Close());
  }

  const TemporaryDirectory directory_{TemporaryPlace::kMemory};
  const std::string path_ = directory_.File("a.tfrecord");
};

// Bytes computed by an independent implementation (bit by bit, in Python)
// from the format's description in TensorFlow's record_writer.h.
TEST_F(TfRecordTest, BytesAreTensorFlows) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto writer,
                               TfRecordWriter::Create(path_));
  LIMBECK_ASSERT_OK(writer->Write("abc"));
  LIMBECK_ASSERT_OK(writer->Close());
  EXPECT_EQ(BytesOf(path_), std::string("\x03\0\0\0\0\0\0\0"
                                        "\xB0\x99\x49\x0E"
                                        "abc"
                                        "\x6E\x57\xF1\x21",
                                        19));
}

TEST_F(TfRecordTest, RecordsComeBack) {
  WriteSome();
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto records, ReadAll(path_));
  EXPECT_THAT(records, ElementsAre("abc", "", std::string(40, 'z')));
}

TEST_F(TfRecordTest, EmptyFileHasNoRecords) {
  WriteQuickly(path_, "");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto records, ReadAll(path_));
  EXPECT_THAT(records, IsEmpty());
}

TEST_F(TfRecordTest, EveryCutIsFoundUnlessBetweenRecords) {
  WriteSome();
  const std::string bytes = BytesOf(path_);
  ForEachCut(bytes, [&](const std::string& cut, size_t size) {
    WriteQuickly(path_, cut);
    const bool between = size == 0 || size == 19 || size == 19 + 16;
    EXPECT_EQ(ReadAll(path_).ok(), between) << size;
  });
}

TEST_F(TfRecordTest, EveryFlippedBitIsFound) {
  WriteSome();
  ForEachBitFlip(BytesOf(path_), [&](const std::string& flipped, size_t bit) {
    WriteQuickly(path_, flipped);
    EXPECT_THAT(ReadAll(path_), IsError(absl::StatusCode::kDataLoss, path_))
        << bit;
  });
}

TEST_F(TfRecordTest, ErrorsNameRecordAndByte) {
  WriteSome();
  std::string bytes = BytesOf(path_);
  bytes[19 + 16 + 20] ^= 1;
  WriteQuickly(path_, bytes);
  EXPECT_THAT(ReadAll(path_),
              IsError(absl::StatusCode::kDataLoss,
                      "record 2 at byte 35: the data's checksum"));
}

TEST_F(TfRecordTest, CompressedFilesAreNamedAsSuch) {
  WriteQuickly(path_,
               std::string("\x1F\x8B\x08\0\0\0\0\0\0\x03 and so on", 21));
  EXPECT_THAT(ReadAll(path_),
              IsError(absl::StatusCode::kInvalidArgument, "gzip"));
}

}  // namespace
}  // namespace limbeck
