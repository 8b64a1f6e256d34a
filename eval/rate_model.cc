// Contests from files, intervals by bootstrap, and the JSON of both ratings.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/random.h"
#include "data/base/status_macros.h"
#include "eval/benchmarks/codeforces_tests.h"
#include "eval/codeforces_rating.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

struct ContestFiles {
  std::string standings;
  std::string rating_changes;
};

struct Skipped {
  int64_t contest = 0;
  std::string reason;
};

// A contest with the model's part in it.
struct RatedContest {
  CodeforcesContest contest;
  std::vector<ProblemAttempts> attempts;
  std::map<int64_t, double> rating_of_rank;  // as far as asked for
};

absl::StatusOr<Json> ReadJsonFile(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxFileBytes));
  absl::StatusOr<Json> json = ParseJson(text);
  if (json.ok()) return json;
  return absl::Status(json.status().code(),
                      absl::StrCat(path, ": ", json.status().message()));
}

absl::StatusOr<std::map<int64_t, ContestFiles>> FindContests(
    const std::string& folder) {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(folder));
  std::map<int64_t, ContestFiles> contests;
  for (const std::string& name : names) {
    if (!absl::EndsWith(name, ".json")) continue;
    const std::string path = JoinPath(folder, name);
    LIMBECK_ASSIGN_OR_RETURN(const Json json, ReadJsonFile(path));
    const absl::StatusOr<ContestFile> file = IdentifyContestFile(json);
    if (!file.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", file.status().message()));
    }
    ContestFiles& files = contests[file->contest];
    std::string& place =
        file->standings ? files.standings : files.rating_changes;
    if (!place.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": contest ", file->contest, " is in ", place, " already"));
    }
    place = path;
  }
  if (!contests.empty()) return contests;
  return absl::NotFoundError(
      absl::StrCat(folder, " holds no .json file of a contest"));
}

// Attempts at the contest's problems.
std::vector<ProblemAttempts> Within(
    const CodeforcesContest& contest,
    const std::vector<ProblemAttempts>& attempts) {
  std::vector<ProblemAttempts> found;
  for (const ContestProblem& problem : contest.problems) {
    for (const ProblemAttempts& one : attempts) {
      if (one.id == problem.id) found.push_back(one);
    }
  }
  return found;
}

absl::StatusOr<CodeforcesContest> LoadContest(const ContestFiles& files,
                                              VerifyMode mode) {
  if (files.standings.empty() || files.rating_changes.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("no file of ",
                     files.standings.empty() ? "standings" : "rating changes"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const Json standings, ReadJsonFile(files.standings));
  LIMBECK_ASSIGN_OR_RETURN(const Json changes,
                           ReadJsonFile(files.rating_changes));
  absl::StatusOr<CodeforcesContest> contest =
      JoinContest(standings, changes, mode);
  if (contest.ok() || absl::IsFailedPrecondition(contest.status())) {
    return contest;
  }
  return absl::InvalidArgumentError(absl::StrCat(files.standings, " with ",
                                                 files.rating_changes, ": ",
                                                 contest.status().message()));
}

absl::Status LoadContests(const std::string& folder,
                          const std::vector<ProblemAttempts>& attempts,
                          VerifyMode mode, std::vector<RatedContest>* rated,
                          std::vector<Skipped>* skipped) {
  LIMBECK_ASSIGN_OR_RETURN(const auto files, FindContests(folder));
  for (const auto& [id, of_contest] : files) {
    absl::StatusOr<CodeforcesContest> contest = LoadContest(of_contest, mode);
    if (absl::IsFailedPrecondition(contest.status())) {
      skipped->push_back({id, std::string(contest.status().message())});
      continue;
    }
    LIMBECK_RETURN_IF_ERROR(contest.status());
    std::vector<ProblemAttempts> within = Within(*contest, attempts);
    if (within.empty()) {
      skipped->push_back({id, "none of its problems has samples"});
      continue;
    }
    rated->push_back({*std::move(contest), std::move(within), {}});
  }
  return absl::OkStatus();
}

double RatingAt(RatedContest& rated, int64_t rank, VerifyMode mode) {
  const auto [place, is_new] = rated.rating_of_rank.emplace(rank, 0);
  if (is_new) {
    const std::vector<double>& ratings = rated.contest.old_ratings;
    place->second = mode == VerifyMode::kCompat
                        ? static_cast<double>(CompatRating(ratings, rank))
                        : SoundRating(ratings, rank);
  }
  return place->second;
}

// The same number of tries, drawn again from those made.
std::vector<ProblemAttempts> Redraw(
    const std::vector<ProblemAttempts>& attempts, uint64_t key) {
  std::vector<ProblemAttempts> drawn = attempts;
  for (size_t i = 0; i < drawn.size(); ++i) {
    const std::string& made = attempts[i].outcomes;
    for (size_t j = 0; j < made.size(); ++j) {
      drawn[i].outcomes[j] = made[RandomBelow(made.size(), key, j, i)];
    }
  }
  return drawn;
}

Json IntervalOf(std::vector<double> values, double confidence) {
  if (values.empty()) return Json();
  std::sort(values.begin(), values.end());
  const double tail = (1 - confidence) / 2;
  return Json(JsonArray{SortedQuantile(values, tail),
                        SortedQuantile(values, 1 - tail)});
}

// Contests are drawn again, and within them the tries.
Json ContestInterval(std::vector<RatedContest>& rated,
                     const RatingOptions& options) {
  const uint64_t key = RandomKey(options.seed, RandomPurpose::kBootstrap, 3);
  std::vector<double> means;
  for (int64_t replicate = 0; replicate < options.replicates; ++replicate) {
    const uint64_t draw = MixKey(key, static_cast<uint64_t>(replicate));
    double sum = 0;
    for (size_t i = 0; i < rated.size(); ++i) {
      RatedContest& one = rated[RandomBelow(rated.size(), draw, i)];
      const auto tries = Redraw(one.attempts, MixKey(draw, i));
      const int64_t rank =
          RankOf(one.contest, ScoreContest(one.contest, tries));
      sum += RatingAt(one, rank, options.mode);
    }
    means.push_back(sum / static_cast<double>(rated.size()));
  }
  return IntervalOf(std::move(means), options.confidence);
}

Json ContestToJson(RatedContest& rated, const RatingOptions& options,
                   double* rating) {
  const ContestScore score = ScoreContest(rated.contest, rated.attempts);
  const int64_t rank = RankOf(rated.contest, score);
  const auto people = static_cast<int64_t>(rated.contest.rows.size());
  *rating = RatingAt(rated, rank, options.mode);
  Json json = Json::Object();
  json.Set("contest_id", rated.contest.id);
  json.Set("name", rated.contest.name);
  json.Set("problems", static_cast<int64_t>(rated.contest.problems.size()));
  json.Set("problems_tried", static_cast<int64_t>(rated.attempts.size()));
  json.Set("solved", score.solved);
  json.Set("score", score.points);
  json.Set("penalty", score.penalty);
  json.Set("rank", rank);
  json.Set("participants", people);
  json.Set("rating", *rating);
  // Better or worse than everybody: the end of the scale, not a measurement.
  json.Set("at_bound", rank == 0 || rank == people);
  return json;
}

absl::StatusOr<std::vector<double>> ReadPopulation(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const Json json, ReadJsonFile(path));
  std::vector<double> ratings;
  if (json.is_array()) {
    for (const Json& entry : json.array()) {
      if (!entry.is_number()) {
        return absl::InvalidArgumentError(absl::StrCat(
            path, ": entry ", ratings.size() + 1, " is no number"));
      }
      ratings.push_back(entry.number());
    }
  }
  if (ratings.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is no list of ratings"));
  }
  std::sort(ratings.begin(), ratings.end());
  return ratings;
}

absl::StatusOr<Json> Percentile(const std::string& path, double rating) {
  if (path.empty()) return Json();
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<double> population,
                           ReadPopulation(path));
  LIMBECK_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(path));
  Json json = Json::Object();
  json.Set("percentile",
           std::round(10 * PercentileOf(rating, population)) / 10);
  json.Set("population", BaseName(path));
  json.Set("population_size", static_cast<int64_t>(population.size()));
  json.Set("population_sha256", digest);
  return json;
}

absl::StatusOr<Json> RateByContests(
    const RatingSource& source, const std::vector<ProblemAttempts>& attempts,
    const RatingOptions& options) {
  std::vector<RatedContest> rated;
  std::vector<Skipped> skipped;
  LIMBECK_RETURN_IF_ERROR(LoadContests(source.standings_path, attempts,
                                       options.mode, &rated, &skipped));
  Json json = Json::Object();
  json.Set("kind", "codeforces_contests");
  Json contests = Json::Array();
  double sum = 0;
  for (RatedContest& one : rated) {
    double rating = 0;
    contests.Push(ContestToJson(one, options, &rating));
    sum += rating;
  }
  const double mean =
      rated.empty() ? 0 : sum / static_cast<double>(rated.size());
  json.Set("rating", rated.empty() ? Json() : Json(mean));
  json.Set("interval",
           rated.empty() ? Json() : ContestInterval(rated, options));
  json.Set("contests", std::move(contests));
  Json left_out = Json::Array();
  for (const Skipped& one : skipped) {
    Json entry = Json::Object();
    entry.Set("contest_id", one.contest);
    entry.Set("reason", one.reason);
    left_out.Push(std::move(entry));
  }
  json.Set("skipped_contests", std::move(left_out));
  if (rated.empty()) return json;
  LIMBECK_ASSIGN_OR_RETURN(Json percentile,
                           Percentile(source.population_path, mean));
  if (!percentile.is_null()) json.Set("percentile", std::move(percentile));
  return json;
}

Json RateByProblems(const std::vector<ProblemAttempts>& attempts,
                    const RatingOptions& options) {
  std::vector<ProblemAttempts> rated;
  for (const ProblemAttempts& one : attempts) {
    if (one.difficulty > 0) rated.push_back(one);
  }
  const std::optional<double> rating = ProblemElo(rated);
  const uint64_t key = RandomKey(options.seed, RandomPurpose::kBootstrap, 4);
  std::vector<double> drawn_ratings;
  for (int64_t i = 0; rating && i < options.replicates; ++i) {
    std::vector<ProblemAttempts> drawn;
    for (size_t j = 0; j < rated.size(); ++j) {
      drawn.push_back(
          rated[RandomBelow(rated.size(), key, j, static_cast<uint64_t>(i))]);
    }
    // Draws in which all came out the same fit no finite rating.
    if (const auto one = ProblemElo(drawn)) drawn_ratings.push_back(*one);
  }
  Json json = Json::Object();
  json.Set("kind", "problem_elo");
  json.Set("rating", rating ? Json(*rating) : Json());
  json.Set("interval",
           IntervalOf(std::move(drawn_ratings), options.confidence));
  json.Set("problems", static_cast<int64_t>(rated.size()));
  return json;
}

}  // namespace

std::vector<ProblemAttempts> AttemptsOf(const BenchmarkSet& set,
                                        const BenchmarkScores& scores) {
  std::map<std::string, const ProblemResult*> results;
  for (const ProblemResult& result : scores.per_problem) {
    results.emplace(result.problem_id, &result);
  }
  std::vector<ProblemAttempts> attempts;
  for (const BenchmarkProblem& problem : set.problems) {
    const auto found = results.find(problem.id);
    if (found == results.end() || found->second->samples == 0) continue;
    attempts.push_back({ContestAndIndex(problem.id), problem.difficulty_rating,
                        found->second->outcomes});
  }
  return attempts;
}

absl::StatusOr<Json> RateModel(const RatingSource& source,
                               const std::vector<ProblemAttempts>& attempts,
                               const RatingOptions& options) {
  if (!source.standings_path.empty()) {
    return RateByContests(source, attempts, options);
  }
  if (!source.population_path.empty()) {
    return absl::InvalidArgumentError(
        "a population gives the percentile of a rating from standings, and "
        "no standings are given");
  }
  const bool any_rated = std::any_of(
      attempts.begin(), attempts.end(),
      [](const ProblemAttempts& one) { return one.difficulty > 0; });
  return any_rated ? RateByProblems(attempts, options) : Json();
}

absl::Status CheckNoRating(const RatingSource& source) {
  if (source.standings_path.empty() && source.population_path.empty()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "standings and a population go with benchmark codeforces");
}

}  // namespace limbeck
