// The stage that reads problems from a JSONL file.
#ifndef LIMBECK_DATA_STAGES_INGEST_H_
#define LIMBECK_DATA_STAGES_INGEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/records.pb.h"
#include "data/stages/options.pb.h"
#include "data/stages/stage.h"

namespace limbeck {

inline constexpr uint32_t kIngestStageVersion = 3;

struct IngestedProblems {
  std::vector<Problem> problems;    // distinct, by rising id
  std::vector<Rejection> rejected;  // in the order of the file
  std::vector<std::string> merged;  // problem id of each merged line
};

// Lines without text are no records. A bad line is rejected with its byte
// offset; of two lines with one question the first stays: the second is merged,
// or rejected when its answer differs.
absl::StatusOr<IngestedProblems> ReadProblemLines(
    const IngestOptions& resolved);

// Writes problems.lbk by range of problem id; bad lines belong to partition 0.
absl::Status RunIngestStage(const IngestOptions& resolved, const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_INGEST_H_
