#include "data/record/shard_format.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/crc32c.h"
#include "data/base/digest.h"
#include "data/base/little_endian.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

// As PNG's signature: a high bit and both line ends show text-mode transfers.
constexpr absl::string_view kMagic("\x89LBK\r\n\x1A\n", 8);
constexpr absl::string_view kEndMagic("LBKEND\r\n", 8);
constexpr size_t kHeaderFrontBytes = 16;
constexpr size_t kCrcBytes = 4;
constexpr size_t kDigestBytes = 32;
constexpr size_t kTrailerFrontBytes = kMarkerBytes + 16 + kDigestBytes;
constexpr size_t kBlockPositionBytes = 16;

std::string Marker(absl::string_view domain, absl::string_view header_bytes) {
  return FieldHasher(domain).Bytes(header_bytes).Id();
}

absl::Status Damage(absl::string_view problem) {
  return absl::DataLossError(problem);
}

absl::Status CrcDamage(absl::string_view object, uint32_t stored,
                       uint32_t computed) {
  return absl::DataLossError(absl::StrCat(
      "the ", object, "'s checksum is ", absl::Hex(computed, absl::kZeroPad8),
      ", stored is ", absl::Hex(stored, absl::kZeroPad8)));
}

// Reads fields one after another; every read checks what is left.
class FieldReader {
 public:
  explicit FieldReader(absl::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<absl::string_view> Bytes(uint64_t count) {
    if (count > bytes_.size()) {
      return Damage(absl::StrCat("the trailer needs ", count,
                                 " more bytes, but has ", bytes_.size()));
    }
    const absl::string_view result = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return result;
  }

  template <typename Integer>
  Integer Take() {
    const Integer value = ReadLittleEndian<Integer>(bytes_, 0);
    bytes_.remove_prefix(sizeof(Integer));
    return value;
  }

  size_t left() const { return bytes_.size(); }

 private:
  absl::string_view bytes_;
};

}  // namespace

std::string BlockMarker(absl::string_view header_bytes) {
  return Marker("limbeck.shard.block.v1", header_bytes);
}

std::string TrailerMarker(absl::string_view header_bytes) {
  return Marker("limbeck.shard.trailer.v1", header_bytes);
}

std::string EncodeFileHeader(absl::string_view header_bytes) {
  LIMBECK_CHECK_LE(header_bytes.size(), kMaxHeaderBytes);
  std::string out(kMagic);
  AppendLittleEndian(kShardFormatVersion, &out);
  AppendLittleEndian(static_cast<uint32_t>(header_bytes.size()), &out);
  absl::StrAppend(&out, header_bytes);
  AppendLittleEndian(Crc32c(out), &out);
  return out;
}

absl::StatusOr<absl::string_view> DecodeFileHeader(absl::string_view file) {
  if (!absl::StartsWith(file, kMagic)) {
    return Damage(
        "the first 8 bytes are not a shard's: this is another kind of file, "
        "or its front is damaged");
  }
  if (file.size() < kHeaderFrontBytes + kCrcBytes) {
    return Damage(absl::StrCat("the file ends after ", file.size(),
                               " bytes, within its header"));
  }
  const uint32_t size = ReadLittleEndian<uint32_t>(file, 12);
  const uint64_t left = file.size() - kHeaderFrontBytes - kCrcBytes;
  if (size > kMaxHeaderBytes || size > left) {
    return Damage(absl::StrCat("the header claims ", size, " bytes, ", left,
                               " are there and at most ", kMaxHeaderBytes,
                               " are accepted"));
  }
  const uint32_t stored =
      ReadLittleEndian<uint32_t>(file, kHeaderFrontBytes + size);
  const uint32_t computed = Crc32c(file.substr(0, kHeaderFrontBytes + size));
  if (stored != computed) return CrcDamage("file header", stored, computed);
  const uint32_t version = ReadLittleEndian<uint32_t>(file, 8);
  if (version != kShardFormatVersion) {
    return absl::UnimplementedError(
        absl::StrCat("the file has format version ", version,
                     ", this program reads version ", kShardFormatVersion));
  }
  return file.substr(kHeaderFrontBytes, size);
}

absl::StatusOr<ShardHeader> ParseShardHeader(absl::string_view header_bytes) {
  ShardHeader header;
  if (!header.ParseFromArray(header_bytes.data(),
                             static_cast<int>(header_bytes.size()))) {
    return Damage("the header is no valid ShardHeader message");
  }
  if (header.format_version() != kShardFormatVersion) {
    return absl::UnimplementedError(
        absl::StrCat("the header has format version ", header.format_version(),
                     ", this program reads version ", kShardFormatVersion));
  }
  return header;
}

uint64_t FileHeaderBytes(absl::string_view header_bytes) {
  return kHeaderFrontBytes + header_bytes.size() + kCrcBytes;
}

std::string EncodeBlockHeader(const BlockHeader& header,
                              absl::string_view marker) {
  LIMBECK_CHECK_EQ(marker.size(), kMarkerBytes);
  std::string out(marker);
  AppendLittleEndian(header.first_record, &out);
  AppendLittleEndian(header.records, &out);
  AppendLittleEndian(static_cast<uint32_t>(header.codec), &out);
  AppendLittleEndian(header.stored_bytes, &out);
  AppendLittleEndian(header.raw_bytes, &out);
  AppendLittleEndian(header.payload_crc, &out);
  AppendLittleEndian(Crc32c(out), &out);
  return out;
}

absl::StatusOr<BlockHeader> DecodeBlockHeader(absl::string_view bytes,
                                              absl::string_view marker) {
  if (bytes.size() < kBlockHeaderBytes) {
    return Damage(absl::StrCat("the block header is cut after ", bytes.size(),
                               " of ", kBlockHeaderBytes, " bytes"));
  }
  if (!absl::StartsWith(bytes, marker)) {
    return Damage("the block marker is not there");
  }
  constexpr size_t kCrcOffset = kBlockHeaderBytes - kCrcBytes;
  const uint32_t stored_crc = ReadLittleEndian<uint32_t>(bytes, kCrcOffset);
  const uint32_t computed = Crc32c(bytes.substr(0, kCrcOffset));
  if (stored_crc != computed) {
    return CrcDamage("block header", stored_crc, computed);
  }
  BlockHeader header;
  header.first_record = ReadLittleEndian<uint64_t>(bytes, 16);
  header.records = ReadLittleEndian<uint32_t>(bytes, 24);
  const uint32_t codec = ReadLittleEndian<uint32_t>(bytes, 28);
  header.codec = static_cast<BlockCodec>(codec);
  header.stored_bytes = ReadLittleEndian<uint32_t>(bytes, 32);
  header.raw_bytes = ReadLittleEndian<uint32_t>(bytes, 36);
  header.payload_crc = ReadLittleEndian<uint32_t>(bytes, 40);
  if (codec > static_cast<uint32_t>(BlockCodec::kZstd)) {
    return Damage(absl::StrCat("the block has the unknown codec ", codec));
  }
  if (header.raw_bytes > kMaxRawBytes ||
      header.stored_bytes > kMaxStoredBytes) {
    return Damage(absl::StrCat("the block claims ", header.raw_bytes,
                               " raw and ", header.stored_bytes,
                               " stored bytes, at most ", kMaxRawBytes, " and ",
                               kMaxStoredBytes, " are accepted"));
  }
  const uint64_t left = bytes.size() - kBlockHeaderBytes;
  if (header.stored_bytes > left) {
    return Damage(absl::StrCat("the block needs ", header.stored_bytes,
                               " bytes, the file has ", left, " more"));
  }
  return header;
}

std::string EncodeTrailer(const ShardTrailer& trailer, uint64_t offset) {
  LIMBECK_CHECK_EQ(trailer.content_digest.size(), kDigestBytes);
  std::string out = TrailerMarker(trailer.header_bytes);
  AppendLittleEndian(uint64_t{trailer.blocks.size()}, &out);
  AppendLittleEndian(trailer.records, &out);
  out += trailer.content_digest;
  for (const BlockPosition& block : trailer.blocks) {
    AppendLittleEndian(block.offset, &out);
    AppendLittleEndian(block.first_record, &out);
  }
  AppendLittleEndian(static_cast<uint32_t>(trailer.header_bytes.size()), &out);
  out += trailer.header_bytes;
  std::string tail;
  AppendLittleEndian(offset, &tail);
  AppendLittleEndian(Crc32c(out), &tail);
  AppendLittleEndian(Crc32c(tail), &tail);
  return absl::StrCat(out, tail, kEndMagic);
}

namespace {

// The trailer's bytes, found through the tail and proven by its checksum.
absl::StatusOr<absl::string_view> LocateTrailer(absl::string_view file,
                                                uint64_t* offset) {
  if (file.size() < kTailBytes || !absl::EndsWith(file, kEndMagic)) {
    return Damage(
        absl::StrCat("the end mark is missing after ", file.size(),
                     " bytes: the file is cut or was never finished"));
  }
  const absl::string_view tail = file.substr(file.size() - kTailBytes);
  const uint32_t tail_crc = ReadLittleEndian<uint32_t>(tail, 12);
  if (const uint32_t computed = Crc32c(tail.substr(0, 12));
      computed != tail_crc) {
    return CrcDamage("tail", tail_crc, computed);
  }
  *offset = ReadLittleEndian<uint64_t>(tail, 0);
  const uint64_t end = file.size() - kTailBytes;
  if (*offset > end || end - *offset < kTrailerFrontBytes + kCrcBytes) {
    return Damage(absl::StrCat("the trailer should begin at byte ", *offset,
                               " and end at byte ", end));
  }
  const absl::string_view bytes = file.substr(*offset, end - *offset);
  const uint32_t stored = ReadLittleEndian<uint32_t>(tail, 8);
  const uint32_t computed = Crc32c(bytes);
  if (stored != computed) return CrcDamage("trailer", stored, computed);
  return bytes;
}

}  // namespace

absl::StatusOr<LocatedTrailer> DecodeTrailer(absl::string_view file) {
  LocatedTrailer located;
  LIMBECK_ASSIGN_OR_RETURN(const absl::string_view bytes,
                           LocateTrailer(file, &located.offset));
  ShardTrailer& trailer = located.trailer;
  FieldReader reader(bytes);
  LIMBECK_ASSIGN_OR_RETURN(const absl::string_view marker,
                           reader.Bytes(kMarkerBytes));
  const uint64_t blocks = reader.Take<uint64_t>();
  trailer.records = reader.Take<uint64_t>();
  LIMBECK_ASSIGN_OR_RETURN(const absl::string_view digest,
                           reader.Bytes(kDigestBytes));
  trailer.content_digest = std::string(digest);
  if (blocks > reader.left() / kBlockPositionBytes) {
    return Damage(absl::StrCat("the trailer claims ", blocks, " blocks in ",
                               reader.left(), " bytes"));
  }
  trailer.blocks.reserve(blocks);
  for (uint64_t i = 0; i < blocks; ++i) {
    const uint64_t offset = reader.Take<uint64_t>();
    trailer.blocks.push_back({offset, reader.Take<uint64_t>()});
  }
  LIMBECK_ASSIGN_OR_RETURN(const absl::string_view size,
                           reader.Bytes(sizeof(uint32_t)));
  LIMBECK_ASSIGN_OR_RETURN(const absl::string_view header,
                           reader.Bytes(ReadLittleEndian<uint32_t>(size, 0)));
  trailer.header_bytes = std::string(header);
  if (reader.left() != 0 || header.size() > kMaxHeaderBytes ||
      marker != TrailerMarker(header)) {
    return Damage("the trailer does not fit its copy of the header");
  }
  return located;
}

}  // namespace limbeck
