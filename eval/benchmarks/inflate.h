// Zlib streams with a cap on what comes out.
#ifndef LIMBECK_EVAL_BENCHMARKS_INFLATE_H_
#define LIMBECK_EVAL_BENCHMARKS_INFLATE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

// Inflates one whole zlib stream (RFC 1950). Errors: damage, an end too early,
// bytes after the end, more than max_bytes inside (found out without making
// more than that).
absl::StatusOr<std::string> InflateZlib(absl::string_view stream,
                                        uint64_t max_bytes);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_INFLATE_H_
