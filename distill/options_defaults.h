// Fills the defaults of TrainOptions and refuses impossible values, so that
// everything behind it may rely on every field.
#ifndef LIMBECK_DISTILL_OPTIONS_DEFAULTS_H_
#define LIMBECK_DISTILL_OPTIONS_DEFAULTS_H_

#include "absl/status/statusor.h"
#include "distill/options.pb.h"

namespace limbeck {

// Every field set; resolving twice changes nothing. The error names the field,
// its value and what is allowed.
absl::StatusOr<TrainOptions> ResolveOptions(const TrainOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_OPTIONS_DEFAULTS_H_
