#include "data/record/shard_writer.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/little_endian.h"
#include "data/base/status_macros.h"
#include "data/record/schema.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace limbeck {
namespace {

constexpr int kMaxZstdLevel = 19;

// Same message, same program: same bytes.
std::string SerializeDeterministically(
    const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeWithCachedSizes(&coded);
  }
  return bytes;
}

absl::Status CheckOptions(const std::string& path, const ShardHeader& header,
                          const ShardOptions& options) {
  if (header.format_version() != kShardFormatVersion ||
      header.record_type().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the header of ", path, " has format version ", header.format_version(),
        " and record type \"", header.record_type(),
        "\"; build it with MakeShardHeader"));
  }
  if (options.block_bytes < 1 || options.block_bytes > kMaxRecordBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("block_bytes of ", path, " is ", options.block_bytes,
                     ", expected 1 to ", kMaxRecordBytes));
  }
  if (options.zstd_level < 1 || options.zstd_level > kMaxZstdLevel) {
    return absl::InvalidArgumentError(
        absl::StrCat("zstd_level of ", path, " is ", options.zstd_level,
                     ", expected 1 to ", kMaxZstdLevel));
  }
  return absl::OkStatus();
}

}  // namespace

std::string SchemaFingerprint(const google::protobuf::Descriptor& type) {
  return Sha256Hex(SchemaText(type));
}

ShardHeader MakeShardHeader(const google::protobuf::Descriptor& type) {
  ShardHeader header;
  header.set_format_version(kShardFormatVersion);
  header.set_record_type(type.full_name());
  header.set_schema(SchemaText(type));
  header.set_schema_fingerprint(Sha256Hex(header.schema()));
  return header;
}

absl::StatusOr<std::unique_ptr<RawShardWriter>> RawShardWriter::Create(
    const std::string& path, const ShardHeader& header,
    const ShardOptions& options) {
  LIMBECK_RETURN_IF_ERROR(CheckOptions(path, header, options));
  header.ByteSizeLong();  // fills the cached sizes
  std::string header_bytes = SerializeDeterministically(header);
  if (header_bytes.size() > kMaxHeaderBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the header of ", path, " has ", header_bytes.size(),
                     " bytes, at most ", kMaxHeaderBytes, " are accepted"));
  }
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file,
                           AtomicFile::Create(path));
  auto writer = absl::WrapUnique(new RawShardWriter(
      std::move(file), header, std::move(header_bytes), options));
  LIMBECK_RETURN_IF_ERROR(
      writer->Append(EncodeFileHeader(writer->header_bytes_)));
  return writer;
}

RawShardWriter::RawShardWriter(std::unique_ptr<AtomicFile> file,
                               const ShardHeader& header,
                               std::string header_bytes,
                               const ShardOptions& options)
    : file_(std::move(file)),
      header_(header),
      header_bytes_(std::move(header_bytes)),
      block_bytes_(options.block_bytes),
      encoder_(BlockMarker(header_bytes_), options.zstd_level) {}

absl::Status RawShardWriter::Append(absl::string_view bytes) {
  file_hash_.Update(bytes);
  offset_ += bytes.size();
  return file_->Append(bytes);
}

absl::Status RawShardWriter::FinishBlock() {
  if (encoder_.empty()) return absl::OkStatus();
  blocks_.push_back({offset_, encoder_.first_record()});
  return Append(encoder_.Finish());
}

absl::Status RawShardWriter::Write(absl::string_view record) {
  if (record.size() > kMaxRecordBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("record ", records_, " has ", record.size(),
                     " bytes, at most ", kMaxRecordBytes, " fit a shard"));
  }
  // A record larger than a block gets a block of its own.
  const uint64_t grown =
      encoder_.raw_bytes() + sizeof(uint32_t) + record.size();
  if (grown > block_bytes_) LIMBECK_RETURN_IF_ERROR(FinishBlock());
  encoder_.Add(record);
  ++records_;
  std::string length;
  AppendLittleEndian(uint64_t{record.size()}, &length);
  content_hash_.Update(length);
  content_hash_.Update(record);
  return absl::OkStatus();
}

absl::StatusOr<ShardSummary> RawShardWriter::Close() {
  LIMBECK_RETURN_IF_ERROR(FinishBlock());
  ShardTrailer trailer;
  trailer.records = records_;
  trailer.blocks = blocks_;
  trailer.content_digest = content_hash_.Finish();
  trailer.header_bytes = header_bytes_;
  LIMBECK_RETURN_IF_ERROR(Append(EncodeTrailer(trailer, offset_)));
  LIMBECK_RETURN_IF_ERROR(file_->Commit());
  ShardSummary summary;
  summary.records = records_;
  summary.blocks = blocks_.size();
  summary.bytes = offset_;
  summary.sha256 = ToHex(file_hash_.Finish());
  summary.content_digest = ToHex(trailer.content_digest);
  return summary;
}

class ShardWriter::Impl {
 public:
  Impl(std::unique_ptr<RawShardWriter> raw_writer, std::string shard_path)
      : raw(std::move(raw_writer)), path(std::move(shard_path)) {}

  absl::Status CheckReadable(const google::protobuf::Message& record,
                             const std::string& bytes);

  const std::unique_ptr<RawShardWriter> raw;
  const std::string path;
  bool closed = false;

 private:
  std::unique_ptr<google::protobuf::Message> scratch_;
};

// Protobuf writes a `string` field that is no UTF-8, but refuses to read it.
absl::Status ShardWriter::Impl::CheckReadable(
    const google::protobuf::Message& record, const std::string& bytes) {
  if (scratch_ == nullptr) scratch_.reset(record.New());
  if (scratch_->ParseFromString(bytes)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "record ", raw->num_records(), " of ", path,
      " would not read back: a string field holds invalid UTF-8 (model text "
      "belongs in bytes fields)"));
}

absl::StatusOr<std::unique_ptr<ShardWriter>> ShardWriter::Create(
    const std::string& path, const ShardHeader& header,
    const ShardOptions& options) {
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<RawShardWriter> raw,
                           RawShardWriter::Create(path, header, options));
  return absl::WrapUnique(
      new ShardWriter(std::make_unique<Impl>(std::move(raw), path)));
}

ShardWriter::ShardWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ShardWriter::~ShardWriter() = default;

absl::Status ShardWriter::Write(const google::protobuf::Message& record) {
  LIMBECK_CHECK(!impl_->closed);
  const std::string& type = record.GetDescriptor()->full_name();
  if (type != impl_->raw->header().record_type()) {
    return absl::InvalidArgumentError(
        absl::StrCat(impl_->path, " holds ", impl_->raw->header().record_type(),
                     " records, cannot write a ", type));
  }
  const size_t size = record.ByteSizeLong();
  if (size > kMaxRecordBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "record ", impl_->raw->num_records(), " of ", impl_->path, " has ",
        size, " bytes, at most ", kMaxRecordBytes, " fit a shard"));
  }
  const std::string bytes = SerializeDeterministically(record);
  LIMBECK_RETURN_IF_ERROR(impl_->CheckReadable(record, bytes));
  return impl_->raw->Write(bytes);
}

absl::StatusOr<ShardSummary> ShardWriter::Close() {
  LIMBECK_CHECK(!impl_->closed);
  impl_->closed = true;
  return impl_->raw->Close();
}

}  // namespace limbeck
