// A benchmark's file as an evaluation asks it: problems as records, with the
// words of the chosen prompt around them.
#ifndef LIMBECK_EVAL_BENCHMARK_FILE_H_
#define LIMBECK_EVAL_BENCHMARK_FILE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/records.pb.h"
#include "eval/benchmarks/benchmark_problem.h"
#include "eval/benchmarks/prompt.h"
#include "eval/benchmarks/read_benchmark.h"
#include "eval/codeforces_rating.h"
#include "eval/options.pb.h"
#include "eval/sample_judge.h"

namespace limbeck {

// What resolved options mean.
BenchmarkId BenchmarkIdOf(const BenchmarkFileOptions& options);
PromptStyle PromptStyleOf(const BenchmarkFileOptions& options);
BenchmarkSource SourceOf(const BenchmarkFileOptions& options);
RatingSource RatingSourceOf(const BenchmarkFileOptions& options);
SampleJudgeOptions SampleJudgeOptionsOf(const BenchmarkFileOptions& options);

// The file's problems; those that can be asked also as records.
struct AskedBenchmark {
  BenchmarkSet set;
  PromptRequest prompt;  // of sample 0
  // Of every problem without refusal, as sample 0 asks it; the id is of those
  // messages.
  std::vector<Problem> problems;
  std::map<std::string, size_t> place;  // in the set, by record id

  // Asks a copy of a record as sample `sample` does: messages, order of options
  // and the letter of the right one.
  absl::Status Ask(int sample, Problem& problem) const;
};

// Reads the first `max_problems` (0: all) of the file. A problem with the words
// of an earlier one is refused. `seed` is that of the order of options.
absl::StatusOr<AskedBenchmark> AskBenchmark(const BenchmarkFileOptions& options,
                                            int64_t max_problems,
                                            uint64_t seed);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARK_FILE_H_
