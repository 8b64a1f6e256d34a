// The stage that gives existing tokenized samples the soft labels of a model.
#ifndef LIMBECK_TEACHER_SCORE_STAGE_H_
#define LIMBECK_TEACHER_SCORE_STAGE_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "data/stages/stage.h"
#include "teacher/model_input.h"
#include "teacher/options.pb.h"

namespace limbeck {

// Bump when the same inputs and options give other signals.
inline constexpr uint32_t kScoreStageVersion = 1;

// `options` as resolved. Inputs: tokenized samples (samples.lbk) and a model
// with the same tokenizer. Writes signals.lbk: the output tokens of each
// sample, in the order of the samples. Samples that the model cannot take are
// rejected. Finished batches are journaled; batches are a function of the
// partition's samples, so resumed runs give the same bytes.
absl::Status RunScoreStage(const ScoreOptions& options, const StageRun& run);

// The same with a model that the caller holds.
absl::Status ScoreWith(const ModelInput& teacher, const ScoreOptions& options,
                       const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_SCORE_STAGE_H_
