// What every benchmark's file is read into: a problem that can be asked and
// judged.
#ifndef LIMBECK_EVAL_BENCHMARKS_BENCHMARK_PROBLEM_H_
#define LIMBECK_EVAL_BENCHMARKS_BENCHMARK_PROBLEM_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/records.pb.h"

namespace limbeck {

enum class BenchmarkId {
  kAime24,
  kAime25,
  kMath500,
  kGpqaDiamond,
  kLiveCodeBench,
  kCodeforces,
  kGsm8k,
  kJsonl,  // one's own problems
};

// The names of the command line, in the order of BenchmarkId.
const std::vector<std::string>& BenchmarkNames();
absl::string_view NameOf(BenchmarkId benchmark);
// An unknown name's error lists the known ones.
absl::StatusOr<BenchmarkId> BenchmarkIdFromName(absl::string_view name);

// Samples per problem of open-r1's reading of the R1 paper: AIME 64, MATH-500
// 4, GPQA-Diamond 8, LiveCodeBench 16; Codeforces 8 (the tries that count),
// GSM8K 1, one's own problems 4.
int DefaultSamples(BenchmarkId benchmark);
// Whether answers are programs that run on tests.
bool IsCodeBenchmark(BenchmarkId benchmark);

struct CodeTest {
  std::string input;
  std::string output;
};

// What a program has to do.
struct CodeProblem {
  std::string function;      // called by functional tests; empty: stdin, stdout
  std::string starter_code;  // of functional problems
  std::vector<CodeTest> tests;    // in the order they run
  std::string packed_tests;       // further ones as stored, for UnpackTests
  double time_limit_seconds = 0;  // per test; 0: the judge's own
  double memory_limit_mb = 0;     // 0: the judge's own
  std::string input_file;   // the program reads and writes these files; empty:
  std::string output_file;  // standard input and output
  std::string checker;      // Python source; empty: the benchmark's comparison
};

struct BenchmarkProblem {
  BenchmarkId benchmark = BenchmarkId::kJsonl;
  std::string id;
  std::string place;  // "FILE:LINE", for errors found later
  std::string question;
  std::string gold;
  AnswerKind kind = ANSWER_KIND_INTEGER;
  AnswerOptions answer_options;  // of kinds that need more than the gold
  // Multiple choice: the right answer, then the wrong ones, as stored.
  std::vector<std::string> choices;
  std::optional<CodeProblem> code;
  // What scores are broken down by: {"difficulty", "easy"}.
  std::vector<std::pair<std::string, std::string>> labels;
  double difficulty_rating = 0;  // Codeforces' own; 0: unknown
  std::string refusal;           // why it cannot be scored; empty: it can
};

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_BENCHMARK_PROBLEM_H_
