// Standings and rating changes of Codeforces contests, as its API gives them.
#ifndef LIMBECK_EVAL_CODEFORCES_CONTEST_H_
#define LIMBECK_EVAL_CODEFORCES_CONTEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "data/verify/verify_mode.h"

namespace limbeck {

// CodeElo rates no contest with fewer rated people than that.
inline constexpr size_t kMinRatedRows = 201;

struct ContestProblem {
  std::string id;                // "2024/A"
  std::optional<double> points;  // absent: solved problems are counted
};

struct ContestRow {
  double points = 0;
  double penalty = 0;
};

struct CodeforcesContest {
  int64_t id = 0;
  std::string name;
  std::vector<ContestProblem> problems;
  std::vector<ContestRow> rows;     // rated people, best first
  std::vector<double> old_ratings;  // theirs, in any order
};

// Joins the two answers of the API by the first handle of each party. Sound:
// people who are in both. Compat: people who are in the rating changes (an
// empty standings file apart), and a contest whose counts then differ is
// refused, as in CodeElo. Fewer than kMinRatedRows is FailedPrecondition: no
// rating from this contest. Errors of shape name the field.
absl::StatusOr<CodeforcesContest> JoinContest(const Json& standings,
                                              const Json& rating_changes,
                                              VerifyMode mode);

// Whether a file of the API holds standings, and of which contest; rating
// changes otherwise. Neither: an error.
struct ContestFile {
  int64_t contest = 0;
  bool standings = false;
};
absl::StatusOr<ContestFile> IdentifyContestFile(const Json& json);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_CODEFORCES_CONTEST_H_
