// The stage that makes plain text about numbers, for training base models.
#ifndef LIMBECK_DATA_STAGES_ARITHMETIC_CORPUS_H_
#define LIMBECK_DATA_STAGES_ARITHMETIC_CORPUS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "data/stages/options.pb.h"
#include "data/stages/stage.h"

namespace limbeck {

// Bump when the same options and seed give other documents.
inline constexpr uint32_t kArithmeticCorpusStageVersion = 1;

// Every fourth document is a list of problem statements without solutions,
// taken from the split only; the others are facts and counting. Written as
// traces without a problem, raw_output = the text.
absl::Status RunArithmeticCorpusStage(const ArithmeticCorpusOptions& resolved,
                                      const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_ARITHMETIC_CORPUS_H_
