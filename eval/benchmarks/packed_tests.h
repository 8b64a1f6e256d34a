// Tests of programs as data sets store them: lists, JSON texts, and base64 of
// zlib of a pickle.
#ifndef LIMBECK_EVAL_BENCHMARKS_PACKED_TESTS_H_
#define LIMBECK_EVAL_BENCHMARKS_PACKED_TESTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "eval/benchmarks/benchmark_problem.h"

namespace limbeck {

// A list of {"input", "output"}, or {"inputs": [...], "outputs": [...]} (also
// below "input_output"), each also as a JSON text.
absl::StatusOr<std::vector<CodeTest>> ReadTestList(const Json& json);

// All tests of a problem, the packed ones unpacked: a JSON text, or base64 of
// zlib of a pickle of one. What is inflated and made is bounded. Errors begin
// with the problem's place and name opcode and offset.
absl::StatusOr<std::vector<CodeTest>> UnpackTests(
    const BenchmarkProblem& problem);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_PACKED_TESTS_H_
