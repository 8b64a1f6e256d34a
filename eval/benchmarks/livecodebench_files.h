// Which files and days a LiveCodeBench version means.
#ifndef LIMBECK_EVAL_BENCHMARKS_LIVECODEBENCH_FILES_H_
#define LIMBECK_EVAL_BENCHMARKS_LIVECODEBENCH_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eval/benchmarks/read_benchmark.h"

namespace limbeck {

// The source's files in order. A folder holds test.jsonl, test2.jsonl, ... and
// may be cut to a version; anything else is itself. Versions: release_vN the
// first N files, vN the N-th, vM_vN from the M-th to the N-th.
absl::StatusOr<std::vector<std::string>> BenchmarkFiles(
    const BenchmarkSource& source);

// Errors: a window or a version for another benchmark, a day that is none, a
// window that ends before it begins.
absl::Status CheckWindow(const BenchmarkSource& source);

// Whether an ISO date ("2024-08-01T00:00:00") is within the source's window.
// The error shows a text that begins with no date.
absl::StatusOr<bool> InWindow(const BenchmarkSource& source,
                              absl::string_view date);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_LIVECODEBENCH_FILES_H_
