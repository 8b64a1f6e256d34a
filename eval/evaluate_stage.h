// The stage that samples a model on problems and scores the answers: a
// generation whose finished samples are judged before they are written.
#ifndef LIMBECK_EVAL_EVALUATE_STAGE_H_
#define LIMBECK_EVAL_EVALUATE_STAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/stages/stage.h"
#include "eval/options.pb.h"
#include "eval/scores.h"
#include "teacher/journal.pb.h"
#include "teacher/sampler.h"

namespace limbeck {

// Bump when the same inputs and options give other samples or scores.
inline constexpr uint32_t kEvaluateStageVersion = 6;

// `options` as resolved. Inputs: problems, unless options.benchmark_file has
// them (eval/benchmark_evaluation.h), and a model. Output, in one partition:
// traces.lbk with verdicts, rejects.lbk, scores.json. Counts samples: in =
// problems * samples_per_problem = out + rejected. A problem that does not fit
// the context is rejected, named in refused_problems and in no denominator.
absl::Status RunEvaluateStage(const EvaluateOptions& options,
                              const StageRun& run);

// The same with a sampler that the caller made and may use again.
absl::Status EvaluateWith(Sampler& sampler, const EvaluateOptions& options,
                          const StageRun& run);

// Appends the verdict to each trace (dropping earlier ones) and scores them.
// `samples` by problem and sample index. Problems whose gold answer cannot be
// read are refused; samples that failed are missing; an answer that the
// verifier cannot judge is unknown and counts as not solved.
BenchmarkScores JudgeSamples(std::vector<GeneratedSample>& samples,
                             const std::string& benchmark,
                             int64_t samples_per_problem, uint64_t seed);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_EVALUATE_STAGE_H_
