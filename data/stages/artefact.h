// Artefacts on disk: a directory of independently committed partitions.
//
//   <artefact>/part-0000/traces.lbk, rejects.lbk, manifest.textproto
//   <artefact>/manifest.textproto        written last: proves completion
//   <artefact>/run.json                  time, cost, host; not part of it
#ifndef LIMBECK_DATA_STAGES_ARTEFACT_H_
#define LIMBECK_DATA_STAGES_ARTEFACT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/record/shard.h"
#include "data/records.pb.h"
#include "data/stages/manifest.pb.h"
#include "data/stages/stage.h"
#include "google/protobuf/message.h"

namespace limbeck {

inline constexpr absl::string_view kManifestName = "manifest.textproto";
inline constexpr absl::string_view kRejectsFile = "rejects.lbk";
inline constexpr absl::string_view kProblemsFile = "problems.lbk";
inline constexpr absl::string_view kTracesFile = "traces.lbk";
inline constexpr absl::string_view kSignalsFile = "signals.lbk";
inline constexpr absl::string_view kSamplesFile = "samples.lbk";
inline constexpr absl::string_view kBinsFile = "bins.lbk";
inline constexpr absl::string_view kCheckpointFolder = "checkpoint";
inline constexpr absl::string_view kTokenizerFolder = "tokenizer";

// "part-0007"
std::string PartitionName(int partition);
std::string PartitionPath(const std::string& artefact_directory, int partition);

// Reads and parses a manifest; absent is NotFound.
absl::StatusOr<Manifest> ReadManifest(const std::string& directory);
// True when the directory holds a manifest with this fingerprint.
absl::StatusOr<bool> IsComplete(const std::string& directory,
                                const std::string& fingerprint);
// Checks that every file of the manifest is there with its size.
absl::Status CheckFileSizes(const std::string& directory,
                            const Manifest& manifest);
// Checks that every file of the manifest is there with its size and SHA-256.
absl::Status VerifyFiles(const std::string& directory,
                         const Manifest& manifest);

// Writes one partition. Files appear one by one, whole; the manifest last.
class PartitionWriter {
 public:
  // Removes what an interrupted run left in the partition, except files whose
  // names are in `keep` (journals, training state).
  static absl::StatusOr<std::unique_ptr<PartitionWriter>> Create(
      const StageRun& run, int partition, int num_partitions,
      const std::vector<std::string>& keep = {});
  ~PartitionWriter();

  const std::string& directory() const { return directory_; }

  void set_unit(absl::string_view unit);
  // `chat_template`: fingerprint of what prompts are written with; empty: the
  // built-in format.
  void set_tokenizer_fingerprint(absl::string_view fingerprint,
                                 absl::string_view chat_template = "");
  void CountIn(uint64_t count = 1);
  void CountOut(uint64_t count = 1);
  void CountMerged(uint64_t count = 1);

  // Appends a record to shard `file` (created at first use). Does not count.
  absl::Status Write(absl::string_view file,
                     const google::protobuf::Message& record,
                     uint64_t tokens = 0);
  // Creates shard `file` even if no record follows, so that it always exists.
  absl::Status Touch(absl::string_view file,
                     const google::protobuf::Descriptor& type);
  // Appends to rejects.lbk with stage name filled in, and counts it.
  absl::Status Reject(Rejection rejection);
  // Registers a file that is no shard, already in directory() and durable.
  absl::Status AddFile(const std::string& name, uint64_t tokens = 0);
  // As AddFile for every file below directory()/folder.
  absl::Status AddFolder(const std::string& folder);

  // Checks in = out + rejected + merged, closes the shards, writes the
  // manifest.
  absl::Status Commit();

 private:
  PartitionWriter(const StageRun& run, int partition, int num_partitions);
  absl::StatusOr<ShardWriter*> Shard(absl::string_view file,
                                     const google::protobuf::Descriptor& type);

  const StageIdentity identity_;
  const std::string fingerprint_;
  const std::string directory_;
  Manifest manifest_;
  std::map<std::string, std::unique_ptr<ShardWriter>> shards_;
  std::map<std::string, uint64_t> shard_tokens_;
  std::map<std::string, std::string> shard_types_;
  std::map<int, uint64_t> rejected_by_reason_;
};

// Writes the root manifest from the partitions' manifests; every partition
// must be complete with the run's fingerprint.
absl::Status FinishArtefact(const StageRun& run, int num_partitions);
// As above for as many partitions as the first one's manifest says.
absl::Status FinishArtefact(const StageRun& run);

// A complete artefact, for reading.
class Artefact {
 public:
  static absl::StatusOr<Artefact> Open(const std::string& directory);

  const Manifest& manifest() const { return manifest_; }
  const std::string& directory() const { return directory_; }
  int num_partitions() const {
    return static_cast<int>(manifest_.num_partitions());
  }
  std::string Path(int partition, absl::string_view file) const;
  absl::StatusOr<Manifest> PartitionManifest(int partition) const;

 private:
  std::string directory_;
  Manifest manifest_;
};

// All records of `file` in all partitions, in partition and record order.
template <typename Record>
absl::StatusOr<std::vector<Record>> ReadArtefact(const Artefact& artefact,
                                                 absl::string_view file) {
  std::vector<Record> all;
  for (int partition = 0; partition < artefact.num_partitions(); ++partition) {
    auto records = ReadShard<Record>(artefact.Path(partition, file));
    if (!records.ok()) return records.status();
    for (Record& record : *records) all.push_back(std::move(record));
  }
  return all;
}

// The checkpoint folder of a model input, or of a training artefact.
absl::StatusOr<std::string> CheckpointDirectory(const StageInput& input);
// The tokenizer folder of a model, training or train_tokenizer input.
absl::StatusOr<std::string> TokenizerDirectory(const StageInput& input);

// Runs body(partition, writer) for each partition that is not yet complete
// with this fingerprint, in parallel on the context's pool, and commits it.
// Checks for cancellation between partitions.
absl::Status MapPartitions(
    const StageRun& run, int num_partitions,
    const std::function<absl::Status(int, PartitionWriter&)>& body);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_ARTEFACT_H_
