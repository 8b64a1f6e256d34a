// Fields of contest.standings and contest.ratingChanges.
#include "eval/codeforces_contest.h"

#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "eval/benchmarks/codeforces_tests.h"

namespace limbeck {
namespace {

absl::StatusOr<const Json*> Member(const Json& json, absl::string_view key) {
  const Json* value = json.Find(key);
  if (value != nullptr) return value;
  return absl::InvalidArgumentError(absl::StrCat("no '", key, "'"));
}

absl::StatusOr<const JsonArray*> List(const Json& json, absl::string_view key) {
  LIMBECK_ASSIGN_OR_RETURN(const Json* const value, Member(json, key));
  if (value->is_array()) return &value->array();
  return absl::InvalidArgumentError(absl::StrCat("'", key, "' is no list"));
}

// The first handle of a row; "" for parties without members.
absl::StatusOr<std::string> HandleOf(const Json& row) {
  LIMBECK_ASSIGN_OR_RETURN(const Json* const party, Member(row, "party"));
  LIMBECK_ASSIGN_OR_RETURN(const JsonArray* const members,
                           List(*party, "members"));
  if (members->empty()) return std::string();
  return (*members)[0].GetString("handle");
}

// Ratings before the contest, by handle.
absl::StatusOr<std::map<std::string, double>> OldRatings(
    const Json& rating_changes) {
  LIMBECK_ASSIGN_OR_RETURN(const JsonArray* const list,
                           List(rating_changes, "result"));
  std::map<std::string, double> ratings;
  for (const Json& change : *list) {
    LIMBECK_ASSIGN_OR_RETURN(std::string handle, change.GetString("handle"));
    LIMBECK_ASSIGN_OR_RETURN(const double rating,
                             change.GetDouble("oldRating"));
    ratings.emplace(std::move(handle), rating);
  }
  return ratings;
}

absl::Status ReadHead(const Json& result, CodeforcesContest* contest) {
  LIMBECK_ASSIGN_OR_RETURN(const Json* const head, Member(result, "contest"));
  LIMBECK_ASSIGN_OR_RETURN(contest->id, head->GetInt("id"));
  LIMBECK_ASSIGN_OR_RETURN(contest->name, head->GetString("name", ""));
  LIMBECK_ASSIGN_OR_RETURN(const JsonArray* const problems,
                           List(result, "problems"));
  for (const Json& entry : *problems) {
    LIMBECK_ASSIGN_OR_RETURN(const int64_t id,
                             entry.GetInt("contestId", contest->id));
    LIMBECK_ASSIGN_OR_RETURN(const std::string index, entry.GetString("index"));
    ContestProblem problem;
    problem.id = ContestAndIndex(absl::StrCat(id, "/", index));
    if (entry.Find("points") != nullptr) {
      LIMBECK_ASSIGN_OR_RETURN(problem.points, entry.GetDouble("points"));
    }
    contest->problems.push_back(std::move(problem));
  }
  return absl::OkStatus();
}

absl::Status ReadRows(const Json& result,
                      const std::map<std::string, double>& ratings,
                      VerifyMode mode, CodeforcesContest* contest) {
  LIMBECK_ASSIGN_OR_RETURN(const JsonArray* const rows, List(result, "rows"));
  for (const Json& entry : *rows) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string handle, HandleOf(entry));
    const auto rating = ratings.find(handle);
    if (rating == ratings.end()) continue;
    ContestRow row;
    LIMBECK_ASSIGN_OR_RETURN(row.points, entry.GetDouble("points"));
    LIMBECK_ASSIGN_OR_RETURN(row.penalty, entry.GetDouble("penalty", 0));
    contest->rows.push_back(row);
    if (mode == VerifyMode::kSound) {
      contest->old_ratings.push_back(rating->second);
    }
  }
  if (mode == VerifyMode::kCompat) {
    for (const auto& [handle, rating] : ratings) {
      contest->old_ratings.push_back(rating);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CodeforcesContest> JoinContest(const Json& standings,
                                              const Json& rating_changes,
                                              VerifyMode mode) {
  LIMBECK_ASSIGN_OR_RETURN(const auto ratings, OldRatings(rating_changes));
  LIMBECK_ASSIGN_OR_RETURN(const Json* const result,
                           Member(standings, "result"));
  CodeforcesContest contest;
  LIMBECK_RETURN_IF_ERROR(ReadHead(*result, &contest));
  LIMBECK_RETURN_IF_ERROR(ReadRows(*result, ratings, mode, &contest));
  if (contest.rows.size() != contest.old_ratings.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat(contest.rows.size(), " rows in the standings and ",
                     contest.old_ratings.size(), " rating changes"));
  }
  if (contest.rows.size() < kMinRatedRows) {
    return absl::FailedPreconditionError(
        absl::StrCat(contest.rows.size(), " rated people, at least ",
                     kMinRatedRows, " are needed"));
  }
  return contest;
}

absl::StatusOr<ContestFile> IdentifyContestFile(const Json& json) {
  LIMBECK_ASSIGN_OR_RETURN(const Json* const result, Member(json, "result"));
  ContestFile file;
  if (result->is_object()) {
    LIMBECK_ASSIGN_OR_RETURN(const Json* const head,
                             Member(*result, "contest"));
    LIMBECK_ASSIGN_OR_RETURN(file.contest, head->GetInt("id"));
    file.standings = true;
    return file;
  }
  if (!result->is_array() || result->array().empty()) {
    return absl::InvalidArgumentError(
        "'result' is neither standings nor a list of rating changes");
  }
  LIMBECK_ASSIGN_OR_RETURN(file.contest,
                           result->array()[0].GetInt("contestId"));
  return file;
}

}  // namespace limbeck
