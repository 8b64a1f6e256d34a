// Counts an artefact again from its shards, so that no manifest has to be
// believed.
#ifndef LIMBECK_DATA_STAGES_RECOUNT_H_
#define LIMBECK_DATA_STAGES_RECOUNT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/stages/manifest.pb.h"

namespace limbeck {

// Reads every record of the partitions found on disk. `out` counts the main
// records (sequences of bins, samples, traces, problems, or traces that have
// signals), `rejected` those of rejects.lbk, by reason; `in` is their sum.
// Merged records leave no trace in the shards: `merged` is 0.
absl::StatusOr<Counts> RecountFromShards(const std::string& directory);

// Compares the manifest's out, rejected and reasons with a recount, and checks
// in = out + rejected + merged. A difference names both numbers.
absl::Status CheckCounts(const std::string& directory);

// As above; also the parent's records, counted again, must be what went in.
absl::Status CheckCountsAgainstParent(const std::string& directory,
                                      const std::string& parent_directory);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_RECOUNT_H_
