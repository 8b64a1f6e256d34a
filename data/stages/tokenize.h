// The stage that turns traces into token ids with a loss mask.
#ifndef LIMBECK_DATA_STAGES_TOKENIZE_H_
#define LIMBECK_DATA_STAGES_TOKENIZE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "data/stages/options.pb.h"
#include "data/stages/stage.h"

namespace limbeck {

inline constexpr uint32_t kTokenizeStageVersion = 1;

// Inputs, in any order: traces, and what holds the tokenizer, whose chat
// template the prompts are written with. Traces that give no sample (no text, a
// control token inside the question) are rejected.
absl::Status RunTokenizeStage(const TokenizeOptions& resolved,
                              const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_TOKENIZE_H_
