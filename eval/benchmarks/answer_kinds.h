// Kinds of answers in one's own problem files, and gold answers that cannot be
// judged.
#ifndef LIMBECK_EVAL_BENCHMARKS_ANSWER_KINDS_H_
#define LIMBECK_EVAL_BENCHMARKS_ANSWER_KINDS_H_

#include <string>

#include "absl/status/status.h"
#include "data/base/json.h"
#include "eval/benchmarks/benchmark_problem.h"

namespace limbeck {

// Reads "kind" (integer, the default; math, choice, string, numeric, regex,
// json_schema) and its options: absolute_tolerance, relative_tolerance,
// letters, ignore_case, anywhere. An unknown kind is an error.
absl::Status ReadAnswerKind(const Json& row, BenchmarkProblem* problem);

// Why no answer can be judged against the problem's gold; empty: some can.
std::string RefuseGold(const BenchmarkProblem& problem);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_ANSWER_KINDS_H_
