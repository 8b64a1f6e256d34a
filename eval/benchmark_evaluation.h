// An evaluation on a benchmark's own file: prompts, samples, verdicts by the
// benchmark's rules, and the same scores.json as `limbeck benchmark` prints.
#ifndef LIMBECK_EVAL_BENCHMARK_EVALUATION_H_
#define LIMBECK_EVAL_BENCHMARK_EVALUATION_H_

#include "absl/status/status.h"
#include "data/stages/stage.h"
#include "eval/options.pb.h"
#include "eval/sample_judge.h"
#include "teacher/sampler.h"

namespace limbeck {

// `options` as resolved, with a benchmark_file. Samples are journaled as in
// generation; verdicts on programs are journaled too, so that an interrupted
// evaluation goes on where it was.
absl::Status EvaluateBenchmarkWith(Sampler& sampler, const SampleJudge& judge,
                                   const EvaluateOptions& options,
                                   const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARK_EVALUATION_H_
