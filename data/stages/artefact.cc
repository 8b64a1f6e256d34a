#include "data/stages/artefact.h"

#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "data/base/check.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/manifest_io.h"

namespace limbeck {
namespace {

constexpr absl::string_view kPartitionPrefix = "part-";

// Partitions of an earlier run that had more of them.
absl::Status RemoveForeignPartitions(const std::string& directory,
                                     int num_partitions) {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(directory));
  for (const std::string& name : names) {
    absl::string_view digits = name;
    int number = 0;
    if (!absl::ConsumePrefix(&digits, kPartitionPrefix)) continue;
    if (!absl::SimpleAtoi(digits, &number)) continue;
    if (number < num_partitions && PartitionName(number) == name) continue;
    LIMBECK_RETURN_IF_ERROR(RemoveTree(JoinPath(directory, name)));
  }
  return absl::OkStatus();
}

// Sums of all partitions, reasons by rising enum value.
class CountsSum {
 public:
  void Add(const Counts& counts) {
    if (sum_.unit().empty()) sum_.set_unit(counts.unit());
    sum_.set_in(sum_.in() + counts.in());
    sum_.set_out(sum_.out() + counts.out());
    sum_.set_rejected(sum_.rejected() + counts.rejected());
    sum_.set_merged(sum_.merged() + counts.merged());
    for (const ReasonCount& entry : counts.rejected_by_reason()) {
      RejectionReason reason = REJECTION_REASON_UNSPECIFIED;
      RejectionReason_Parse(entry.reason(), &reason);
      by_reason_[reason] += entry.count();
    }
  }

  Counts Finish() && {
    for (const auto& [reason, count] : by_reason_) {
      ReasonCount* entry = sum_.add_rejected_by_reason();
      entry->set_reason(
          RejectionReason_Name(static_cast<RejectionReason>(reason)));
      entry->set_count(count);
    }
    return std::move(sum_);
  }

 private:
  Counts sum_;
  std::map<int, uint64_t> by_reason_;
};

absl::Status AddPartition(const Manifest& partition, Manifest& root) {
  const std::string& fingerprint = partition.tokenizer_fingerprint();
  if (root.tokenizer_fingerprint().empty()) {
    root.set_tokenizer_fingerprint(fingerprint);
  } else if (!fingerprint.empty() &&
             fingerprint != root.tokenizer_fingerprint()) {
    return absl::InternalError(absl::StrCat(
        "partition ", partition.partition(), " was written with tokenizer ",
        fingerprint, ", earlier ones with ", root.tokenizer_fingerprint()));
  }
  if (!partition.template_fingerprint().empty()) {
    root.set_template_fingerprint(partition.template_fingerprint());
  }
  const std::string folder =
      PartitionName(static_cast<int>(partition.partition()));
  for (FileEntry file : partition.files()) {
    file.set_name(absl::StrCat(folder, "/", file.name()));
    *root.add_files() = std::move(file);
  }
  return absl::OkStatus();
}

absl::Status CheckSize(const std::string& path, const FileEntry& file) {
  if (!FileExists(path)) {
    return absl::DataLossError(
        absl::StrCat(path, " is missing; its manifest lists it with ",
                     file.bytes(), " bytes"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const uint64_t bytes, FileSize(path));
  if (bytes == file.bytes()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      path, " has ", bytes, " bytes, its manifest says ", file.bytes()));
}

}  // namespace

std::string PartitionName(int partition) {
  return absl::StrFormat("%s%04d", kPartitionPrefix, partition);
}

std::string PartitionPath(const std::string& artefact_directory,
                          int partition) {
  return JoinPath(artefact_directory, PartitionName(partition));
}

absl::StatusOr<bool> IsComplete(const std::string& directory,
                                const std::string& fingerprint) {
  absl::StatusOr<Manifest> manifest = ReadManifest(directory);
  if (absl::IsNotFound(manifest.status())) return false;
  if (!manifest.ok()) return manifest.status();
  return manifest->fingerprint() == fingerprint;
}

absl::Status CheckFileSizes(const std::string& directory,
                            const Manifest& manifest) {
  for (const FileEntry& file : manifest.files()) {
    LIMBECK_RETURN_IF_ERROR(CheckSize(JoinPath(directory, file.name()), file));
  }
  return absl::OkStatus();
}

absl::Status VerifyFiles(const std::string& directory,
                         const Manifest& manifest) {
  for (const FileEntry& file : manifest.files()) {
    const std::string path = JoinPath(directory, file.name());
    LIMBECK_RETURN_IF_ERROR(CheckSize(path, file));
    LIMBECK_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(path));
    if (digest != file.sha256()) {
      return absl::DataLossError(absl::StrCat(path, " has SHA-256 ", digest,
                                              ", its manifest says ",
                                              file.sha256()));
    }
  }
  return absl::OkStatus();
}

absl::Status FinishArtefact(const StageRun& run, int num_partitions) {
  LIMBECK_CHECK_GE(num_partitions, 1);
  Manifest root = MakeManifest(run.identity);
  root.set_num_partitions(static_cast<uint32_t>(num_partitions));
  CountsSum counts;
  for (int partition = 0; partition < num_partitions; ++partition) {
    const std::string directory = PartitionPath(run.directory, partition);
    LIMBECK_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(directory));
    if (manifest.fingerprint() != root.fingerprint()) {
      return absl::FailedPreconditionError(
          absl::StrCat(directory, " has fingerprint ", manifest.fingerprint(),
                       ", this run has ", root.fingerprint()));
    }
    // It may be of an earlier run, and the root will vouch for it.
    const absl::Status whole = CheckFileSizes(directory, manifest);
    if (!whole.ok()) {
      return absl::Status(whole.code(),
                          absl::StrCat(whole.message(), "; remove ", directory,
                                       " to have it made again"));
    }
    counts.Add(manifest.counts());
    LIMBECK_RETURN_IF_ERROR(AddPartition(manifest, root));
  }
  *root.mutable_counts() = std::move(counts).Finish();
  LIMBECK_RETURN_IF_ERROR(CheckBalance(root.counts(), run.directory));
  LIMBECK_RETURN_IF_ERROR(
      RemoveForeignPartitions(run.directory, num_partitions));
  return WriteManifest(run.directory, std::move(root));
}

absl::Status FinishArtefact(const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const Manifest first,
                           ReadManifest(PartitionPath(run.directory, 0)));
  return FinishArtefact(run, static_cast<int>(first.num_partitions()));
}

absl::StatusOr<Artefact> Artefact::Open(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(Manifest manifest, ReadManifest(directory));
  if (manifest.has_partition()) {
    return absl::InvalidArgumentError(
        absl::StrCat(directory, " is partition ", manifest.partition(),
                     " of an artefact; give the directory above it"));
  }
  Artefact artefact;
  artefact.directory_ = directory;
  artefact.manifest_ = std::move(manifest);
  return artefact;
}

std::string Artefact::Path(int partition, absl::string_view file) const {
  return JoinPath(PartitionPath(directory_, partition), file);
}

absl::StatusOr<Manifest> Artefact::PartitionManifest(int partition) const {
  return ReadManifest(PartitionPath(directory_, partition));
}

absl::StatusOr<std::string> CheckpointDirectory(const StageInput& input) {
  const std::string folder =
      input.is_model
          ? input.directory
          : JoinPath(PartitionPath(input.directory, 0), kCheckpointFolder);
  if (IsDirectory(folder)) return folder;
  return absl::NotFoundError(absl::StrCat(
      "input '", input.name, "': ", folder, " does not exist; ",
      input.is_model ? "the model's path is wrong"
                     : "only a training stage leaves a checkpoint"));
}

absl::StatusOr<std::string> TokenizerDirectory(const StageInput& input) {
  std::vector<std::string> folders;
  if (input.is_model) {
    folders.push_back(input.directory);
  } else {
    const std::string partition = PartitionPath(input.directory, 0);
    folders.push_back(JoinPath(partition, kTokenizerFolder));
    folders.push_back(JoinPath(partition, kCheckpointFolder));
  }
  for (const std::string& folder : folders) {
    for (absl::string_view name : {"tokenizer.json", "tokenizer.model"}) {
      if (FileExists(JoinPath(folder, name))) return folder;
    }
  }
  return absl::NotFoundError(absl::StrCat(
      "input '", input.name, "': neither tokenizer.json nor tokenizer.model ",
      "in ", folders.front(),
      folders.size() > 1 ? absl::StrCat(" or ", folders.back()) : ""));
}

absl::Status MapPartitions(
    const StageRun& run, int num_partitions,
    const std::function<absl::Status(int, PartitionWriter&)>& body) {
  LIMBECK_CHECK_GE(num_partitions, 1);
  const std::string fingerprint = run.identity.Fingerprint();
  return ParallelFor(
      run.context.pool, num_partitions, [&](int64_t index) -> absl::Status {
        const int partition = static_cast<int>(index);
        if (run.context.cancelled()) {
          return absl::CancelledError(absl::StrCat(
              "stage '", run.identity.name, "' stopped before partition ",
              partition, " of ", num_partitions));
        }
        LIMBECK_ASSIGN_OR_RETURN(
            const bool done,
            IsComplete(PartitionPath(run.directory, partition), fingerprint));
        if (done) return absl::OkStatus();
        LIMBECK_ASSIGN_OR_RETURN(
            std::unique_ptr<PartitionWriter> writer,
            PartitionWriter::Create(run, partition, num_partitions));
        LIMBECK_RETURN_IF_ERROR(body(partition, *writer));
        return writer->Commit();
      });
}

}  // namespace limbeck
