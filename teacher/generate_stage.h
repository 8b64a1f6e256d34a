// The stage that turns problems into traces, from whatever teacher the options
// name. It resumes inside itself: finished samples are journaled, and after
// any number of interruptions the shards are those of an undisturbed run.
#ifndef LIMBECK_TEACHER_GENERATE_STAGE_H_
#define LIMBECK_TEACHER_GENERATE_STAGE_H_

#include "absl/status/status.h"
#include "data/stages/stage.h"
#include "teacher/options.pb.h"
#include "teacher/sampler.h"

namespace limbeck {

// Bump when the same inputs and options give other traces.
inline constexpr uint32_t kGenerateStageVersion = 1;

// `options` as resolved. Inputs: problems, and a model for a local teacher.
// Counts samples: in = problems * samples_per_problem = out + rejected.
absl::Status RunGenerateStage(const GenerateOptions& options,
                              const StageRun& run);

// The same with a sampler that the caller made and may use again.
absl::Status GenerateWith(Sampler& sampler, const GenerateOptions& options,
                          const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_GENERATE_STAGE_H_
