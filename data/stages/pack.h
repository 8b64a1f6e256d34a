// The stage that packs samples into bins, and teacher signals beside them.
#ifndef LIMBECK_DATA_STAGES_PACK_H_
#define LIMBECK_DATA_STAGES_PACK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "data/stages/options.pb.h"
#include "data/stages/stage.h"

namespace limbeck {

inline constexpr uint32_t kPackStageVersion = 1;

// Bins, sequences, tokens, loss tokens and fill of one pack artefact.
inline constexpr absl::string_view kPackingFile = "packing.json";

// Inputs, in any order: samples, and optionally signals of exactly these token
// ids. One partition; counts are in samples. Nothing is cut: a sample longer
// than a bin, or without a signal for each loss token, is rejected.
absl::Status RunPackStage(const PackOptions& resolved, const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_PACK_H_
