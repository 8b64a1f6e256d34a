#include "data/record/shard_block.h"

#include <zstd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/crc32c.h"
#include "data/base/little_endian.h"
#include "data/base/status_macros.h"

namespace limbeck {

struct BlockEncoder::Compressor {
  explicit Compressor(int level) : context(ZSTD_createCCtx()) {
    LIMBECK_CHECK(context != nullptr);
    // One thread: zstd's output depends on the number of its workers.
    const size_t result =
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    LIMBECK_CHECK(ZSTD_isError(result) == 0);
  }
  ~Compressor() { ZSTD_freeCCtx(context); }

  ZSTD_CCtx* const context;
};

BlockEncoder::BlockEncoder(std::string marker, int zstd_level)
    : marker_(std::move(marker)),
      compressor_(std::make_unique<Compressor>(zstd_level)) {}

BlockEncoder::~BlockEncoder() = default;

void BlockEncoder::Add(absl::string_view record) {
  LIMBECK_CHECK_LE(record.size(), kMaxRecordBytes);
  lengths_.push_back(static_cast<uint32_t>(record.size()));
  records_.append(record.data(), record.size());
}

std::string BlockEncoder::Finish() {
  LIMBECK_CHECK(!empty());
  LIMBECK_CHECK_LE(raw_bytes(), kMaxRawBytes);
  std::string raw;
  raw.reserve(raw_bytes());
  for (uint32_t length : lengths_) AppendLittleEndian(length, &raw);
  raw += records_;

  std::string packed(ZSTD_compressBound(raw.size()), '\0');
  const size_t packed_bytes =
      ZSTD_compress2(compressor_->context, packed.data(), packed.size(),
                     raw.data(), raw.size());
  // It can only fail for lack of memory.
  LIMBECK_CHECK(ZSTD_isError(packed_bytes) == 0);
  packed.resize(packed_bytes);

  const bool smaller = packed.size() < raw.size();
  const std::string& payload = smaller ? packed : raw;
  BlockHeader header;
  header.first_record = first_record_;
  header.records = static_cast<uint32_t>(lengths_.size());
  header.codec = smaller ? BlockCodec::kZstd : BlockCodec::kStored;
  header.stored_bytes = static_cast<uint32_t>(payload.size());
  header.raw_bytes = static_cast<uint32_t>(raw.size());
  header.payload_crc = Crc32c(payload);
  first_record_ += lengths_.size();
  lengths_.clear();
  records_.clear();
  return absl::StrCat(EncodeBlockHeader(header, marker_), payload);
}

namespace {

absl::StatusOr<std::string> Decompress(const BlockHeader& header,
                                       absl::string_view payload) {
  std::string raw(header.raw_bytes, '\0');
  const size_t result =
      ZSTD_decompress(raw.data(), raw.size(), payload.data(), payload.size());
  if (ZSTD_isError(result) != 0) {
    return absl::DataLossError(absl::StrCat("the block does not decompress: ",
                                            ZSTD_getErrorName(result)));
  }
  if (result != raw.size()) {
    return absl::DataLossError(absl::StrCat("the block decompresses to ",
                                            result,
                                            " bytes, its header "
                                            "says ",
                                            raw.size()));
  }
  return raw;
}

}  // namespace

absl::StatusOr<DecodedBlock> DecodedBlock::Decode(absl::string_view block,
                                                  absl::string_view marker) {
  DecodedBlock decoded;
  LIMBECK_ASSIGN_OR_RETURN(decoded.header_, DecodeBlockHeader(block, marker));
  const BlockHeader& header = decoded.header_;
  const absl::string_view payload =
      block.substr(kBlockHeaderBytes, header.stored_bytes);
  const uint32_t crc = Crc32c(payload);
  if (crc != header.payload_crc) {
    return absl::DataLossError(absl::StrCat(
        "the payload's checksum is ", absl::Hex(crc, absl::kZeroPad8),
        ", stored is ", absl::Hex(header.payload_crc, absl::kZeroPad8)));
  }
  if (header.codec == BlockCodec::kZstd) {
    LIMBECK_ASSIGN_OR_RETURN(decoded.raw_, Decompress(header, payload));
  } else if (header.stored_bytes != header.raw_bytes) {
    return absl::DataLossError(
        absl::StrCat("the uncompressed block has ", header.stored_bytes,
                     " bytes, its header says ", header.raw_bytes));
  } else {
    decoded.raw_ = std::string(payload);
  }
  LIMBECK_RETURN_IF_ERROR(decoded.ReadLengths());
  return decoded;
}

absl::Status DecodedBlock::ReadLengths() {
  const uint64_t table_bytes = uint64_t{header_.records} * sizeof(uint32_t);
  if (header_.records == 0 || table_bytes > raw_.size()) {
    return absl::DataLossError(absl::StrCat("the block claims ",
                                            header_.records, " records in ",
                                            raw_.size(), " bytes"));
  }
  begins_.reserve(header_.records + size_t{1});
  uint64_t position = table_bytes;
  begins_.push_back(position);
  for (size_t i = 0; i < header_.records; ++i) {
    position += ReadLittleEndian<uint32_t>(raw_, i * sizeof(uint32_t));
    begins_.push_back(position);
  }
  if (position != raw_.size()) {
    return absl::DataLossError(
        absl::StrCat("the block's record lengths add up to ", position,
                     " bytes, the block has ", raw_.size()));
  }
  return absl::OkStatus();
}

}  // namespace limbeck
