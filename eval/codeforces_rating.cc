// Formulas; files and bootstrap are in rate_model.cc.
#include "eval/codeforces_rating.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "data/base/check.h"

namespace limbeck {
namespace {

constexpr double kWrongTryPoints = 50;
constexpr double kWrongTryPenalty = 10;
constexpr double kScale = 400;
constexpr double kCompatReach = 100;

// Wrong tries before the first right one; -1: never solved.
int WrongTries(const std::string& outcomes) {
  int tries = 0;
  for (char outcome : outcomes) {
    if (outcome == OutcomeMark(SampleOutcome::kJudgeError) ||
        outcome == kMissingMark) {
      continue;
    }
    if (tries == kMaxTries) break;
    if (outcome == OutcomeMark(SampleOutcome::kRight)) return tries;
    ++tries;
  }
  return -1;
}

// Chance that a person of rating `theirs` is better than one of `rating`.
double LosesTo(double rating, double theirs) {
  return 1 / (1 + std::pow(10.0, (rating - theirs) / kScale));
}

double ExpectedBetter(const std::vector<double>& ratings, double rating) {
  double sum = 0;
  for (double theirs : ratings) sum += LosesTo(rating, theirs);
  return sum;
}

// Where a falling function crosses zero, within [low, high].
template <typename Function>
double Crossing(double low, double high, const Function& function) {
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (function(middle) > 0 ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

ContestScore ScoreContest(const CodeforcesContest& contest,
                          const std::vector<ProblemAttempts>& attempts) {
  std::map<std::string, const ProblemAttempts*> by_id;
  for (const ProblemAttempts& one : attempts) by_id.emplace(one.id, &one);
  ContestScore score;
  for (const ContestProblem& problem : contest.problems) {
    const auto found = by_id.find(problem.id);
    if (found == by_id.end()) continue;
    const int wrong = WrongTries(found->second->outcomes);
    if (wrong < 0) continue;
    ++score.solved;
    if (problem.points) {
      score.points += std::max(0.0, *problem.points - kWrongTryPoints * wrong);
    } else {
      score.points += 1;
      score.penalty += kWrongTryPenalty * wrong;
    }
  }
  return score;
}

int64_t RankOf(const CodeforcesContest& contest, const ContestScore& score) {
  for (size_t i = 0; i < contest.rows.size(); ++i) {
    const ContestRow& row = contest.rows[i];
    if (row.points < score.points ||
        (row.points == score.points && row.penalty > score.penalty)) {
      return static_cast<int64_t>(i);
    }
  }
  return static_cast<int64_t>(contest.rows.size());
}

int64_t CompatRating(const std::vector<double>& old_ratings, int64_t rank) {
  LIMBECK_CHECK(!old_ratings.empty());
  const double highest =
      *std::max_element(old_ratings.begin(), old_ratings.end());
  int64_t low = 0;
  auto high = static_cast<int64_t>(std::max(highest, 0.0) + kCompatReach);
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    const double place =
        1 + ExpectedBetter(old_ratings, static_cast<double>(middle));
    (place < static_cast<double>(rank) ? high : low) = middle;
  }
  return low;
}

double SoundRating(const std::vector<double>& old_ratings, int64_t rank) {
  LIMBECK_CHECK(!old_ratings.empty());
  const auto [lowest, highest] =
      std::minmax_element(old_ratings.begin(), old_ratings.end());
  return Crossing(
      *lowest - kRatingReach, *highest + kRatingReach, [&](double rating) {
        return ExpectedBetter(old_ratings, rating) - static_cast<double>(rank);
      });
}

std::optional<double> ProblemElo(const std::vector<ProblemAttempts>& attempts) {
  struct Tries {
    double difficulty, right, all;
  };
  std::vector<Tries> rated;
  double right = 0, all = 0, lowest = 0, highest = 0;
  for (const ProblemAttempts& one : attempts) {
    if (one.difficulty <= 0) continue;
    Tries tries{one.difficulty, 0, 0};
    for (char outcome : one.outcomes) {
      if (outcome == OutcomeMark(SampleOutcome::kJudgeError) ||
          outcome == kMissingMark) {
        continue;
      }
      tries.right += outcome == OutcomeMark(SampleOutcome::kRight) ? 1 : 0;
      tries.all += 1;
    }
    right += tries.right;
    all += tries.all;
    lowest = rated.empty() ? one.difficulty : std::min(lowest, one.difficulty);
    highest = std::max(highest, one.difficulty);
    rated.push_back(tries);
  }
  if (right == 0 || right == all) return std::nullopt;
  // With one right and one wrong try among n the rating is within
  // 400 log10(n) of the difficulties.
  const double reach = kScale * std::log10(all) + 1;
  return Crossing(lowest - reach, highest + reach, [&](double rating) {
    double surplus = 0;  // right tries beyond the expected ones
    for (const Tries& tries : rated) {
      surplus +=
          tries.right - tries.all * (1 - LosesTo(rating, tries.difficulty));
    }
    return surplus;
  });
}

double PercentileOf(double rating, const std::vector<double>& sorted) {
  const auto below = std::lower_bound(sorted.begin(), sorted.end(), rating);
  return 100 * static_cast<double>(below - sorted.begin()) /
         static_cast<double>(sorted.size());
}

}  // namespace limbeck
