// Paired comparison of two evaluated models, benchmark by benchmark.
#ifndef LIMBECK_EVAL_COMPARE_H_
#define LIMBECK_EVAL_COMPARE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "eval/paired_test.h"
#include "eval/scores.h"

namespace limbeck {

struct BenchmarkComparison {
  std::string benchmark;
  std::string model_a;  // names for reports; may be empty
  std::string model_b;
  int64_t problems = 0;  // that both have samples of
  // Absent where no problem is in both.
  std::optional<PairedResult> paired;
  double p_value_holm = 1;  // over all comparisons with a p-value
  int64_t only_in_a = 0;    // problems
  int64_t only_in_b = 0;
  // {name: [a's, b's]} of what verdicts and figures depend on; null: not there.
  Json settings_that_differ = Json::Object();
};

// One comparison per benchmark, in a's order, then those that only b has.
// Errors: a benchmark twice in one list, no benchmark in common, a benchmark
// whose scored problems are all different ones in a and b, or the same
// benchmark scored in different modes or on different data (data_sha256).
absl::StatusOr<std::vector<BenchmarkComparison>> CompareScores(
    const std::vector<BenchmarkScores>& a,
    const std::vector<BenchmarkScores>& b, const PairedOptions& options);

// Sets p_value_holm over all of them.
void AdjustPValues(std::vector<BenchmarkComparison>* comparisons);

// Reads one result of `benchmark`, an array of them, or the scores.json of an
// evaluation artefact (a directory).
absl::StatusOr<std::vector<BenchmarkScores>> ReadScores(
    const std::string& path);

inline constexpr absl::string_view kScoresFile = "scores.json";
inline constexpr absl::string_view kComparisonFile = "comparison.json";

}  // namespace limbeck

#endif  // LIMBECK_EVAL_COMPARE_H_
