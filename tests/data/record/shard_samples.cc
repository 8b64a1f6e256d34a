#include "tests/data/record/shard_samples.h"

#include <fstream>

#include "data/base/check.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/record/shard_writer.h"

namespace limbeck {

Span SampleSpan(uint64_t index) {
  Span span;
  span.set_begin(index);
  span.set_end(index * 1000);
  return span;
}

absl::StatusOr<ShardSummary> WriteSampleShard(const std::string& path,
                                              uint64_t count,
                                              uint64_t per_block) {
  ShardOptions options;
  // 4 bytes of length and at most 6 of record each: padded to 10 below 16384.
  options.block_bytes = per_block * 10;
  LIMBECK_ASSIGN_OR_RETURN(
      std::unique_ptr<ShardWriter> writer,
      ShardWriter::Create(path, MakeShardHeader(*Span::descriptor()), options));
  for (uint64_t i = 0; i < count; ++i) {
    LIMBECK_RETURN_IF_ERROR(writer->Write(SampleSpan(i)));
  }
  return writer->Close();
}

absl::StatusOr<std::vector<uint64_t>> ReadSampleShard(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<Span> spans,
                           ReadShard<Span>(path));
  std::vector<uint64_t> begins;
  for (const Span& span : spans) begins.push_back(span.begin());
  return begins;
}

void WriteQuickly(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  LIMBECK_CHECK(file.good());
}

std::string BytesOf(const std::string& path) {
  absl::StatusOr<std::string> bytes = ReadFile(path);
  LIMBECK_CHECK(bytes.ok());
  return *std::move(bytes);
}

}  // namespace limbeck
