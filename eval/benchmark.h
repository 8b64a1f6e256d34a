// Scores stored samples without any model: the `limbeck benchmark` filter.
#ifndef LIMBECK_EVAL_BENCHMARK_H_
#define LIMBECK_EVAL_BENCHMARK_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eval/benchmark_problems.h"
#include "eval/scores.h"

namespace limbeck {

struct BenchmarkRequest {
  std::string name;            // a BenchmarkNames() entry
  std::string data_path;       // problems
  std::string samples_path;    // {"problem_id","sample":0..,"text"} per line
  std::string mode = "sound";  // or "compat"
  IntervalOptions intervals;
};

// Errors: an unknown name; a benchmark or mode that integer and exact
// verification cannot serve (Unimplemented); a bad line, an unknown problem or
// a duplicate sample (with file and line). Missing samples are counted.
absl::StatusOr<BenchmarkScores> ScoreSamples(const BenchmarkRequest& request);

// The answer in a text, by the benchmark's extraction rule.
Verification JudgeText(const BenchmarkProblem& problem, absl::string_view text);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARK_H_
