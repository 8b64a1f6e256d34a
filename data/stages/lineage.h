// Where a training row comes from: back through the manifests to the trace,
// its teacher and verdicts, and the problem.
#ifndef LIMBECK_DATA_STAGES_LINEAGE_H_
#define LIMBECK_DATA_STAGES_LINEAGE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/records.pb.h"
#include "data/stages/manifest.pb.h"

namespace limbeck {

// Directory of a parent's artefact; NotFound for what is no artefact (models)
// or is gone.
using ParentResolver =
    std::function<absl::StatusOr<std::string>(const Parent& parent)>;

// One stage on the way, nearest first.
struct LineageStep {
  std::string stage_name;
  std::string stage_kind;  // empty: not resolved (a model, or gone)
  uint32_t stage_version = 0;
  std::string content_digest;
  std::string place;  // "part-0002/traces.lbk, record 17"
};

// Which row, of any artefact that holds bins, samples, traces or problems.
struct LineageRequest {
  std::string directory;         // of the artefact
  uint64_t row = 0;              // record number over all partitions, in order
  uint32_t sequence = 0;         // in a bin
  std::optional<int> partition;  // count the records of this one alone
};

struct Lineage {
  enum class Start { kBin, kSample, kTrace, kProblem };
  Start start = Start::kBin;
  uint64_t row = 0;
  uint32_t sequence = 0;   // in the bin
  PackedSequence packed;   // beyond its sample: of a bin alone
  TokenizedSample sample;  // of a bin or sample alone
  // As the stage nearest to the row left it; of a problem, the problem alone.
  Trace trace;
  std::vector<LineageStep> steps;
};

// Errors: an artefact without such rows (it names its inputs), no such row or
// sequence, a parent that is gone before the trace was found, records that do
// not belong together.
absl::StatusOr<Lineage> TraceLineage(const LineageRequest& request,
                                     const ParentResolver& resolve);

// For people. Control characters of model text are escaped.
std::string FormatLineage(const Lineage& lineage);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_LINEAGE_H_
