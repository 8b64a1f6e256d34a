// Defaults and ranges of the data stages' options: a recipe states what it
// wants to differ, the fingerprint covers what came out.
#ifndef LIMBECK_DATA_STAGES_OPTIONS_DEFAULTS_H_
#define LIMBECK_DATA_STAGES_OPTIONS_DEFAULTS_H_

#include "absl/status/statusor.h"
#include "data/stages/options.pb.h"

namespace limbeck {

// Each returns the message with every field set, or an error that names the
// field, its value and what is allowed.
absl::StatusOr<ArithmeticProblemsOptions> ResolveOptions(
    const ArithmeticProblemsOptions& given);
absl::StatusOr<ArithmeticCorpusOptions> ResolveOptions(
    const ArithmeticCorpusOptions& given);
absl::StatusOr<IngestOptions> ResolveOptions(const IngestOptions& given);
absl::StatusOr<SplitOptions> ResolveOptions(const SplitOptions& given);
absl::StatusOr<VerifyOptions> ResolveOptions(const VerifyOptions& given);
absl::StatusOr<FilterOptions> ResolveOptions(const FilterOptions& given);
absl::StatusOr<DedupOptions> ResolveOptions(const DedupOptions& given);
absl::StatusOr<DecontaminateOptions> ResolveOptions(
    const DecontaminateOptions& given);
absl::StatusOr<TrainTokenizerOptions> ResolveOptions(
    const TrainTokenizerOptions& given);
absl::StatusOr<TokenizeOptions> ResolveOptions(const TokenizeOptions& given);
absl::StatusOr<PackOptions> ResolveOptions(const PackOptions& given);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_OPTIONS_DEFAULTS_H_
