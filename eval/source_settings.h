// What a result says of the files it was made from.
#ifndef LIMBECK_EVAL_SOURCE_SETTINGS_H_
#define LIMBECK_EVAL_SOURCE_SETTINGS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "eval/benchmarks/read_benchmark.h"
#include "eval/codeforces_rating.h"

namespace limbeck {

// SHA-256 of a file, or of names and contents of the files right in a folder,
// hexadecimal; "" for a stream.
absl::StatusOr<std::string> DigestOfPath(const std::string& path);

// Sets data_sha256, tests_sha256, standings_sha256, version, first_date,
// last_date and problems_left_out, those that apply.
absl::Status AddSourceSettings(const BenchmarkSource& source,
                               const BenchmarkSet& set,
                               const RatingSource& rating, Json* settings);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_SOURCE_SETTINGS_H_
