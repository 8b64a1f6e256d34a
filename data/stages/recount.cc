#include "data/stages/recount.h"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/records.pb.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "data/stages/manifest_io.h"

namespace limbeck {
namespace {

class Recount {
 public:
  absl::Status AddPartition(const std::string& directory) {
    LIMBECK_RETURN_IF_ERROR(AddMainShard(directory));
    const std::string rejects = JoinPath(directory, kRejectsFile);
    if (!FileExists(rejects)) return absl::OkStatus();
    return ForEachRecord<Rejection>(
        rejects, [this](Rejection& rejection) -> absl::Status {
          ++rejected_[rejection.reason()];
          return absl::OkStatus();
        });
  }

  Counts Finish() {
    Counts counts;
    counts.set_unit(unit_);
    uint64_t rejected = 0;
    for (const auto& [reason, count] : rejected_) {
      rejected += count;
      ReasonCount* entry = counts.add_rejected_by_reason();
      entry->set_reason(
          RejectionReason_Name(static_cast<RejectionReason>(reason)));
      entry->set_count(count);
    }
    const uint64_t out = out_ + signalled_traces_.size();
    counts.set_out(out);
    counts.set_rejected(rejected);
    counts.set_in(out + rejected);
    return counts;
  }

 private:
  // The first of these files that the partition has is the main one.
  absl::Status AddMainShard(const std::string& directory) {
    const auto path = [&](absl::string_view file) {
      return JoinPath(directory, file);
    };
    if (FileExists(path(kBinsFile))) {
      return Add<PackedBin>(path(kBinsFile), "samples", [](PackedBin& bin) {
        return static_cast<uint64_t>(bin.sequences_size());
      });
    }
    if (FileExists(path(kSamplesFile))) {
      return AddOnePerRecord<TokenizedSample>(path(kSamplesFile), "samples");
    }
    if (FileExists(path(kTracesFile))) {
      return AddOnePerRecord<Trace>(path(kTracesFile), "traces");
    }
    if (FileExists(path(kProblemsFile))) {
      return AddOnePerRecord<Problem>(path(kProblemsFile), "problems");
    }
    if (!FileExists(path(kSignalsFile))) return absl::OkStatus();
    return Add<TeacherSignal>(path(kSignalsFile), "samples",
                              [this](TeacherSignal& signal) {
                                signalled_traces_.insert(signal.trace_id());
                                return uint64_t{0};
                              });
  }

  template <typename Record>
  absl::Status AddOnePerRecord(const std::string& path,
                               absl::string_view unit) {
    return Add<Record>(path, unit, [](Record&) { return uint64_t{1}; });
  }

  template <typename Record>
  absl::Status Add(const std::string& path, absl::string_view unit,
                   const std::function<uint64_t(Record&)>& units_of) {
    unit_ = std::string(unit);
    return ForEachRecord<Record>(path, [&](Record& record) -> absl::Status {
      out_ += units_of(record);
      return absl::OkStatus();
    });
  }

  std::string unit_;
  uint64_t out_ = 0;
  std::set<std::string> signalled_traces_;
  std::map<int, uint64_t> rejected_;
};

absl::Status Compare(absl::string_view what, uint64_t manifest, uint64_t shards,
                     const std::string& directory) {
  if (manifest == shards) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(directory, ": the manifest says ",
                                          manifest, " ", what,
                                          ", the shards hold ", shards));
}

}  // namespace

absl::StatusOr<Counts> RecountFromShards(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(directory));
  Recount recount;
  for (const std::string& name : names) {
    const std::string path = JoinPath(directory, name);
    if (!absl::StartsWith(name, "part-") || !IsDirectory(path)) continue;
    LIMBECK_RETURN_IF_ERROR(recount.AddPartition(path));
  }
  return recount.Finish();
}

absl::Status CheckCounts(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(directory));
  LIMBECK_ASSIGN_OR_RETURN(const Counts found, RecountFromShards(directory));
  const Counts& stated = manifest.counts();
  LIMBECK_RETURN_IF_ERROR(CheckBalance(stated, directory));
  // Stages that write no records (a vocabulary, a model) count their inputs.
  if (!found.unit().empty()) {
    LIMBECK_RETURN_IF_ERROR(
        Compare("out", stated.out(), found.out(), directory));
  }
  LIMBECK_RETURN_IF_ERROR(
      Compare("rejected", stated.rejected(), found.rejected(), directory));
  LIMBECK_RETURN_IF_ERROR(Compare(
      "reasons", static_cast<uint64_t>(stated.rejected_by_reason_size()),
      static_cast<uint64_t>(found.rejected_by_reason_size()), directory));
  for (int i = 0; i < found.rejected_by_reason_size(); ++i) {
    const ReasonCount& entry = found.rejected_by_reason(i);
    const ReasonCount& claim = stated.rejected_by_reason(i);
    LIMBECK_RETURN_IF_ERROR(Compare(
        entry.reason(), claim.reason() == entry.reason() ? claim.count() : 0,
        entry.count(), directory));
  }
  return absl::OkStatus();
}

absl::Status CheckCountsAgainstParent(const std::string& directory,
                                      const std::string& parent_directory) {
  LIMBECK_RETURN_IF_ERROR(CheckCounts(directory));
  LIMBECK_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(directory));
  LIMBECK_ASSIGN_OR_RETURN(const Counts parent,
                           RecountFromShards(parent_directory));
  return Compare(absl::StrCat("in, of ", parent_directory),
                 manifest.counts().in(), parent.out(), directory);
}

}  // namespace limbeck
