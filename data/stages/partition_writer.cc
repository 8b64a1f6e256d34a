#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/manifest_io.h"
#include "data/text/reasoning_format.h"

namespace limbeck {
namespace {

absl::Status RemoveLeftovers(const std::string& directory,
                             const std::vector<std::string>& keep) {
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(directory));
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(directory));
  for (const std::string& name : names) {
    if (std::find(keep.begin(), keep.end(), name) != keep.end()) continue;
    LIMBECK_RETURN_IF_ERROR(RemoveTree(JoinPath(directory, name)));
  }
  return absl::OkStatus();
}

// A root manifest would go on vouching for files that are about to change.
absl::Status RemoveRootManifest(const std::string& artefact_directory) {
  const std::string path = JoinPath(artefact_directory, kManifestName);
  if (!FileExists(path)) return absl::OkStatus();
  LIMBECK_RETURN_IF_ERROR(RemoveTree(path));
  return SyncDirectory(artefact_directory);
}

}  // namespace

PartitionWriter::PartitionWriter(const StageRun& run, int partition,
                                 int num_partitions)
    : identity_(run.identity),
      fingerprint_(run.identity.Fingerprint()),
      directory_(PartitionPath(run.directory, partition)),
      manifest_(MakeManifest(run.identity)) {
  manifest_.set_partition(static_cast<uint32_t>(partition));
  manifest_.set_num_partitions(static_cast<uint32_t>(num_partitions));
}

PartitionWriter::~PartitionWriter() = default;

absl::StatusOr<std::unique_ptr<PartitionWriter>> PartitionWriter::Create(
    const StageRun& run, int partition, int num_partitions,
    const std::vector<std::string>& keep) {
  LIMBECK_CHECK_GE(partition, 0);
  LIMBECK_CHECK_LT(partition, num_partitions);
  LIMBECK_RETURN_IF_ERROR(RemoveRootManifest(run.directory));
  std::unique_ptr<PartitionWriter> writer(
      new PartitionWriter(run, partition, num_partitions));
  LIMBECK_RETURN_IF_ERROR(RemoveLeftovers(writer->directory_, keep));
  return writer;
}

void PartitionWriter::set_unit(absl::string_view unit) {
  manifest_.mutable_counts()->set_unit(std::string(unit));
}

void PartitionWriter::set_tokenizer_fingerprint(
    absl::string_view fingerprint, absl::string_view chat_template) {
  LIMBECK_CHECK(shards_.empty());  // the shards' headers carry them
  if (chat_template != ReasoningFormatFingerprint()) {
    manifest_.set_template_fingerprint(std::string(chat_template));
  }
  manifest_.set_tokenizer_fingerprint(std::string(fingerprint));
}

void PartitionWriter::CountIn(uint64_t count) {
  Counts& counts = *manifest_.mutable_counts();
  counts.set_in(counts.in() + count);
}

void PartitionWriter::CountOut(uint64_t count) {
  Counts& counts = *manifest_.mutable_counts();
  counts.set_out(counts.out() + count);
}

void PartitionWriter::CountMerged(uint64_t count) {
  Counts& counts = *manifest_.mutable_counts();
  counts.set_merged(counts.merged() + count);
}

absl::StatusOr<ShardWriter*> PartitionWriter::Shard(
    absl::string_view file, const google::protobuf::Descriptor& type) {
  const std::string name(file);
  auto found = shards_.find(name);
  if (found != shards_.end()) return found->second.get();
  ShardHeader header = MakeShardHeader(type);
  header.set_stage_kind(identity_.kind);
  header.set_stage_version(identity_.version);
  header.set_stage_fingerprint(fingerprint_);
  header.set_partition(manifest_.partition());
  if (!manifest_.tokenizer_fingerprint().empty()) {
    header.set_tokenizer_fingerprint(manifest_.tokenizer_fingerprint());
    header.set_template_fingerprint(manifest_.template_fingerprint().empty()
                                        ? ReasoningFormatFingerprint()
                                        : manifest_.template_fingerprint());
  }
  LIMBECK_ASSIGN_OR_RETURN(
      std::unique_ptr<ShardWriter> writer,
      ShardWriter::Create(JoinPath(directory_, name), header));
  ShardWriter* shard = writer.get();
  shards_[name] = std::move(writer);
  shard_types_[name] = type.full_name();
  return shard;
}

absl::Status PartitionWriter::Write(absl::string_view file,
                                    const google::protobuf::Message& record,
                                    uint64_t tokens) {
  LIMBECK_ASSIGN_OR_RETURN(ShardWriter * shard,
                           Shard(file, *record.GetDescriptor()));
  shard_tokens_[std::string(file)] += tokens;
  return shard->Write(record);
}

absl::Status PartitionWriter::Touch(absl::string_view file,
                                    const google::protobuf::Descriptor& type) {
  return Shard(file, type).status();
}

absl::Status PartitionWriter::Reject(Rejection rejection) {
  LIMBECK_CHECK(rejection.reason() != REJECTION_REASON_UNSPECIFIED);
  rejection.set_stage(identity_.name);
  Counts& counts = *manifest_.mutable_counts();
  counts.set_rejected(counts.rejected() + 1);
  ++rejected_by_reason_[rejection.reason()];
  return Write(kRejectsFile, rejection);
}

absl::Status PartitionWriter::AddFile(const std::string& name,
                                      uint64_t tokens) {
  const std::string path = JoinPath(directory_, name);
  FileEntry entry;
  entry.set_name(name);
  LIMBECK_ASSIGN_OR_RETURN(const uint64_t bytes, FileSize(path));
  LIMBECK_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(path));
  entry.set_bytes(bytes);
  entry.set_sha256(digest);
  entry.set_content_digest(digest);
  entry.set_tokens(tokens);
  *manifest_.add_files() = std::move(entry);
  return absl::OkStatus();
}

absl::Status PartitionWriter::AddFolder(const std::string& folder) {
  const std::string path = JoinPath(directory_, folder);
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(path));
  for (const std::string& name : names) {
    const bool is_folder = IsDirectory(JoinPath(path, name));
    const std::string inner = JoinPath(folder, name);
    LIMBECK_RETURN_IF_ERROR(is_folder ? AddFolder(inner) : AddFile(inner));
  }
  return absl::OkStatus();
}

absl::Status PartitionWriter::Commit() {
  for (const auto& [reason, count] : rejected_by_reason_) {
    ReasonCount* entry = manifest_.mutable_counts()->add_rejected_by_reason();
    entry->set_reason(
        RejectionReason_Name(static_cast<RejectionReason>(reason)));
    entry->set_count(count);
  }
  LIMBECK_RETURN_IF_ERROR(CheckBalance(manifest_.counts(), directory_));
  for (auto& [name, shard] : shards_) {
    LIMBECK_ASSIGN_OR_RETURN(const ShardSummary summary, shard->Close());
    FileEntry* entry = manifest_.add_files();
    entry->set_name(name);
    entry->set_bytes(summary.bytes);
    entry->set_sha256(summary.sha256);
    entry->set_content_digest(summary.content_digest);
    entry->set_record_type(shard_types_[name]);
    entry->set_records(summary.records);
    entry->set_tokens(shard_tokens_[name]);
  }
  std::sort(manifest_.mutable_files()->begin(),
            manifest_.mutable_files()->end(),
            [](const FileEntry& a, const FileEntry& b) {
              return a.name() < b.name();
            });
  return WriteManifest(directory_, manifest_);
}

}  // namespace limbeck
