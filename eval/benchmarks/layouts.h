// One function per published layout: a row becomes a problem.
#ifndef LIMBECK_EVAL_BENCHMARKS_LAYOUTS_H_
#define LIMBECK_EVAL_BENCHMARKS_LAYOUTS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eval/benchmarks/benchmark_problem.h"
#include "eval/benchmarks/read_benchmark.h"
#include "eval/benchmarks/rows.h"

namespace limbeck {

// Each fills what its columns say; the id and the place are there already and
// may be replaced. False: the row belongs to another year or window.
absl::StatusOr<bool> ReadAimeRow(const BenchmarkSource& source, const Row& row,
                                 BenchmarkProblem* problem);
absl::StatusOr<bool> ReadMath500Row(const Row& row, BenchmarkProblem* problem);
absl::StatusOr<bool> ReadGpqaRow(const Row& row, BenchmarkProblem* problem);
absl::StatusOr<bool> ReadLiveCodeBenchRow(const BenchmarkSource& source,
                                          const Row& row,
                                          BenchmarkProblem* problem);
absl::StatusOr<bool> ReadCodeforcesRow(const Row& row,
                                       BenchmarkProblem* problem);
absl::StatusOr<bool> ReadGsm8kRow(const Row& row, BenchmarkProblem* problem);
absl::StatusOr<bool> ReadJsonlRow(const Row& row, BenchmarkProblem* problem);

// Adds {name, column's text} where the column is there and not empty.
absl::Status AddLabel(const Row& row, absl::string_view column,
                      absl::string_view name, BenchmarkProblem* problem);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_LAYOUTS_H_
