// What a person should hear of a stage that kept almost nothing: usually an
// option or an input is wrong, and the stages after it would only say so later.
#ifndef LIMBECK_DATA_STAGES_REJECTION_WARNING_H_
#define LIMBECK_DATA_STAGES_REJECTION_WARNING_H_

#include <string>

#include "absl/status/statusor.h"
#include "data/stages/artefact.h"

namespace limbeck {

// Empty while at least a tenth of the records came out. Otherwise the counts
// and the commonest reasons with the values that were measured. Records that
// options left out on purpose (split, caps, budgets) are not held against the
// stage unless nothing is left.
absl::StatusOr<std::string> RejectionWarning(const Artefact& artefact);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_REJECTION_WARNING_H_
