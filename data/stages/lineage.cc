#include "data/stages/lineage.h"

#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "data/record/shard.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "data/stages/record_id.h"

namespace limbeck {
namespace {

std::string PlaceOf(int partition, absl::string_view file, uint64_t record) {
  return absl::StrCat(PartitionName(partition), "/", file, ", record ", record);
}

LineageStep StepOf(const Manifest& manifest, std::string place) {
  return {manifest.stage_name(), manifest.stage_kind(),
          manifest.stage_version(), manifest.content_digest(),
          std::move(place)};
}

template <typename Record>
struct Found {
  Record record;
  std::string place;
};

template <typename Record>
absl::StatusOr<std::optional<Found<Record>>> FindInPartition(
    const Artefact& artefact, absl::string_view file, int partition,
    absl::string_view id) {
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<ShardReader> reader,
                           ShardReader::Open(artefact.Path(partition, file)));
  LIMBECK_RETURN_IF_ERROR(reader->ExpectType(*Record::descriptor()));
  for (uint64_t number = 0; number < reader->num_records(); ++number) {
    Found<Record> found;
    LIMBECK_RETURN_IF_ERROR(reader->Next(&found.record).status());
    if (found.record.id() != id) continue;
    found.place = PlaceOf(partition, file, number);
    return found;
  }
  return std::nullopt;
}

// Looks first where the problem's hash says, then everywhere.
template <typename Record>
absl::StatusOr<std::optional<Found<Record>>> FindById(
    const Artefact& artefact, absl::string_view file, absl::string_view id,
    absl::string_view group_id) {
  const int likely = PartitionOf(group_id, artefact.num_partitions());
  for (int i = 0; i < artefact.num_partitions(); ++i) {
    const int partition = (likely + i) % artefact.num_partitions();
    LIMBECK_ASSIGN_OR_RETURN(
        std::optional<Found<Record>> found,
        FindInPartition<Record>(artefact, file, partition, id));
    if (found) return found;
  }
  return std::nullopt;
}

// Follows the parents' parents, each once.
class Walker {
 public:
  Walker(const ParentResolver& resolve, Lineage& lineage)
      : resolve_(resolve),
        lineage_(lineage),
        found_trace_(lineage.start == Lineage::Start::kTrace ||
                     lineage.start == Lineage::Start::kProblem) {}

  bool found_trace() const { return found_trace_; }

  absl::Status VisitParents(const Manifest& manifest) {
    for (const Parent& parent : manifest.parents()) {
      LIMBECK_RETURN_IF_ERROR(Visit(parent));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Visit(const Parent& parent) {
    if (!visited_.insert(parent.content_digest()).second) {
      return absl::OkStatus();
    }
    const absl::StatusOr<std::string> directory = resolve_(parent);
    if (absl::IsNotFound(directory.status())) {
      lineage_.steps.push_back(
          {parent.name(), "", 0, parent.content_digest(), "not an artefact"});
      return absl::OkStatus();
    }
    LIMBECK_RETURN_IF_ERROR(directory.status());
    LIMBECK_ASSIGN_OR_RETURN(const Artefact artefact,
                             Artefact::Open(*directory));
    LIMBECK_ASSIGN_OR_RETURN(const bool is_on_the_way, Find(artefact));
    return is_on_the_way ? VisitParents(artefact.manifest()) : absl::OkStatus();
  }

  // Notes the artefact's record of this row; false when it has none.
  absl::StatusOr<bool> Find(const Artefact& artefact) {
    const Manifest& manifest = artefact.manifest();
    if (HoldsShard(manifest, kSamplesFile)) return FindSample(artefact);
    if (HoldsShard(manifest, kTracesFile)) return FindTrace(artefact);
    if (HoldsShard(manifest, kProblemsFile)) return FindProblem(artefact);
    lineage_.steps.push_back(StepOf(manifest, "no records"));
    return false;
  }

  absl::StatusOr<bool> FindSample(const Artefact& artefact) {
    const SampleReference& reference = lineage_.packed.sample();
    const int partition = static_cast<int>(reference.partition());
    LIMBECK_ASSIGN_OR_RETURN(
        std::unique_ptr<ShardReader> reader,
        ShardReader::Open(artefact.Path(partition, kSamplesFile)));
    LIMBECK_RETURN_IF_ERROR(reader->ExpectType(*TokenizedSample::descriptor()));
    LIMBECK_RETURN_IF_ERROR(reader->Read(reference.record(), &lineage_.sample));
    const std::string place =
        PlaceOf(partition, kSamplesFile, reference.record());
    if (lineage_.sample.trace_id() != reference.trace_id()) {
      return absl::DataLossError(
          absl::StrCat(artefact.directory(), ", ", place, " is of trace ",
                       ToHex(lineage_.sample.trace_id()), ", the bin says ",
                       ToHex(reference.trace_id())));
    }
    lineage_.steps.push_back(StepOf(artefact.manifest(), place));
    return true;
  }

  absl::StatusOr<bool> FindTrace(const Artefact& artefact) {
    const SampleReference& reference = lineage_.packed.sample();
    LIMBECK_ASSIGN_OR_RETURN(
        std::optional<Found<Trace>> found,
        FindById<Trace>(artefact, kTracesFile, reference.trace_id(),
                        reference.problem_id()));
    if (!found) return false;
    lineage_.steps.push_back(
        StepOf(artefact.manifest(), std::move(found->place)));
    if (!found_trace_) lineage_.trace = std::move(found->record);
    found_trace_ = true;
    return true;
  }

  absl::StatusOr<bool> FindProblem(const Artefact& artefact) {
    const std::string& id = lineage_.packed.sample().problem_id();
    LIMBECK_ASSIGN_OR_RETURN(
        std::optional<Found<Problem>> found,
        FindById<Problem>(artefact, kProblemsFile, id, id));
    if (!found) return false;
    lineage_.steps.push_back(
        StepOf(artefact.manifest(), std::move(found->place)));
    return true;
  }

  const ParentResolver& resolve_;
  Lineage& lineage_;
  std::set<std::string> visited_;
  bool found_trace_;  // or is not looked for
};

// The record that is asked for, and where it is.
template <typename Record>
struct Start {
  Record record;
  int partition = 0;
  uint64_t number = 0;  // in its partition
};

template <typename Record>
absl::StatusOr<Start<Record>> ReadStart(const Artefact& artefact,
                                        absl::string_view file,
                                        const LineageRequest& request) {
  const int from = request.partition.value_or(0);
  const int to =
      request.partition.has_value() ? from + 1 : artefact.num_partitions();
  uint64_t records = 0;
  for (int partition = from; partition < to; ++partition) {
    LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<ShardReader> reader,
                             ShardReader::Open(artefact.Path(partition, file)));
    LIMBECK_RETURN_IF_ERROR(reader->ExpectType(*Record::descriptor()));
    Start<Record> start;
    start.partition = partition;
    start.number = request.row - records;
    records += reader->num_records();
    if (request.row >= records) continue;
    LIMBECK_RETURN_IF_ERROR(reader->Read(start.number, &start.record));
    return start;
  }
  // "bins.lbk" holds bins.
  const absl::string_view noun = absl::StripSuffix(file, ".lbk");
  return absl::OutOfRangeError(absl::StrCat(
      artefact.directory(), " has ", records, " ", noun,
      request.partition.has_value() ? absl::StrCat(" in ", PartitionName(from))
                                    : "",
      ", ", absl::StripSuffix(noun, "s"), " ", request.row, " was asked for"));
}

absl::Status StartAtBin(const Artefact& artefact, const LineageRequest& request,
                        Lineage& lineage) {
  LIMBECK_ASSIGN_OR_RETURN(const Start<PackedBin> start,
                           ReadStart<PackedBin>(artefact, kBinsFile, request));
  const PackedBin& bin = start.record;
  if (lineage.sequence >= static_cast<uint32_t>(bin.sequences_size())) {
    return absl::OutOfRangeError(absl::StrCat(
        "bin ", lineage.row, " has ", bin.sequences_size(),
        " sequences, sequence ", lineage.sequence, " was asked for"));
  }
  lineage.start = Lineage::Start::kBin;
  lineage.packed = bin.sequences(static_cast<int>(lineage.sequence));
  lineage.steps.push_back(StepOf(
      artefact.manifest(), PlaceOf(start.partition, kBinsFile, start.number)));
  return absl::OkStatus();
}

absl::Status StartAtSample(const Artefact& artefact,
                           const LineageRequest& request, Lineage& lineage) {
  LIMBECK_ASSIGN_OR_RETURN(
      const Start<TokenizedSample> start,
      ReadStart<TokenizedSample>(artefact, kSamplesFile, request));
  lineage.start = Lineage::Start::kSample;
  lineage.sample = start.record;
  SampleReference& reference = *lineage.packed.mutable_sample();
  reference.set_trace_id(start.record.trace_id());
  reference.set_problem_id(start.record.problem_id());
  lineage.steps.push_back(
      StepOf(artefact.manifest(),
             PlaceOf(start.partition, kSamplesFile, start.number)));
  return absl::OkStatus();
}

absl::Status StartAtTrace(const Artefact& artefact,
                          const LineageRequest& request, Lineage& lineage) {
  LIMBECK_ASSIGN_OR_RETURN(const Start<Trace> start,
                           ReadStart<Trace>(artefact, kTracesFile, request));
  lineage.start = Lineage::Start::kTrace;
  lineage.trace = start.record;
  SampleReference& reference = *lineage.packed.mutable_sample();
  reference.set_trace_id(start.record.id());
  reference.set_problem_id(start.record.problem().id());
  lineage.steps.push_back(
      StepOf(artefact.manifest(),
             PlaceOf(start.partition, kTracesFile, start.number)));
  return absl::OkStatus();
}

absl::Status StartAtProblem(const Artefact& artefact,
                            const LineageRequest& request, Lineage& lineage) {
  LIMBECK_ASSIGN_OR_RETURN(
      const Start<Problem> start,
      ReadStart<Problem>(artefact, kProblemsFile, request));
  lineage.start = Lineage::Start::kProblem;
  *lineage.trace.mutable_problem() = start.record;
  lineage.packed.mutable_sample()->set_problem_id(start.record.id());
  lineage.steps.push_back(
      StepOf(artefact.manifest(),
             PlaceOf(start.partition, kProblemsFile, start.number)));
  return absl::OkStatus();
}

// Reads the row and notes its own stage's step.
absl::Status FindStart(const Artefact& artefact, const LineageRequest& request,
                       Lineage& lineage) {
  const Manifest& manifest = artefact.manifest();
  if (request.partition.value_or(0) >= artefact.num_partitions()) {
    return absl::OutOfRangeError(absl::StrCat(
        artefact.directory(), " has ", artefact.num_partitions(),
        " partitions, ", PartitionName(*request.partition), " was asked for"));
  }
  if (HoldsShard(manifest, kBinsFile)) {
    return StartAtBin(artefact, request, lineage);
  }
  if (HoldsShard(manifest, kSamplesFile)) {
    return StartAtSample(artefact, request, lineage);
  }
  if (HoldsShard(manifest, kTracesFile)) {
    return StartAtTrace(artefact, request, lineage);
  }
  if (HoldsShard(manifest, kProblemsFile)) {
    return StartAtProblem(artefact, request, lineage);
  }
  std::vector<std::string> inputs;
  for (const Parent& parent : manifest.parents()) {
    inputs.push_back(parent.name());
  }
  return absl::InvalidArgumentError(absl::StrCat(
      artefact.directory(), " is of stage '", manifest.stage_name(), "' (",
      manifest.stage_kind(),
      ") and has no rows; name an artefact of bins, samples, traces or "
      "problems, such as those of its inputs: ",
      inputs.empty() ? "none" : absl::StrJoin(inputs, ", ")));
}

}  // namespace

absl::StatusOr<Lineage> TraceLineage(const LineageRequest& request,
                                     const ParentResolver& resolve) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact artefact,
                           Artefact::Open(request.directory));
  Lineage lineage;
  lineage.row = request.row;
  lineage.sequence = request.sequence;
  LIMBECK_RETURN_IF_ERROR(FindStart(artefact, request, lineage));
  Walker walker(resolve, lineage);
  LIMBECK_RETURN_IF_ERROR(walker.VisitParents(artefact.manifest()));
  if (walker.found_trace()) return lineage;
  return absl::NotFoundError(absl::StrCat(
      "trace ", ToHex(lineage.packed.sample().trace_id()), " of row ",
      request.row, " was not found in the artefacts that ", request.directory,
      " was made from; they may have been removed"));
}

}  // namespace limbeck
