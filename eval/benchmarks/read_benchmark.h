// Problem files of benchmarks, as their authors publish them.
#ifndef LIMBECK_EVAL_BENCHMARKS_READ_BENCHMARK_H_
#define LIMBECK_EVAL_BENCHMARKS_READ_BENCHMARK_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/verify/verify_mode.h"
#include "eval/benchmarks/benchmark_problem.h"

namespace limbeck {

struct BenchmarkSource {
  BenchmarkId benchmark = BenchmarkId::kJsonl;
  std::string path;  // a file; for LiveCodeBench also a folder of test*.jsonl
  // LiveCodeBench: compat keeps the problems of its errata list.
  VerifyMode mode = VerifyMode::kSound;
  // LiveCodeBench, of a folder: "release_v5" (the first five files), "v5" (the
  // fifth) or "v4_v5" (from the fourth to the fifth). Empty: all there are.
  std::string version;
  // LiveCodeBench: days of the contest, "2024-08-01", both included; empty:
  // open.
  std::string first_date;
  std::string last_date;
  // Codeforces: a file of tests or a folder of them (problem_id, input,
  // output); empty: those in the problem file only.
  std::string tests_path;
};

struct BenchmarkSet {
  std::vector<BenchmarkProblem> problems;
  // Ids of rows of another year, window or version.
  std::set<std::string> left_out;
  std::string sha256;  // of the files read, hexadecimal; "" for streams
};

// Reads the problems: JSON, JSON lines, CSV or Parquet; columns are looked up
// without regard to case; a problem without id gets its zero-based row number.
// Layouts (docs/evaluation.md lists every column):
//   aime24, aime25   problem, answer or expected_answer
//   math500          problem, answer, unique_id, subject, level
//   gpqa_diamond     Question, Correct Answer, Incorrect Answer 1..3, Record ID
//   livecodebench    code_generation_lite
//   codeforces       open-r1/codeforces, CodeElo
//   gsm8k            question, answer ("... #### N")
//   jsonl            id, problem, answer, kind and its options
// A row that cannot be scored keeps its place with a refusal. Errors name file
// and line: damage, missing columns, an id twice, no problem at all.
absl::StatusOr<BenchmarkSet> ReadBenchmark(const BenchmarkSource& source);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_READ_BENCHMARK_H_
