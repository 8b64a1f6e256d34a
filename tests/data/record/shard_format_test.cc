// The format's bytes: claims that no honest writer makes, checksums intact.
#include "data/record/shard_format.h"

#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "data/base/crc32c.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/little_endian.h"
#include "data/record/shard_block.h"
#include "gtest/gtest.h"
#include "tests/data/record/shard_samples.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

const std::string& SomeMarker() {
  static const std::string& marker = *new std::string(BlockMarker("header"));
  return marker;
}

// A block whose header is true to `payload` except where `header` says else.
std::string CraftBlock(BlockHeader header, const std::string& payload) {
  header.payload_crc = Crc32c(payload);
  if (header.stored_bytes == 0) {
    header.stored_bytes = static_cast<uint32_t>(payload.size());
  }
  if (header.raw_bytes == 0) {
    header.raw_bytes = static_cast<uint32_t>(payload.size());
  }
  return EncodeBlockHeader(header, SomeMarker()) + payload;
}

TEST(ShardFormat, MarkersDependOnTheHeaderAlone) {
  EXPECT_EQ(BlockMarker("a"), BlockMarker("a"));
  EXPECT_NE(BlockMarker("a"), BlockMarker("b"));
  EXPECT_NE(BlockMarker("a"), TrailerMarker("a"));
  EXPECT_EQ(BlockMarker("a").size(), kMarkerBytes);
}

// The layout that docs/shard-format.md promises, read without our decoder.
TEST(ShardFormat, BytesLieWhereTheDocumentSays) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a.lbk");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ShardSummary summary,
                               WriteSampleShard(path, 3, 100));
  const std::string file = BytesOf(path);
  EXPECT_EQ(file.substr(0, 8), std::string("\x89LBK\r\n\x1A\n", 8));
  EXPECT_EQ(ReadLittleEndian<uint32_t>(file, 8), 1);
  const uint32_t header_size = ReadLittleEndian<uint32_t>(file, 12);
  EXPECT_EQ(ReadLittleEndian<uint32_t>(file, 16 + header_size),
            Crc32c(file.substr(0, 16 + header_size)));

  const std::string block = file.substr(20 + header_size);
  EXPECT_EQ(ReadLittleEndian<uint64_t>(block, 16), 0);  // first record
  EXPECT_EQ(ReadLittleEndian<uint32_t>(block, 24), 3);  // records
  EXPECT_EQ(ReadLittleEndian<uint32_t>(block, 28), 0);  // stored as it is
  const uint32_t stored = ReadLittleEndian<uint32_t>(block, 32);
  const std::string payload = block.substr(48, stored);
  EXPECT_EQ(ReadLittleEndian<uint32_t>(block, 40), Crc32c(payload));
  EXPECT_EQ(ReadLittleEndian<uint32_t>(block, 44), Crc32c(block.substr(0, 44)));
  EXPECT_EQ(ReadLittleEndian<uint32_t>(payload, 0), 0);
  EXPECT_EQ(ReadLittleEndian<uint32_t>(payload, 4), 5);
  EXPECT_EQ(ReadLittleEndian<uint32_t>(payload, 8), 5);
  EXPECT_EQ(payload.substr(12), SampleSpan(1).SerializeAsString() +
                                    SampleSpan(2).SerializeAsString());

  const std::string tail = file.substr(file.size() - 24);
  const uint64_t trailer_offset = ReadLittleEndian<uint64_t>(tail, 0);
  EXPECT_EQ(trailer_offset, 20 + header_size + 48 + stored);
  const std::string trailer =
      file.substr(trailer_offset, file.size() - 24 - trailer_offset);
  EXPECT_EQ(ReadLittleEndian<uint32_t>(tail, 8), Crc32c(trailer));
  EXPECT_EQ(ReadLittleEndian<uint32_t>(tail, 12), Crc32c(tail.substr(0, 12)));
  EXPECT_EQ(tail.substr(16), "LBKEND\r\n");
  EXPECT_EQ(ReadLittleEndian<uint64_t>(trailer, 16), 1);  // blocks
  EXPECT_EQ(ReadLittleEndian<uint64_t>(trailer, 24), 3);  // records
  EXPECT_EQ(ToHex(trailer.substr(32, 32)), summary.content_digest);
  EXPECT_EQ(ReadLittleEndian<uint64_t>(trailer, 64), 20 + header_size);
  EXPECT_EQ(ReadLittleEndian<uint32_t>(trailer, 80), header_size);
  EXPECT_EQ(trailer.substr(84), file.substr(16, header_size));
}

TEST(ShardFormat, NewerVersionIsNamed) {
  std::string file("\x89LBK\r\n\x1A\n", 8);
  AppendLittleEndian(uint32_t{2}, &file);
  AppendLittleEndian(uint32_t{0}, &file);
  AppendLittleEndian(Crc32c(file), &file);
  EXPECT_THAT(DecodeFileHeader(file),
              IsError(absl::StatusCode::kUnimplemented,
                      "version 2, this program reads version 1"));
}

TEST(ShardFormat, HeaderSizeIsCheckedBeforeUse) {
  std::string file("\x89LBK\r\n\x1A\n", 8);
  AppendLittleEndian(uint32_t{1}, &file);
  AppendLittleEndian(uint32_t{0xFFFFFFFF}, &file);
  AppendLittleEndian(Crc32c(file), &file);
  EXPECT_THAT(DecodeFileHeader(file),
              IsError(absl::StatusCode::kDataLoss, "claims 4294967295 bytes"));
}

TEST(ShardFormat, HugeBlocksAreRefusedBeforeAllocation) {
  BlockHeader header;
  header.records = 1;
  header.raw_bytes = 0xFFFFFFFF;
  EXPECT_THAT(DecodedBlock::Decode(CraftBlock(header, "x"), SomeMarker()),
              IsError(absl::StatusCode::kDataLoss, "4294967295 raw"));
  header.raw_bytes = 10;
  header.stored_bytes = 0xFFFFFFF0;
  EXPECT_THAT(DecodedBlock::Decode(CraftBlock(header, "x"), SomeMarker()),
              IsError(absl::StatusCode::kDataLoss, "stored bytes"));
}

TEST(ShardFormat, UnknownCodecIsRefused) {
  BlockHeader header;
  header.records = 1;
  header.codec = static_cast<BlockCodec>(2);
  EXPECT_THAT(DecodedBlock::Decode(CraftBlock(header, "x"), SomeMarker()),
              IsError(absl::StatusCode::kDataLoss, "unknown codec 2"));
}

TEST(ShardFormat, RecordLengthsMustFillTheBlock) {
  BlockHeader header;
  std::string payload;
  AppendLittleEndian(uint32_t{3}, &payload);
  payload += "abcd";
  header.records = 1;
  EXPECT_THAT(DecodedBlock::Decode(CraftBlock(header, payload), SomeMarker()),
              IsError(absl::StatusCode::kDataLoss, "add up to 7 bytes"));
  header.records = 0;
  EXPECT_THAT(DecodedBlock::Decode(CraftBlock(header, payload), SomeMarker()),
              IsError(absl::StatusCode::kDataLoss, "claims 0 records"));
  header.records = 0x40000001;  // times four overflows 32 bits
  EXPECT_THAT(DecodedBlock::Decode(CraftBlock(header, payload), SomeMarker()),
              IsError(absl::StatusCode::kDataLoss, "claims 1073741825"));
}

TEST(ShardFormat, CompressedSizeMustMatchTheHeader) {
  BlockEncoder encoder(SomeMarker(), /*zstd_level=*/1);
  encoder.Add(std::string(1000, 'a'));
  const std::string block = encoder.Finish();
  LIMBECK_ASSERT_OK_AND_ASSIGN(BlockHeader header,
                               DecodeBlockHeader(block, SomeMarker()));
  ASSERT_EQ(header.codec, BlockCodec::kZstd);
  const std::string payload = block.substr(kBlockHeaderBytes);
  header.raw_bytes = 1003;  // one less: zstd refuses to write beyond
  EXPECT_THAT(DecodedBlock::Decode(CraftBlock(header, payload), SomeMarker()),
              IsError(absl::StatusCode::kDataLoss, "does not decompress"));
  header.raw_bytes = 1005;
  EXPECT_THAT(DecodedBlock::Decode(CraftBlock(header, payload), SomeMarker()),
              IsError(absl::StatusCode::kDataLoss, "decompresses to 1004"));
}

TEST(ShardFormat, TrailerClaimsAreChecked) {
  ShardTrailer trailer;
  trailer.content_digest = std::string(32, 'd');
  trailer.header_bytes = "header";
  trailer.blocks = {{30, 0}};
  trailer.records = 5;
  const std::string honest = EncodeTrailer(trailer, /*offset=*/0);
  LIMBECK_ASSERT_OK(DecodeTrailer(honest));

  // More blocks than bytes, with the checksums made to fit.
  std::string trailer_bytes = honest.substr(0, honest.size() - kTailBytes);
  std::string count;
  AppendLittleEndian(uint64_t{1} << 60, &count);
  trailer_bytes.replace(16, 8, count);
  std::string tail;
  AppendLittleEndian(uint64_t{0}, &tail);
  AppendLittleEndian(Crc32c(trailer_bytes), &tail);
  AppendLittleEndian(Crc32c(tail), &tail);
  EXPECT_THAT(DecodeTrailer(trailer_bytes + tail + "LBKEND\r\n"),
              IsError(absl::StatusCode::kDataLoss, "1152921504606846976"));
}

// An index that leaves a gap or overlaps would hide or repeat records.
TEST(ShardFormat, IndexMustCoverTheFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a.lbk");
  LIMBECK_ASSERT_OK(WriteSampleShard(path, 12, 5));
  const std::string file = BytesOf(path);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LocatedTrailer located,
                               DecodeTrailer(file));
  const auto open_with = [&](const ShardTrailer& trailer) {
    WriteQuickly(path, file.substr(0, located.offset) +
                           EncodeTrailer(trailer, located.offset));
    return ReadSampleShard(path);
  };
  LIMBECK_EXPECT_OK(open_with(located.trailer));

  ShardTrailer changed = located.trailer;
  changed.blocks.erase(changed.blocks.begin());
  EXPECT_THAT(open_with(changed), testing::Not(IsOk()));
  changed = located.trailer;
  changed.blocks.erase(changed.blocks.begin() + 1);
  EXPECT_THAT(open_with(changed), testing::Not(IsOk()));
  changed = located.trailer;
  changed.blocks.pop_back();
  EXPECT_THAT(open_with(changed), testing::Not(IsOk()));
  changed = located.trailer;
  std::swap(changed.blocks[0], changed.blocks[1]);
  EXPECT_THAT(open_with(changed), testing::Not(IsOk()));
  changed = located.trailer;
  changed.blocks[1].first_record += 1;
  EXPECT_THAT(open_with(changed), testing::Not(IsOk()));
  changed = located.trailer;
  changed.blocks[1].offset = uint64_t{1} << 63;
  EXPECT_THAT(open_with(changed), testing::Not(IsOk()));
  changed = located.trailer;
  changed.records += 1;
  EXPECT_THAT(open_with(changed), testing::Not(IsOk()));
  changed = located.trailer;
  changed.header_bytes += " ";
  EXPECT_THAT(open_with(changed),
              IsError(absl::StatusCode::kDataLoss, "copies of the header"));
}

}  // namespace
}  // namespace limbeck
