// Opening a stage's inputs and walking their records.
#ifndef LIMBECK_DATA_STAGES_INPUT_RECORDS_H_
#define LIMBECK_DATA_STAGES_INPUT_RECORDS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/status_macros.h"
#include "data/record/shard.h"
#include "data/stages/artefact.h"
#include "data/stages/stage.h"

namespace limbeck {

// True when the artefact has shards of this file name.
bool HoldsShard(const Manifest& manifest, absl::string_view file);
// Records of all its shards of this file name.
uint64_t NumRecords(const Manifest& manifest, absl::string_view file);

// Opens an input that is an artefact; a content digest other than the one the
// run was planned with is refused.
absl::StatusOr<Artefact> OpenInput(const StageInput& input);
// The inputs that hold shards of this name, in order. None is an error that
// names the stage and its inputs.
absl::StatusOr<std::vector<Artefact>> OpenInputsWith(const StageRun& run,
                                                     absl::string_view file);
// The first of them.
absl::StatusOr<Artefact> OpenInputWith(const StageRun& run,
                                       absl::string_view file);

// The tokenizer folder of the first input that has one.
absl::StatusOr<std::string> FindTokenizerDirectory(const StageRun& run);

// "stage 'x' (split) takes one input, it has 3: 'a', 'b', 'c'".
absl::Status WrongNumberOfInputs(const StageRun& run,
                                 absl::string_view expected);

// What a stage that takes problems or traces was given.
enum class ItemKind { kProblems, kTraces };
absl::StatusOr<ItemKind> ItemKindOf(const Artefact& artefact);

// Counts records over all threads of a stage.
class StageProgress {
 public:
  StageProgress(const StageContext& context, absl::string_view phase,
                uint64_t total, absl::string_view unit);
  void Add(uint64_t records);

 private:
  ProgressSink* const sink_;
  std::atomic<uint64_t> done_{0};
};

// Calls body(record) for each record of a shard.
template <typename Record>
absl::Status ForEachRecord(const std::string& path,
                           const std::function<absl::Status(Record&)>& body) {
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<ShardReader> reader,
                           ShardReader::Open(path));
  LIMBECK_RETURN_IF_ERROR(reader->ExpectType(*Record::descriptor()));
  while (true) {
    Record record;
    LIMBECK_ASSIGN_OR_RETURN(const bool more, reader->Next(&record));
    if (!more) return absl::OkStatus();
    LIMBECK_RETURN_IF_ERROR(body(record));
  }
}

// Maps each partition of shard `file` of `input` to one of this stage. `body`
// gets each record in order, already counted as in, and must count it as out
// or reject it. The shard `output` always exists, so does rejects.lbk.
struct RecordMap {
  absl::string_view file;
  absl::string_view output;
  const google::protobuf::Descriptor* output_type;
  absl::string_view unit;
  std::string tokenizer_fingerprint;      // empty: records hold no ids
  std::string template_fingerprint = "";  // empty: the built-in format
};

RecordMap ProblemsToProblems();
// Keeps the fingerprints of the captured ids.
RecordMap TracesToTraces(const Artefact& input);
// Sets unit and fingerprints, creates the output's and the rejects' shards.
absl::Status TouchOutput(const RecordMap& map, PartitionWriter& writer);

// Counts the record as out and writes it, captured ids counted as tokens.
absl::Status Keep(const Problem& problem, PartitionWriter& writer);
absl::Status Keep(const Trace& trace, PartitionWriter& writer);

template <typename Record>
absl::Status MapRecords(
    const StageRun& run, const Artefact& input, const RecordMap& map,
    const std::function<absl::Status(Record&, PartitionWriter&)>& body) {
  StageProgress progress(run.context, run.identity.kind,
                         NumRecords(input.manifest(), map.file), map.unit);
  return MapPartitions(
      run, input.num_partitions(),
      [&](int partition, PartitionWriter& writer) -> absl::Status {
        LIMBECK_RETURN_IF_ERROR(TouchOutput(map, writer));
        return ForEachRecord<Record>(input.Path(partition, map.file),
                                     [&](Record& record) -> absl::Status {
                                       writer.CountIn();
                                       progress.Add(1);
                                       return body(record, writer);
                                     });
      });
}

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_INPUT_RECORDS_H_
