#include "data/stages/lineage.h"

#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
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
      : resolve_(resolve), lineage_(lineage) {}

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
  bool found_trace_ = false;
};

// Finds the bin and notes the pack stage's own step.
absl::Status ReadBin(const Artefact& pack, Lineage& lineage) {
  uint64_t first = 0;
  for (int part = 0; part < pack.num_partitions(); ++part) {
    LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<ShardReader> reader,
                             ShardReader::Open(pack.Path(part, kBinsFile)));
    LIMBECK_RETURN_IF_ERROR(reader->ExpectType(*PackedBin::descriptor()));
    const uint64_t record = lineage.bin - first;
    first += reader->num_records();
    if (lineage.bin >= first) continue;
    PackedBin bin;
    LIMBECK_RETURN_IF_ERROR(reader->Read(record, &bin));
    if (lineage.sequence >= static_cast<uint32_t>(bin.sequences_size())) {
      return absl::OutOfRangeError(absl::StrCat(
          "bin ", lineage.bin, " has ", bin.sequences_size(),
          " sequences, sequence ", lineage.sequence, " was asked for"));
    }
    lineage.packed = bin.sequences(static_cast<int>(lineage.sequence));
    lineage.steps.push_back(
        StepOf(pack.manifest(), PlaceOf(part, kBinsFile, record)));
    return absl::OkStatus();
  }
  return absl::OutOfRangeError(absl::StrCat(pack.directory(), " has ", first,
                                            " bins, bin ", lineage.bin,
                                            " was asked for"));
}

}  // namespace

absl::StatusOr<Lineage> TraceLineage(const std::string& pack_directory,
                                     uint64_t bin, uint32_t sequence,
                                     const ParentResolver& resolve) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact pack, Artefact::Open(pack_directory));
  Lineage lineage;
  lineage.bin = bin;
  lineage.sequence = sequence;
  LIMBECK_RETURN_IF_ERROR(ReadBin(pack, lineage));
  Walker walker(resolve, lineage);
  LIMBECK_RETURN_IF_ERROR(walker.VisitParents(pack.manifest()));
  if (walker.found_trace()) return lineage;
  return absl::NotFoundError(absl::StrCat(
      "trace ", ToHex(lineage.packed.sample().trace_id()), " of bin ", bin,
      " was not found in the artefacts that ", pack_directory,
      " was made from; they may have been removed"));
}

}  // namespace limbeck
