// The stage that compares evaluations pairwise: the first input with each of
// the others.
#ifndef LIMBECK_EVAL_COMPARE_STAGE_H_
#define LIMBECK_EVAL_COMPARE_STAGE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "data/stages/stage.h"
#include "eval/options.pb.h"

namespace limbeck {

inline constexpr uint32_t kCompareStageVersion = 4;

// `options` as resolved. Inputs: two or more evaluations. Output, in one
// partition: comparison.json, its p-values adjusted over all comparisons.
absl::Status RunCompareStage(const CompareOptions& options,
                             const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_COMPARE_STAGE_H_
