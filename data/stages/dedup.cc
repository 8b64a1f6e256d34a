#include "data/stages/dedup.h"

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/dedup_reduce.h"
#include "data/stages/input_records.h"
#include "data/stages/record_id.h"
#include "data/stages/rejections.h"

namespace limbeck {
namespace {

std::string IdOf(const Key128& key) {
  std::string id;
  for (const uint64_t half : {key.high, key.low}) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      id.push_back(static_cast<char>(half >> shift & 0xff));
    }
  }
  return id;
}

DedupEntry MakeEntry(const Trace& trace) {
  DedupEntry entry;
  entry.content = Key128::FromId(FieldHasher("limbeck.output.v1")
                                     .Bytes(CollapseSpace(trace.raw_output()))
                                     .Id());
  // Plain text has no problem: equal texts are duplicates wherever they are.
  entry.group = trace.has_problem() ? Key128::FromId(trace.problem().id())
                                    : entry.content;
  entry.trace = Key128::FromId(trace.id());
  entry.record = Key128::FromId(
      FieldHasher("limbeck.record.v1").Bytes(trace.SerializeAsString()).Id());
  return entry;
}

absl::StatusOr<std::vector<DedupEntry>> ReadEntries(
    const StageRun& run, const std::vector<Artefact>& inputs) {
  struct Part {
    uint32_t input;
    uint32_t partition;
    std::vector<DedupEntry> entries;
  };
  std::vector<Part> parts;
  uint64_t total = 0;
  for (size_t input = 0; input < inputs.size(); ++input) {
    total += NumRecords(inputs[input].manifest(), kTracesFile);
    for (int part = 0; part < inputs[input].num_partitions(); ++part) {
      parts.push_back(
          {static_cast<uint32_t>(input), static_cast<uint32_t>(part), {}});
    }
  }
  StageProgress progress(run.context, "dedup: keys", total, "traces");
  LIMBECK_RETURN_IF_ERROR(
      ParallelFor(run.context.pool, static_cast<int64_t>(parts.size()),
                  [&](int64_t number) -> absl::Status {
                    Part& part = parts[static_cast<size_t>(number)];
                    return ForEachRecord<Trace>(
                        inputs[part.input].Path(
                            static_cast<int>(part.partition), kTracesFile),
                        [&](Trace& trace) -> absl::Status {
                          DedupEntry entry = MakeEntry(trace);
                          entry.input = part.input;
                          entry.partition = part.partition;
                          entry.index = part.entries.size();
                          part.entries.push_back(entry);
                          progress.Add(1);
                          return absl::OkStatus();
                        });
                  }));
  std::vector<DedupEntry> all;
  for (Part& part : parts) {
    all.insert(all.end(), part.entries.begin(), part.entries.end());
  }
  return all;
}

// Reads traces by place; neighbours in the output are mostly neighbours in the
// input, so the readers' cached blocks serve them.
class TraceSource {
 public:
  explicit TraceSource(const std::vector<Artefact>& inputs) : inputs_(inputs) {}

  absl::StatusOr<Trace> Read(const DedupEntry& entry) {
    std::unique_ptr<ShardReader>& reader =
        readers_[{entry.input, entry.partition}];
    if (reader == nullptr) {
      LIMBECK_ASSIGN_OR_RETURN(
          reader, ShardReader::Open(inputs_[entry.input].Path(
                      static_cast<int>(entry.partition), kTracesFile)));
    }
    Trace trace;
    LIMBECK_RETURN_IF_ERROR(reader->Read(entry.index, &trace));
    return trace;
  }

 private:
  const std::vector<Artefact>& inputs_;
  std::map<std::pair<uint32_t, uint32_t>, std::unique_ptr<ShardReader>>
      readers_;
};

absl::Status WriteTrace(const DedupEntry& entry, Trace trace, uint32_t cap,
                        PartitionWriter& writer) {
  writer.CountIn();
  if (entry.fate == DedupFate::kKept) {
    return Keep(trace, writer);
  }
  Rejection rejection;
  if (entry.fate == DedupFate::kDuplicate) {
    rejection.set_reason(REJECTION_REASON_DUPLICATE);
    rejection.set_other_id(IdOf(entry.survivor));
  } else {
    rejection = MakeRejection(REJECTION_REASON_OVER_CAP, entry.rank + 1.0, cap,
                              "traces of one problem");
  }
  SetRejected(std::move(trace), rejection);
  return writer.Reject(std::move(rejection));
}

// Fingerprint for the shard headers: only if all inputs agree.
std::string SharedTokenizer(const std::vector<Artefact>& inputs) {
  const Manifest& first = inputs[0].manifest();
  for (const Artefact& input : inputs) {
    const Manifest& other = input.manifest();
    if (other.tokenizer_fingerprint() != first.tokenizer_fingerprint() ||
        other.template_fingerprint() != first.template_fingerprint()) {
      return "";
    }
  }
  return first.tokenizer_fingerprint();
}

}  // namespace

std::string CollapseSpace(absl::string_view text) {
  std::string collapsed;
  collapsed.reserve(text.size());
  for (const char c : text) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      collapsed.push_back(c);
    } else if (!collapsed.empty() && collapsed.back() != ' ') {
      collapsed.push_back(' ');
    }
  }
  if (!collapsed.empty() && collapsed.back() == ' ') collapsed.pop_back();
  return collapsed;
}

absl::Status RunDedupStage(const DedupOptions& options, const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<Artefact> inputs,
                           OpenInputsWith(run, kTracesFile));
  LIMBECK_ASSIGN_OR_RETURN(std::vector<DedupEntry> entries,
                           ReadEntries(run, inputs));
  const uint32_t cap = static_cast<uint32_t>(options.max_traces_per_problem());
  ReduceDuplicates(entries, cap);
  RecordMap map = TracesToTraces(inputs[0]);
  map.tokenizer_fingerprint = SharedTokenizer(inputs);
  const int num_partitions = inputs[0].num_partitions();
  StageProgress progress(run.context, "dedup: write", entries.size(), "traces");
  return MapPartitions(
      run, num_partitions,
      [&](int partition, PartitionWriter& writer) -> absl::Status {
        LIMBECK_RETURN_IF_ERROR(TouchOutput(map, writer));
        TraceSource source(inputs);
        for (const DedupEntry& entry : entries) {
          if (PartitionOf(IdOf(entry.group), num_partitions) != partition) {
            continue;
          }
          LIMBECK_ASSIGN_OR_RETURN(Trace trace, source.Read(entry));
          LIMBECK_RETURN_IF_ERROR(
              WriteTrace(entry, std::move(trace), cap, writer));
          progress.Add(1);
        }
        return absl::OkStatus();
      });
}

}  // namespace limbeck
