// Where a packed training row comes from: back through the manifests to the
// trace, its teacher and verdicts, and the problem.
#ifndef LIMBECK_DATA_STAGES_LINEAGE_H_
#define LIMBECK_DATA_STAGES_LINEAGE_H_

#include <cstdint>
#include <functional>
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

struct Lineage {
  uint64_t bin = 0;
  uint32_t sequence = 0;  // in the bin
  PackedSequence packed;
  TokenizedSample sample;
  Trace trace;  // as the last stage before tokenizing left it
  std::vector<LineageStep> steps;
};

// Errors: no such bin or sequence, a parent that is gone before the trace was
// found, records that do not belong together.
absl::StatusOr<Lineage> TraceLineage(const std::string& pack_directory,
                                     uint64_t bin, uint32_t sequence,
                                     const ParentResolver& resolve);

// For people. Control characters of model text are escaped.
std::string FormatLineage(const Lineage& lineage);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_LINEAGE_H_
