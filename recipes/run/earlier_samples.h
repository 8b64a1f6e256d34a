// Paid samples are not made twice: a generation or evaluation that asks for
// another number of samples begins with what an earlier one has finished.
#ifndef LIMBECK_RECIPES_RUN_EARLIER_SAMPLES_H_
#define LIMBECK_RECIPES_RUN_EARLIER_SAMPLES_H_

#include <string>

#include "absl/status/status.h"
#include "data/stages/stage.h"

namespace limbeck {

// When `directory` is still empty: links the partitions of the largest
// complete artefact of the same sampling stage, kind, version, seed and inputs
// into it. The stage takes over what fits its options and writes the rest
// anew; the earlier artefact stays as it is. Other kinds: nothing to do.
absl::Status TakeOverEarlierSamples(const std::string& workspace,
                                    const StageIdentity& identity,
                                    const std::string& directory);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_EARLIER_SAMPLES_H_
