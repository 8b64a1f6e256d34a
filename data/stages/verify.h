// The stage that compares each trace's answer with the gold answer.
#ifndef LIMBECK_DATA_STAGES_VERIFY_H_
#define LIMBECK_DATA_STAGES_VERIFY_H_

#include <cstdint>

#include "absl/status/status.h"
#include "data/records.pb.h"
#include "data/stages/options.pb.h"
#include "data/stages/stage.h"

namespace limbeck {

inline constexpr uint32_t kVerifyStageVersion = 4;

// Splits the output, notes the spans where it is well formed, and appends the
// verdict on the text after the last </think>. Thinking that never ends holds
// no answer. With note_compat the published harness's verdict stands before it;
// with a reward its values replace those of the trace.
void VerifyTrace(Trace& trace, const VerifyOptions& resolved = {});

// Rejects nothing. With compare_with each partition gets an agreement.json
// (data/stages/agreement.h).
absl::Status RunVerifyStage(const VerifyOptions& resolved, const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_VERIFY_H_
