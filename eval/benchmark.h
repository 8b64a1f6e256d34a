// Scores stored samples without any model: the `limbeck benchmark` filter.
#ifndef LIMBECK_EVAL_BENCHMARK_H_
#define LIMBECK_EVAL_BENCHMARK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eval/benchmarks/read_benchmark.h"
#include "eval/codeforces_rating.h"
#include "eval/sample_judge.h"
#include "eval/scores.h"

namespace limbeck {

// One sample with its verdict, for lists that people read.
struct SampleVerdict {
  std::string problem_id;
  int64_t sample = 0;
  Verification verification;
};

struct BenchmarkRequest {
  // The problems; its mode is the mode of all verdicts.
  BenchmarkSource source;
  // Lines of {"problem_id", "sample": 0.., "text", optional "finish_reason":
  // "length" (truncated), "option_order" (multiple choice)}.
  std::string samples_path;
  ExtractionRule extraction = ExtractionRule::kDefault;
  int64_t samples_per_problem = 0;  // 0: the largest sample number + 1
  int workers = 1;                  // threads; never change a verdict
  JudgeOptions code;
  RatingSource rating;
  IntervalOptions intervals;
  // Called once per sample, in the order of problems and sample numbers.
  std::function<absl::Status(const SampleVerdict&)> visit;
};

// Errors: files that cannot be read; a bad line, an unknown problem or a
// duplicate sample (with file and line); a machine whose isolation is too weak
// for programs. Missing samples are counted; samples of problems outside the
// window are passed over and counted in the settings.
absl::StatusOr<BenchmarkScores> ScoreSamples(const BenchmarkRequest& request);
// With a judge of one's own, for tests.
absl::StatusOr<BenchmarkScores> ScoreSamplesWith(
    const SampleJudge& judge, const BenchmarkRequest& request);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARK_H_
