// Stored samples meet their problems by id.
#ifndef LIMBECK_EVAL_STORED_SAMPLES_H_
#define LIMBECK_EVAL_STORED_SAMPLES_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eval/benchmarks/read_benchmark.h"

namespace limbeck {

struct StoredSample {
  std::string place;  // "FILE:LINE"
  std::string text;
  // "finish_reason" is "length", or absent and the thought never ended.
  bool truncated = false;
  std::vector<int> option_order;  // of multiple choice
};

struct StoredSamples {
  // Of each problem, in the order of the set, by sample number.
  std::vector<std::map<int64_t, StoredSample>> of_problem;
  int64_t left_out = 0;  // of problems outside the window
};

// Reads lines of {"problem_id", "sample", "text", ...}. Errors name file and
// line: a bad line, an unknown problem, a sample that is there twice, a
// multiple-choice sample without a good "option_order".
absl::StatusOr<StoredSamples> ReadStoredSamples(const std::string& path,
                                                const BenchmarkSet& set);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_STORED_SAMPLES_H_
