// LiveCodeBench's own list of problems that its tests judge wrongly.
#ifndef LIMBECK_EVAL_BENCHMARKS_LIVECODEBENCH_ERRATA_H_
#define LIMBECK_EVAL_BENCHMARKS_LIVECODEBENCH_ERRATA_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace limbeck {

struct LiveCodeBenchErratum {
  absl::string_view id;  // question id, or the title's slug
  absl::string_view reason;
};

// ERRATA.md of github.com/LiveCodeBench/LiveCodeBench at 28fef95: 11 problems
// with several right outputs of which the tests know one, 2 interactive ones,
// 4 with wrong tests.
absl::Span<const LiveCodeBenchErratum> LiveCodeBenchErrata();

// Why a problem is on the list; "" when it is not. The title is compared as a
// slug ("Find the Peaks" is find-the-peaks).
std::string LiveCodeBenchErratumOf(absl::string_view id,
                                   absl::string_view title);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_LIVECODEBENCH_ERRATA_H_
