// Shards that are whole: writing, reading, determinism, limits.
#include "data/record/shard.h"

#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/little_endian.h"
#include "data/base/random.h"
#include "data/record/shard_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/record/shard_samples.h"
#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<uint64_t> UpTo(uint64_t count) {
  std::vector<uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), uint64_t{0});
  return numbers;
}

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  for (size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<char>(RandomBits(/*key=*/7, i));
  }
  return bytes;
}

// A problem whose serialised form has exactly `bytes` bytes (above 2 MiB).
Problem ProblemOfSize(size_t bytes) {
  Problem problem;
  problem.set_gold_answer(std::string(bytes - 16, 'x'));
  while (problem.ByteSizeLong() < bytes)
    problem.mutable_gold_answer()->append("x");
  return problem;
}

TEST(Shard, RecordsComeBackInOrder) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a.lbk");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ShardSummary summary,
                               WriteSampleShard(path, 1000, 10));
  EXPECT_EQ(summary.records, 1000);
  EXPECT_GE(summary.blocks, 100);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<uint64_t> begins,
                               ReadSampleShard(path));
  EXPECT_EQ(begins, UpTo(1000));
}

TEST(Shard, SummaryTellsTheFilesFacts) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a.lbk");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ShardSummary summary,
                               WriteSampleShard(path, 50, 7));
  const std::string bytes = BytesOf(path);
  EXPECT_EQ(summary.bytes, bytes.size());
  EXPECT_EQ(summary.sha256, Sha256Hex(bytes));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader, ShardReader::Open(path));
  EXPECT_EQ(summary.blocks, reader->num_blocks());

  std::string content;
  for (uint64_t i = 0; i < 50; ++i) {
    const std::string record = SampleSpan(i).SerializeAsString();
    AppendLittleEndian(uint64_t{record.size()}, &content);
    content += record;
  }
  EXPECT_EQ(summary.content_digest, Sha256Hex(content));
}

TEST(Shard, SameRecordsGiveSameBytes) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(WriteSampleShard(directory.File("a"), 300, 20));
  LIMBECK_ASSERT_OK(WriteSampleShard(directory.File("b"), 300, 20));
  EXPECT_EQ(BytesOf(directory.File("a")), BytesOf(directory.File("b")));
}

TEST(Shard, ContentDigestDoesNotDependOnBlocks) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ShardSummary small,
                               WriteSampleShard(directory.File("a"), 300, 20));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ShardSummary large,
                               WriteSampleShard(directory.File("b"), 300, 200));
  EXPECT_EQ(small.content_digest, large.content_digest);
  EXPECT_NE(small.sha256, large.sha256);
}

TEST(Shard, EmptyShardCanBeRead) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ShardSummary summary,
                               WriteSampleShard(directory.File("a"), 0, 1));
  EXPECT_EQ(summary.blocks, 0);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<uint64_t> begins,
                               ReadSampleShard(directory.File("a")));
  EXPECT_THAT(begins, IsEmpty());
}

TEST(Shard, ReadSeekAndNextAgree) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(WriteSampleShard(directory.File("a"), 100, 9));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader,
                               ShardReader::Open(directory.File("a")));
  for (uint64_t i = 0; i < 200; ++i) {
    const uint64_t number = RandomBelow(100, /*key=*/3, i);
    Span by_number;
    LIMBECK_ASSERT_OK(reader->Read(number, &by_number));
    EXPECT_EQ(by_number.begin(), number);
    LIMBECK_ASSERT_OK(reader->Seek(number));
    Span by_order;
    LIMBECK_ASSERT_OK_AND_ASSIGN(const bool more, reader->Next(&by_order));
    EXPECT_TRUE(more);
    EXPECT_EQ(by_order.end(), number * 1000);
  }
}

TEST(Shard, PlacesBeyondTheEndAreErrors) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(WriteSampleShard(directory.File("a"), 3, 9));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader,
                               ShardReader::Open(directory.File("a")));
  Span span;
  EXPECT_THAT(reader->Read(3, &span),
              IsError(absl::StatusCode::kOutOfRange, "has 3 records"));
  EXPECT_THAT(reader->Seek(4),
              IsError(absl::StatusCode::kOutOfRange, "number 4"));
  LIMBECK_ASSERT_OK(reader->Seek(3));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const bool more, reader->Next(&span));
  EXPECT_FALSE(more);
}

TEST(Shard, HeaderComesBack) {
  const TemporaryDirectory directory;
  ShardHeader header = MakeShardHeader(*Trace::descriptor());
  header.set_stage_kind("filter");
  header.set_partition(7);
  header.set_tokenizer_fingerprint("abc");
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto writer, ShardWriter::Create(directory.File("a"), header));
  LIMBECK_ASSERT_OK(writer->Close());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader,
                               ShardReader::Open(directory.File("a")));
  EXPECT_EQ(reader->header().SerializeAsString(), header.SerializeAsString());
  EXPECT_EQ(reader->header().schema_fingerprint(),
            SchemaFingerprint(*Trace::descriptor()));
}

TEST(Shard, LargeRecordGetsItsOwnBlock) {
  const TemporaryDirectory directory;
  ShardOptions options;
  options.block_bytes = 100;
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto writer,
      ShardWriter::Create(directory.File("a"),
                          MakeShardHeader(*Problem::descriptor()), options));
  for (const size_t size : {10, 10, 5000, 10, 10}) {
    Problem problem;
    problem.set_gold_answer(std::string(size, 'g'));
    LIMBECK_ASSERT_OK(writer->Write(problem));
  }
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ShardSummary summary, writer->Close());
  EXPECT_EQ(summary.blocks, 3);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Problem> problems,
                               ReadShard<Problem>(directory.File("a")));
  ASSERT_EQ(problems.size(), 5);
  EXPECT_EQ(problems[2].gold_answer(), std::string(5000, 'g'));
  EXPECT_EQ(problems[4].gold_answer(), std::string(10, 'g'));
}

TEST(Shard, LargestRecordFitsAndOneByteMoreIsRefused) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto writer,
      ShardWriter::Create(directory.File("a"),
                          MakeShardHeader(*Problem::descriptor())));
  const Problem largest = ProblemOfSize(kMaxRecordBytes);
  LIMBECK_ASSERT_OK(writer->Write(largest));
  EXPECT_THAT(writer->Write(ProblemOfSize(kMaxRecordBytes + 1)),
              IsError(absl::StatusCode::kInvalidArgument,
                      "has 67108865 bytes, at most 67108864"));
  // The refused record leaves no trace.
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ShardSummary summary, writer->Close());
  EXPECT_EQ(summary.records, 1);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Problem> problems,
                               ReadShard<Problem>(directory.File("a")));
  ASSERT_EQ(problems.size(), 1);
  EXPECT_EQ(problems[0].gold_answer(), largest.gold_answer());
}

TEST(Shard, IncompressibleBlocksAreStoredAsTheyAre) {
  const TemporaryDirectory directory;
  Problem problem;
  problem.set_gold_answer(RandomBytes(5000));
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto writer,
      ShardWriter::Create(directory.File("a"),
                          MakeShardHeader(*Problem::descriptor())));
  LIMBECK_ASSERT_OK(writer->Write(problem));
  LIMBECK_ASSERT_OK(writer->Close());
  EXPECT_NE(BytesOf(directory.File("a")).find(problem.gold_answer()),
            std::string::npos);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Problem> problems,
                               ReadShard<Problem>(directory.File("a")));
  ASSERT_EQ(problems.size(), 1);
  EXPECT_EQ(problems[0].gold_answer(), problem.gold_answer());
}

TEST(Shard, OtherTypesAreRefused) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto writer,
      ShardWriter::Create(path, MakeShardHeader(*Span::descriptor())));
  EXPECT_THAT(writer->Write(Problem()),
              IsError(absl::StatusCode::kInvalidArgument,
                      "holds limbeck.Span records, cannot write a "
                      "limbeck.Problem"));
  LIMBECK_ASSERT_OK(writer->Write(SampleSpan(1)));
  LIMBECK_ASSERT_OK(writer->Close());
  EXPECT_THAT(
      ReadShard<Problem>(path),
      IsError(absl::StatusCode::kInvalidArgument, "expected limbeck.Problem"));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader, ShardReader::Open(path));
  Problem problem;
  EXPECT_THAT(
      reader->Next(&problem),
      IsError(absl::StatusCode::kInvalidArgument, "not limbeck.Problem"));
}

TEST(Shard, TextThatWouldNotReadBackIsRefused) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto writer,
      ShardWriter::Create(directory.File("a"),
                          MakeShardHeader(*Problem::descriptor())));
  Problem problem;
  problem.set_family("\xFF");
  EXPECT_THAT(writer->Write(problem),
              IsError(absl::StatusCode::kInvalidArgument, "invalid UTF-8"));
  problem.set_family("fine");
  problem.set_gold_answer("\xFF");
  LIMBECK_ASSERT_OK(writer->Write(problem));
  LIMBECK_ASSERT_OK(writer->Close());
  LIMBECK_EXPECT_OK(ReadShard<Problem>(directory.File("a")));
}

TEST(Shard, OptionsAreChecked) {
  const TemporaryDirectory directory;
  const ShardHeader header = MakeShardHeader(*Span::descriptor());
  ShardOptions options;
  options.block_bytes = 0;
  EXPECT_THAT(ShardWriter::Create(directory.File("a"), header, options),
              IsError(absl::StatusCode::kInvalidArgument, "block_bytes"));
  options = ShardOptions();
  options.zstd_level = 99;
  EXPECT_THAT(ShardWriter::Create(directory.File("a"), header, options),
              IsError(absl::StatusCode::kInvalidArgument, "is 99"));
  EXPECT_THAT(ShardWriter::Create(directory.File("a"), ShardHeader()),
              IsError(absl::StatusCode::kInvalidArgument, "MakeShardHeader"));
}

TEST(Shard, UnfinishedShardLeavesNothing) {
  const TemporaryDirectory directory;
  {
    LIMBECK_ASSERT_OK_AND_ASSIGN(
        const auto writer,
        ShardWriter::Create(directory.File("a"),
                            MakeShardHeader(*Span::descriptor())));
    LIMBECK_ASSERT_OK(writer->Write(SampleSpan(1)));
  }
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto names,
                               ListDirectory(directory.path()));
  EXPECT_THAT(names, IsEmpty());
}

TEST(Shard, FullDiskIsAnErrorAndLeavesNothing) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ShardSummary whole,
                               WriteSampleShard(path, 500, 10));
  LIMBECK_ASSERT_OK(RemoveTree(path));
  for (const uint64_t limit : {uint64_t{0}, uint64_t{100}, whole.bytes - 1}) {
    const absl::Status status = RunWithFileSizeLimit(
        limit, [&] { return WriteSampleShard(path, 500, 10).status(); });
    EXPECT_FALSE(status.ok()) << limit;
    EXPECT_THAT(std::string(status.message()),
                ::testing::HasSubstr("File too large"));
    LIMBECK_ASSERT_OK_AND_ASSIGN(const auto names,
                                 ListDirectory(directory.path()));
    EXPECT_THAT(names, IsEmpty()) << limit;
  }
  LIMBECK_EXPECT_OK(RunWithFileSizeLimit(
      whole.bytes, [&] { return WriteSampleShard(path, 500, 10).status(); }));
}

TEST(Shard, KilledWriterLeavesOnlyATemporary) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  EXPECT_TRUE(RunAndKill([&] {
    auto writer =
        ShardWriter::Create(path, MakeShardHeader(*Span::descriptor()));
    for (uint64_t i = 0; i < 100000; ++i) {
      (*writer)->Write(SampleSpan(i)).IgnoreError();
    }
    // Killed here: the writer is neither closed nor destroyed.
    writer->release();
  }));
  EXPECT_FALSE(FileExists(path));
  LIMBECK_ASSERT_OK(RemoveTemporaries(directory.path()));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto names,
                               ListDirectory(directory.path()));
  EXPECT_THAT(names, IsEmpty());
}

// As committed: spans are too short to shrink, so that no zstd is involved and
// even the bytes must stay.
TEST(Shard, WriterStillWritesTheGoldenBytes) {
  const TemporaryDirectory directory;
  ShardHeader header = MakeShardHeader(*Span::descriptor());
  header.set_stage_kind("golden");
  ShardOptions options;
  options.block_bytes = 90;
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto writer,
      ShardWriter::Create(directory.File("a"), header, options));
  for (uint64_t i = 0; i < 25; ++i) {
    LIMBECK_ASSERT_OK(writer->Write(SampleSpan(i)));
  }
  LIMBECK_ASSERT_OK(writer->Close());
  EXPECT_EQ(BytesOf(directory.File("a")),
            BytesOf("tests/testdata/record/version1.lbk"));
}

// Written by format version 1; every later reader must open it. Its bytes are
// not compared: another zstd may compress otherwise.
TEST(Shard, GoldenFileOfVersion1IsRead) {
  const std::string path = "tests/testdata/record/version1.lbk";
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader, ShardReader::Open(path));
  EXPECT_EQ(reader->header().stage_kind(), "golden");
  EXPECT_EQ(reader->header().record_type(), "limbeck.Span");
  EXPECT_EQ(reader->num_blocks(), 3);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<uint64_t> begins,
                               ReadSampleShard(path));
  EXPECT_EQ(begins, UpTo(25));
}

TEST(Shard, GoldenTraceOfVersion1IsRead) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const std::vector<Trace> traces,
      ReadShard<Trace>("tests/testdata/record/version1_traces.lbk"));
  ASSERT_EQ(traces.size(), 2);
  EXPECT_EQ(traces[0].problem().messages(0).content(), "What is 2 + 3?");
  EXPECT_EQ(traces[0].raw_output(), "<think>2 + 3 = 5</think>\\boxed{5}");
  EXPECT_THAT(traces[0].output_ids(), ElementsAre(5, 70000, 2));
  EXPECT_EQ(traces[0].sampling_logprobs_size(), 0);  // not yet known then
  EXPECT_EQ(traces[1].raw_output(), "<think>cut \xE2\x88");
  EXPECT_EQ(traces[1].finish_reason(), FINISH_REASON_LENGTH);
}

}  // namespace
}  // namespace limbeck
