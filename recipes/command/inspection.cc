#include "recipes/command/inspection.h"

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
#include "recipes/command/architecture_text.h"
#include "recipes/console/terminal.h"
#include "recipes/run/artefact_path.h"
#include "student/adapters/lora_file.h"
#include "student/checkpoint/safetensors.h"
#include "student/config/config.h"

namespace limbeck {
namespace {

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
                                         const InspectionOptions& options) {
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<ShardReader> reader,
                           ShardReader::Open(path));
  LIMBECK_ASSIGN_OR_RETURN(const uint64_t bytes, FileSize(path));
  std::string text =
      absl::StrCat("shard: ", path, "\n", reader->num_records(), " records in ",
                   reader->num_blocks(), " blocks, ",
                   FormatBytes(static_cast<double>(bytes)), "\n",
                   RecordText(reader->header(), options.detail));
  if (options.num_records == 0) return text;
  LIMBECK_ASSIGN_OR_RETURN(const auto record,
                           NewRecord(reader->header().record_type()));
  LIMBECK_RETURN_IF_ERROR(reader->ExpectType(*record->GetDescriptor()));
  for (uint64_t i = 0; i < options.num_records; ++i) {
    LIMBECK_ASSIGN_OR_RETURN(const bool more, reader->Next(record.get()));
    if (!more) break;
    absl::StrAppend(&text, "record ", i, ":\n",
                    RecordText(*record, options.detail));
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
                                            const InspectionOptions& options) {
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
  if (options.num_records == 0) return text;
  for (const FileEntry& file : manifest.files()) {
    // Of an empty shard the list above has said all there is.
    if (file.record_type().empty() || file.records() == 0) continue;
    LIMBECK_ASSIGN_OR_RETURN(
        const std::string shard,
        InspectShard(JoinPath(directory, file.name()), options));
    absl::StrAppend(&text, "\n", shard);
  }
  return text;
}

// Some of the vocabulary: its ends and what stands for the format's marks.
std::string PiecesText(const Tokenizer& tokenizer) {
  constexpr int32_t kShown = 12;
  std::string text;
  const int32_t size = tokenizer.vocab_size();
  for (int32_t id = 0; id < size; ++id) {
    if (id == kShown && size > 2 * kShown) {
      absl::StrAppend(&text, "  ...\n");
      id = size - kShown;
    }
    const auto piece = tokenizer.PieceOf(id);
    absl::StrAppendFormat(
        &text, "  %6d  %s\n", id,
        piece.ok() ? EscapeForTerminal(absl::StrCat("\"", *piece, "\""))
                   : "(none)");
  }
  return text;
}

absl::StatusOr<std::string> InspectTokenizer(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const auto tokenizer, LoadTokenizer(directory));
  return absl::StrCat("tokenizer: ", directory, "\n", tokenizer->vocab_size(),
                      " ids, ends ", absl::StrJoin(tokenizer->end_ids(), ", "),
                      "\nfingerprint ", tokenizer->fingerprint(), "\nfiles ",
                      absl::StrJoin(tokenizer->files(), ", "), "\n",
                      PiecesText(*tokenizer));
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
      absl::StrCat("checkpoint: ", directory, "\n", ArchitectureText(config));
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

std::string AdapterText(const LoraSettings& settings,
                        const LoraAdapter& adapter) {
  const auto by_pattern = [](const auto& patterns) {
    return patterns.empty() ? "" : " (others by pattern)";
  };
  std::string targets = settings.target_expression.empty()
                            ? absl::StrJoin(settings.target_modules, ", ")
                            : settings.target_expression;
  std::string text = absl::StrCat(
      settings.dora ? "DoRA" : "LoRA", " of rank ", settings.rank,
      by_pattern(settings.rank_pattern), ", alpha ", settings.alpha,
      by_pattern(settings.alpha_pattern),
      settings.rank_stabilized ? ", divided by the root of the rank" : "",
      "\nbase ",
      settings.base_model.empty() ? "(not named)" : settings.base_model,
      "\ntargets ", targets.empty() ? "(none)" : targets, "\n");
  if (!settings.modules_to_save.empty()) {
    absl::StrAppend(&text, "trained as a whole: ",
                    absl::StrJoin(settings.modules_to_save, ", "), "\n");
  }
  const size_t copies = adapter.saved.size() + adapter.base_weights.size();
  absl::StrAppend(&text, adapter.modules.size(),
                  " modules, whole weights: ", copies, ", ");
  return text;
}

// Read as a merge would read it: what that refuses is refused here.
absl::StatusOr<std::string> InspectAdapter(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const LoraSettings settings,
                           ReadLoraSettings(directory));
  LIMBECK_ASSIGN_OR_RETURN(const LoraAdapter adapter,
                           ReadLoraAdapter(directory));
  const std::string path = JoinPath(directory, kAdapterWeightsFile);
  LIMBECK_ASSIGN_OR_RETURN(const uint64_t bytes, FileSize(path));
  LIMBECK_ASSIGN_OR_RETURN(const std::string weights, InspectWeights(path));
  return absl::StrCat("adapter: ", directory, "\n",
                      AdapterText(settings, adapter),
                      FormatBytes(static_cast<double>(bytes)), "\n", weights);
}

bool HasTokenizer(const std::string& directory) {
  return FileExists(JoinPath(directory, "tokenizer.json")) ||
         FileExists(JoinPath(directory, "tokenizer.model"));
}

absl::StatusOr<std::string> InspectDirectory(const std::string& path,
                                             const InspectionOptions& options) {
  if (FileExists(JoinPath(path, kManifestName))) {
    return InspectArtefact(path, options);
  }
  std::string text;
  if (FileExists(JoinPath(path, "config.json"))) {
    LIMBECK_ASSIGN_OR_RETURN(text, InspectCheckpoint(path));
  }
  if (FileExists(JoinPath(path, kAdapterSettingsFile))) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string adapter, InspectAdapter(path));
    absl::StrAppend(&text, adapter);
  }
  if (HasTokenizer(path)) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string tokenizer,
                             InspectTokenizer(path));
    absl::StrAppend(&text, tokenizer);
  }
  if (!text.empty()) return text;
  return absl::InvalidArgumentError(absl::StrCat(
      path,
      " holds no manifest.textproto, config.json, adapter_config.json, "
      "tokenizer.json or tokenizer.model: nothing to inspect"));
}

// Files that are known by their names; anything else should be a shard.
absl::StatusOr<std::string> InspectFile(const std::string& path,
                                        const InspectionOptions& options) {
  const std::string name = BaseName(path);
  const std::string folder = DirName(path).empty() ? "." : DirName(path);
  if (absl::EndsWith(name, ".safetensors")) return InspectWeights(path);
  if (name == "tokenizer.model" || name == "tokenizer.json" ||
      name == "tokenizer_config.json") {
    return InspectTokenizer(folder);
  }
  if (name == "config.json") return InspectCheckpoint(folder);
  if (name == kAdapterSettingsFile) return InspectAdapter(folder);
  if (name == kManifestName) return InspectArtefact(folder, options);
  absl::StatusOr<std::string> text = InspectShard(path, options);
  if (text.ok() || absl::EndsWith(name, ".lbk")) return text;
  return absl::Status(
      text.status().code(),
      absl::StrCat(text.status().message(),
                   " (inspect knows shards, *.safetensors, config.json, "
                   "adapter_config.json, tokenizer files and "
                   "manifest.textproto)"));
}

}  // namespace

absl::StatusOr<std::string> Inspect(const std::string& path,
                                    const InspectionOptions& options) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string found, FindArtefactPath(path));
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           IsDirectory(found) ? InspectDirectory(found, options)
                                              : InspectFile(found, options));
  return EscapeLinesForTerminal(text);
}

}  // namespace limbeck
