// Scores and comparisons as JSON: what `limbeck benchmark` and `limbeck
// compare` print, and what scores.json and comparison.json hold.
#ifndef LIMBECK_EVAL_SCORE_JSON_H_
#define LIMBECK_EVAL_SCORE_JSON_H_

#include <vector>

#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "eval/compare.h"
#include "eval/scores.h"

namespace limbeck {

// Keys named and ordered as the fields of BenchmarkScores (the intervals are
// "pass_at_1_interval_exam" and "..._population": [low, high]); absent figures
// are null.
Json ScoresToJson(const BenchmarkScores& scores);
// The inverse. Errors name the key; counts that contradict each other (more
// right than samples) are refused.
absl::StatusOr<BenchmarkScores> ScoresFromJson(const Json& json);

// {"comparisons": [...], "holm_family": {"size", "members": [names]}}: Holm's
// correction counts every comparison of the list that has a p-value.
Json ComparisonsToJson(const std::vector<BenchmarkComparison>& comparisons);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_SCORE_JSON_H_
