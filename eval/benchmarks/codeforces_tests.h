// Tests of Codeforces problems that stand in files of their own.
#ifndef LIMBECK_EVAL_BENCHMARKS_CODEFORCES_TESTS_H_
#define LIMBECK_EVAL_BENCHMARKS_CODEFORCES_TESTS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "eval/benchmarks/benchmark_problem.h"
#include "eval/benchmarks/read_benchmark.h"

namespace limbeck {

inline constexpr absl::string_view kNoHiddenTests =
    "it has no tests beyond its examples";

// Adds tests from a file of rows {problem_id, input, output}, or from the files
// of a folder: test_cases_NNNN.* (contest number, four digits), or all of them.
// Ids are compared as ContestAndIndex. Problems that had no tests and get some
// are refused no longer; rows of other problems are passed over.
absl::Status AddCodeforcesTests(const std::string& path, BenchmarkSet* set);

// "2024/A", "2024A" and "2024-A" as "2024/A"; another text as it is.
std::string ContestAndIndex(absl::string_view id);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_CODEFORCES_TESTS_H_
