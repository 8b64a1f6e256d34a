#include "recipes/inspection.h"

#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/record/shard.h"
#include "data/records.pb.h"
#include "data/stages/artefact.h"
#include "data/text/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "recipes/terminal.h"
#include "student/config.h"
#include "student/safetensors.h"

namespace limbeck {
namespace {

// Bytes fields come out escaped; strings may hold UTF-8, escaped later.
std::string MessageText(const google::protobuf::Message& message) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(message, &text);
  return text;
}

// An empty message of a type that this program knows.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> NewRecord(
    const std::string& type) {
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          type);
  if (descriptor == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("records are of type ", type, ", which is unknown here"));
  }
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(descriptor)
          ->New());
}

absl::StatusOr<std::string> InspectShard(const std::string& path,
                                         uint64_t num_records) {
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<ShardReader> reader,
                           ShardReader::Open(path));
  LIMBECK_ASSIGN_OR_RETURN(const uint64_t bytes, FileSize(path));
  std::string text =
      absl::StrCat("shard: ", path, "\n", reader->num_records(), " records in ",
                   reader->num_blocks(), " blocks, ",
                   FormatBytes(static_cast<double>(bytes)), "\n",
                   MessageText(reader->header()));
  if (num_records == 0) return text;
  LIMBECK_ASSIGN_OR_RETURN(const auto record,
                           NewRecord(reader->header().record_type()));
  LIMBECK_RETURN_IF_ERROR(reader->ExpectType(*record->GetDescriptor()));
  for (uint64_t i = 0; i < num_records; ++i) {
    LIMBECK_ASSIGN_OR_RETURN(const bool more, reader->Next(record.get()));
    if (!more) break;
    absl::StrAppend(&text, "record ", i, ":\n", MessageText(*record));
  }
  return text;
}

std::string CountsText(const Counts& counts) {
  std::string text = absl::StrFormat(
      "%d %s in = %d out + %d rejected + %d merged\n", counts.in(),
      counts.unit(), counts.out(), counts.rejected(), counts.merged());
  for (const ReasonCount& reason : counts.rejected_by_reason()) {
    absl::StrAppendFormat(&text, "  %8d  %s\n", reason.count(),
                          reason.reason());
  }
  return text;
}

absl::StatusOr<std::string> InspectArtefact(const std::string& directory,
                                            uint64_t num_records) {
  LIMBECK_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(directory));
  std::string text = absl::StrCat(
      manifest.has_partition()
          ? absl::StrCat("partition ", manifest.partition(), " of ",
                         manifest.num_partitions())
          : absl::StrCat("artefact of ", manifest.num_partitions(),
                         " partitions"),
      ": ", directory, "\nstage ", manifest.stage_name(), " (",
      manifest.stage_kind(), ", version ", manifest.stage_version(), "), seed ",
      manifest.seed(), "\nfingerprint ", manifest.fingerprint(), "\ncontent ",
      manifest.content_digest(), "\noptions ", manifest.options(), "\n");
  for (const Parent& parent : manifest.parents()) {
    absl::StrAppend(&text, "input ", parent.name(), " ",
                    parent.content_digest(), "\n");
  }
  absl::StrAppend(&text, CountsText(manifest.counts()));
  for (const FileEntry& file : manifest.files()) {
    absl::StrAppendFormat(&text, "%-40s %12d bytes %10d records %12d tokens\n",
                          file.name(), file.bytes(), file.records(),
                          file.tokens());
  }
  if (num_records == 0) return text;
  for (const FileEntry& file : manifest.files()) {
    if (file.record_type().empty()) continue;
    LIMBECK_ASSIGN_OR_RETURN(
        const std::string shard,
        InspectShard(JoinPath(directory, file.name()), num_records));
    absl::StrAppend(&text, "\n", shard);
  }
  return text;
}

absl::StatusOr<std::string> InspectTokenizer(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const auto tokenizer, LoadTokenizer(directory));
  return absl::StrCat("tokenizer: ", directory, "\n", tokenizer->vocab_size(),
                      " ids, ends ", absl::StrJoin(tokenizer->end_ids(), ", "),
                      "\nfingerprint ", tokenizer->fingerprint(), "\nfiles ",
                      absl::StrJoin(tokenizer->files(), ", "), "\n");
}

std::string ConfigText(const ModelConfig& config) {
  return absl::StrFormat(
      "%s, %d parameters stored as %s\n%d layers, hidden %d, heads %d (%d for "
      "keys), head size %d, feed-forward %d, vocabulary %d%s\n%d positions, "
      "rope theta %g, ends %s\n",
      config.model_type, config.NumParameters(), config.dtype,
      config.num_layers, config.hidden_size, config.num_heads,
      config.num_kv_heads, config.head_dim, config.intermediate_size,
      config.vocab_size, config.tied_head ? ", tied head" : "",
      config.max_positions, config.rope_theta,
      absl::StrJoin(config.eos_ids, ", "));
}

absl::StatusOr<std::string> InspectWeights(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const SafetensorsFile file,
                           SafetensorsFile::Open(path));
  std::string text = absl::StrCat("weights: ", path, "\n");
  for (const std::string& name : file.names()) {
    LIMBECK_ASSIGN_OR_RETURN(const at::Tensor tensor, file.Get(name));
    absl::StrAppendFormat(&text, "%-56s %-9s [%s]\n", name,
                          c10::toString(tensor.scalar_type()),
                          absl::StrJoin(tensor.sizes(), ", "));
  }
  return text;
}

absl::StatusOr<std::string> InspectCheckpoint(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const ModelConfig config,
                           ReadModelConfig(directory));
  std::string text =
      absl::StrCat("checkpoint: ", directory, "\n", ConfigText(config));
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(directory));
  for (const std::string& name : names) {
    if (!absl::EndsWith(name, ".safetensors")) continue;
    LIMBECK_ASSIGN_OR_RETURN(const std::string weights,
                             InspectWeights(JoinPath(directory, name)));
    absl::StrAppend(&text, weights);
  }
  return text;
}

bool HasTokenizer(const std::string& directory) {
  return FileExists(JoinPath(directory, "tokenizer.json")) ||
         FileExists(JoinPath(directory, "tokenizer.model"));
}

absl::StatusOr<std::string> InspectDirectory(const std::string& path,
                                             uint64_t num_records) {
  if (FileExists(JoinPath(path, kManifestName))) {
    return InspectArtefact(path, num_records);
  }
  std::string text;
  if (FileExists(JoinPath(path, "config.json"))) {
    LIMBECK_ASSIGN_OR_RETURN(text, InspectCheckpoint(path));
  }
  if (HasTokenizer(path)) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string tokenizer,
                             InspectTokenizer(path));
    absl::StrAppend(&text, tokenizer);
  }
  if (!text.empty()) return text;
  return absl::InvalidArgumentError(absl::StrCat(
      path,
      " holds no manifest.textproto, config.json, tokenizer.json or "
      "tokenizer.model: nothing to inspect"));
}

}  // namespace

absl::StatusOr<std::string> Inspect(const std::string& path,
                                    uint64_t num_records) {
  absl::StatusOr<std::string> text =
      IsDirectory(path) ? InspectDirectory(path, num_records)
      : absl::EndsWith(path, ".safetensors") ? InspectWeights(path)
                                             : InspectShard(path, num_records);
  if (!text.ok()) return text.status();
  return EscapeLinesForTerminal(*text);
}

}  // namespace limbeck
