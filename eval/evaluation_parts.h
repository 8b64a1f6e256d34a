// What evaluations on an input's problems and on a benchmark's file share.
#ifndef LIMBECK_EVAL_EVALUATION_PARTS_H_
#define LIMBECK_EVAL_EVALUATION_PARTS_H_

#include "absl/status/status.h"
#include "data/records.pb.h"
#include "data/stages/artefact.h"
#include "data/stages/stage.h"
#include "eval/options.pb.h"
#include "eval/scores.h"
#include "teacher/options.pb.h"

namespace limbeck {

// How a local model samples for an evaluation.
GenerateOptions ToGenerateOptions(const EvaluateOptions& options);

// Adds model and sampling to the scores' settings and writes scores.json.
absl::Status WriteScores(const EvaluateOptions& options, const Teacher& model,
                         const StageRun& run, BenchmarkScores scores,
                         PartitionWriter& writer);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_EVALUATION_PARTS_H_
