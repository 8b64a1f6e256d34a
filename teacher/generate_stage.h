// The stage that turns problems into traces, from whatever teacher the options
// name. It resumes inside itself: finished samples are journaled, and after
// any number of interruptions the shards are those of an undisturbed run.
#ifndef LIMBECK_TEACHER_GENERATE_STAGE_H_
#define LIMBECK_TEACHER_GENERATE_STAGE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "data/stages/stage.h"
#include "teacher/generate_partition.h"
#include "teacher/options.pb.h"
#include "teacher/sampler.h"

namespace limbeck {

// Bump when the same inputs and options give other traces.
inline constexpr uint32_t kGenerateStageVersion = 2;

// `options` as resolved. Inputs: problems, and a model for a local teacher.
// Counts samples: in = problems * samples_per_problem = out + rejected.
absl::Status RunGenerateStage(const GenerateOptions& options,
                              const StageRun& run);

// The same with a sampler that the caller made and may use again.
absl::Status GenerateWith(Sampler& sampler, const GenerateOptions& options,
                          const StageRun& run);

// Changes the copy of a problem that one sample is asked: messages and gold
// answer, never the id.
using PrepareSample = std::function<absl::Status(Problem& problem, int sample)>;

// Generation as part of another stage (evaluation).
struct SamplingJob {
  GenerateOptions options;  // resolved
  // Shards with the problems of each partition of the output.
  std::vector<std::vector<std::string>> problem_paths;
  // Instead of shards: the problems of the only partition.
  std::vector<Problem> problems;
  PrepareSample prepare;      // may be empty
  uint64_t num_problems = 0;  // to be sampled, for the progress line
  int64_t max_problems = 0;   // of each partition, by id; 0: all
  FinishSamples finish;       // may be empty
  // Name of a file that `finish` keeps in the partition while it works; it
  // stays there when an interrupted run is resumed and goes with the commit.
  std::string finish_journal;
};

// Fills run.directory with one partition per entry of problem_paths, journaled
// and resumed as RunGenerateStage does.
absl::Status RunSamplingJob(Sampler& sampler, const SamplingJob& job,
                            const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_GENERATE_STAGE_H_
