// A model's Codeforces rating from stored standings, and what can be said
// without them.
//
// Formula: CodeElo (Quan et al. 2025, arXiv 2501.01257; calc_rating.py of
// QwenLM/CodeElo at 0bffc84): the rating whose expected place,
// 1 + sum_i 1 / (1 + 10^((R - r_i) / 400)), is the place of the model's score.
#ifndef LIMBECK_EVAL_CODEFORCES_RATING_H_
#define LIMBECK_EVAL_CODEFORCES_RATING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "data/verify/verify_mode.h"
#include "eval/benchmarks/read_benchmark.h"
#include "eval/codeforces_contest.h"
#include "eval/scores.h"

namespace limbeck {

inline constexpr int kMaxTries = 8;  // per problem, as in CodeElo

// What a model did with one problem.
struct ProblemAttempts {
  std::string id;         // "2024/A"
  double difficulty = 0;  // Codeforces' rating of the problem; 0: unknown
  std::string outcomes;   // OutcomeMark per try
};

struct ContestScore {
  double points = 0;
  double penalty = 0;
  int64_t solved = 0;
};

// A solved problem gives its points less 50 for each wrong try before, at least
// 0; in contests that count problems it gives 1, and 10 of penalty for each
// wrong try before. At most kMaxTries tries count; failures of the judge and
// missing samples are no tries.
ContestScore ScoreContest(const CodeforcesContest& contest,
                          const std::vector<ProblemAttempts>& attempts);

// People whom the score does not beat: the index, from 0, of the first who is
// worse.
int64_t RankOf(const CodeforcesContest& contest, const ContestScore& score);

// The largest whole rating in [0, highest old rating + 100) whose expected
// place is at least `rank`, counted from 0: CodeElo's, its errors included.
int64_t CompatRating(const std::vector<double>& old_ratings, int64_t rank);

// The rating whose expected number of better people is `rank`. Nobody worse or
// nobody better fits every large or small rating: it is kept within 400 of the
// best and of the worst old rating.
double SoundRating(const std::vector<double>& old_ratings, int64_t rank);
inline constexpr double kRatingReach = 400;

// The rating under which solving each problem with chance
// 1 / (1 + 10^((d - R) / 400)) is likeliest; absent when every try of every
// rated problem came out the same. Never a Codeforces rating.
std::optional<double> ProblemElo(const std::vector<ProblemAttempts>& attempts);

// Share of a population with a lower rating, in percent.
double PercentileOf(double rating, const std::vector<double>& sorted);

struct RatingSource {
  // Folder of the API's JSON answers, two files per contest, any names.
  std::string standings_path;
  // A JSON list of people's ratings, for the percentile; empty: none is told.
  std::string population_path;
};

struct RatingOptions {
  VerifyMode mode = VerifyMode::kSound;
  double confidence = 0.95;
  int64_t replicates = 1000;  // of the bootstrap over contests and tries
  uint64_t seed = 0;
};

// Of problems with samples, by the order of the set.
std::vector<ProblemAttempts> AttemptsOf(const BenchmarkSet& set,
                                        const BenchmarkScores& scores);

// With standings {"kind": "codeforces_contests", "rating", "interval",
// "contests", "skipped_contests", "percentile"}, without {"kind":
// "problem_elo", "rating", "interval", "problems"}; null where there is nothing
// to tell it from. docs/evaluation.md lists the fields.
absl::StatusOr<Json> RateModel(const RatingSource& source,
                               const std::vector<ProblemAttempts>& attempts,
                               const RatingOptions& options);

// A rating for a benchmark that has none is an error.
absl::Status CheckNoRating(const RatingSource& source);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_CODEFORCES_RATING_H_
