// CodeElo's figures on made-up standings, corrected and as published.
#include "eval/codeforces_rating.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

// 800 + floor(2200 i / 999), i = 0..999.
std::vector<double> Ladder() {
  std::vector<double> ratings;
  for (int i = 0; i < 1000; ++i) ratings.push_back(800 + 2200 * i / 999);
  return ratings;
}

// Values computed with CodeElo's own loop.
TEST(CompatRating, CheckValues) {
  const std::vector<double> ratings = Ladder();
  EXPECT_EQ(CompatRating(ratings, 50), 3026);
  EXPECT_EQ(CompatRating(ratings, 100), 2840);
  EXPECT_EQ(CompatRating(ratings, 500), 1901);
  EXPECT_EQ(CompatRating(ratings, 900), 964);
  EXPECT_EQ(CompatRating(ratings, 990), 468);
  EXPECT_EQ(CompatRating(ratings, 1000), 40);
  EXPECT_EQ(CompatRating(ratings, 0), 3099);  // the cap
}

TEST(SoundRating, SolvesForThePlaceAndCloses) {
  const std::vector<double> ratings = Ladder();
  for (int64_t rank : {50, 100, 500, 900, 990}) {
    const double rating = SoundRating(ratings, rank);
    double better = 0;
    for (double theirs : ratings) {
      better += 1 / (1 + std::pow(10.0, (rating - theirs) / 400));
    }
    EXPECT_NEAR(better, static_cast<double>(rank), 1e-6);
    // One place apart from CodeElo's, which counts places from 0.
    EXPECT_LT(rating, static_cast<double>(CompatRating(ratings, rank)) + 1);
    EXPECT_NEAR(SoundRating(ratings, rank - 1),
                static_cast<double>(CompatRating(ratings, rank)), 1);
  }
  EXPECT_NEAR(SoundRating(ratings, 0), 3400, 1e-6);
  EXPECT_NEAR(SoundRating(ratings, 1000), 400, 1e-6);
  EXPECT_NEAR(SoundRating({1500.0, 1500.0}, 1), 1500, 1e-6);
}

CodeforcesContest SmallContest() {
  CodeforcesContest contest;
  contest.id = 9;
  contest.problems = {{"9/A", 500.0}, {"9/B", 1000.0}, {"9/C", std::nullopt}};
  contest.rows = {{1500, 0}, {1400, 0}, {1400, 5}, {450, 0}, {0, 0}};
  return contest;
}

TEST(ScoreContest, WrongTriesCostPoints) {
  const CodeforcesContest contest = SmallContest();
  ContestScore score = ScoreContest(
      contest, {{"9/A", 0, "0-1"}, {"9/B", 0, "1"}, {"8/A", 0, "1"}});
  EXPECT_EQ(score.points, 400 + 1000);
  EXPECT_EQ(score.solved, 2);
  EXPECT_EQ(RankOf(contest, score), 2);  // ties without penalty are ahead
  // Twelve wrong tries would cost more than it is worth; only eight count.
  score = ScoreContest(contest, {{"9/A", 0, "000000001"}});
  EXPECT_EQ(score.solved, 0);
  EXPECT_EQ(RankOf(contest, score), 5);
  score = ScoreContest(contest, {{"9/A", 0, "00000001"}});
  EXPECT_EQ(score.points, 150);
  // No tries: a judge that failed, a sample that is missing.
  score = ScoreContest(contest, {{"9/A", 0, "!.1"}});
  EXPECT_EQ(score.points, 500);
  EXPECT_EQ(RankOf(contest, score), 3);
  // Problems without points are counted, wrong tries are penalty.
  score = ScoreContest(contest, {{"9/C", 0, "001"}});
  EXPECT_EQ(score.points, 1);
  EXPECT_EQ(score.penalty, 20);
}

TEST(ProblemElo, IsTheLikeliestRating) {
  EXPECT_NEAR(*ProblemElo({{"a", 1000, "1"}, {"b", 1400, "0"}}), 1200, 1e-6);
  // Three of four at one difficulty: 400 log10(3) above it.
  EXPECT_NEAR(*ProblemElo({{"a", 1000, "1101"}, {"b", 0, "0000"}}),
              1000 + 400 * std::log10(3.0), 1e-6);
  EXPECT_FALSE(ProblemElo({{"a", 1000, "11"}}).has_value());
  EXPECT_FALSE(ProblemElo({{"a", 1000, "0!"}}).has_value());
  EXPECT_FALSE(ProblemElo({}).has_value());
}

TEST(PercentileOf, CountsWhoIsBelow) {
  const std::vector<double> sorted = {100, 200, 200, 300};
  EXPECT_EQ(PercentileOf(200, sorted), 25);
  EXPECT_EQ(PercentileOf(201, sorted), 75);
  EXPECT_EQ(PercentileOf(0, sorted), 0);
  EXPECT_EQ(PercentileOf(999, sorted), 100);
}

// The API's answers for `people` rated people and one guest.
std::string Standings(int people) {
  std::string rows;
  for (int i = 0; i < people; ++i) {
    absl::StrAppend(
        &rows, rows.empty() ? "" : ",", R"({"party":{"members":[{"handle":"h)",
        i, R"("}]},"rank":1,"points":)", 3000 - 10 * i, R"(.0,"penalty":0})");
  }
  return absl::StrCat(
      R"({"status":"OK","result":{"contest":{"id":9,"name":"Round 9"},)"
      R"("problems":[{"contestId":9,"index":"A","points":500.0},)"
      R"({"contestId":9,"index":"B","points":1000.0}],"rows":[)",
      rows, R"(,{"party":{"members":[{"handle":"guest"}]},"points":1.0}]}})");
}

std::string Changes(int people) {
  std::string list;
  for (int i = 0; i < people; ++i) {
    absl::StrAppend(&list, list.empty() ? "" : ",",
                    R"({"contestId":9,"handle":"h)", i, R"(","oldRating":)",
                    2500 - 5 * i, R"(,"newRating":1})");
  }
  return absl::StrCat(R"({"status":"OK","result":[)", list, "]}");
}

TEST(JoinContest, PeopleWhoAreInBoth) {
  const Json standings = *ParseJson(Standings(250));
  const auto sound =
      JoinContest(standings, *ParseJson(Changes(240)), VerifyMode::kSound);
  ASSERT_THAT(sound, IsOk());
  EXPECT_EQ(sound->rows.size(), 240u);
  EXPECT_EQ(sound->old_ratings.size(), 240u);
  EXPECT_EQ(sound->problems[1].id, "9/B");
  // 260 rating changes, 250 rows: CodeElo gives up.
  EXPECT_THAT(
      JoinContest(standings, *ParseJson(Changes(260)), VerifyMode::kCompat),
      IsError(absl::StatusCode::kFailedPrecondition, "260 rating changes"));
  EXPECT_THAT(
      JoinContest(standings, *ParseJson(Changes(260)), VerifyMode::kSound),
      IsOk());
  EXPECT_THAT(
      JoinContest(standings, *ParseJson(Changes(200)), VerifyMode::kSound),
      IsError(absl::StatusCode::kFailedPrecondition, "200 rated people"));
}

class RateModelFiles : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(folder_.File(name), text).ok());
  }
  absl::StatusOr<Json> Rate(VerifyMode mode = VerifyMode::kSound) {
    RatingOptions options;
    options.mode = mode;
    options.replicates = 100;
    return RateModel(source_, {{"9/A", 800, "1000"}, {"9/B", 1200, "0001"}},
                     options);
  }

  TemporaryDirectory folder_{TemporaryPlace::kMemory};
  RatingSource source_{folder_.path(), ""};
};

TEST_F(RateModelFiles, FromStandings) {
  Write("a.json", Standings(300));
  Write("b.json", Changes(300));
  const auto rating = Rate();
  ASSERT_THAT(rating, IsOk());
  EXPECT_EQ(*rating->GetString("kind"), "codeforces_contests");
  const Json& contest = rating->Find("contests")->array()[0];
  EXPECT_EQ(*contest.GetDouble("score"), 500 + 850);
  EXPECT_EQ(*contest.GetInt("rank"), 166);  // 3000 - 10 i < 1350
  EXPECT_FALSE(*contest.GetBool("at_bound"));
  const JsonArray& interval = rating->Find("interval")->array();
  EXPECT_LE(interval[0].number(), *rating->GetDouble("rating"));
  EXPECT_GE(interval[1].number(), *rating->GetDouble("rating"));
  EXPECT_EQ(WriteJson(*Rate()), WriteJson(*rating));
  const auto compat = Rate(VerifyMode::kCompat);
  std::vector<double> ratings;
  for (int i = 0; i < 300; ++i) ratings.push_back(2500 - 5 * i);
  EXPECT_EQ(*compat->GetDouble("rating"),
            static_cast<double>(CompatRating(ratings, 166)));
}

TEST_F(RateModelFiles, PopulationIsNamed) {
  Write("a.json", Standings(300));
  Write("b.json", Changes(300));
  source_.population_path = folder_.File("people.list");
  Write("people.list", "[1, 2, 9000]");
  const auto rating = Rate();
  ASSERT_THAT(rating, IsOk());
  const Json* percentile = rating->Find("percentile");
  EXPECT_EQ(*percentile->GetDouble("percentile"), 66.7);
  EXPECT_EQ(*percentile->GetString("population"), "people.list");
  Write("people.list", "{}");
  EXPECT_THAT(Rate(), IsError(absl::StatusCode::kInvalidArgument,
                              "is no list of ratings"));
  source_.standings_path = "";
  EXPECT_FALSE(Rate().ok());
}

TEST_F(RateModelFiles, ContestsWithoutRatingSayWhy) {
  Write("a.json", Standings(100));
  Write("b.json", Changes(100));
  const auto rating = Rate();
  ASSERT_THAT(rating, IsOk());
  EXPECT_TRUE(rating->Find("rating")->is_null());
  EXPECT_THAT(*rating->Find("skipped_contests")->array()[0].GetString("reason"),
              HasSubstr("100 rated people, at least 201"));
  ASSERT_TRUE(RemoveTree(folder_.File("b.json")).ok());
  EXPECT_THAT(*Rate()->Find("skipped_contests")->array()[0].GetString("reason"),
              HasSubstr("no file of rating changes"));
  Write("c.json", Standings(100));
  EXPECT_THAT(Rate(), IsError(absl::StatusCode::kInvalidArgument, "already"));
  Write("c.json", R"({"result":3})");
  EXPECT_THAT(Rate(), IsError(absl::StatusCode::kInvalidArgument, "c.json"));
}

TEST_F(RateModelFiles, WithoutStandingsItIsAProblemElo) {
  source_.standings_path = "";
  const auto rating = Rate();
  ASSERT_THAT(rating, IsOk());
  EXPECT_EQ(*rating->GetString("kind"), "problem_elo");
  EXPECT_EQ(*rating->GetInt("problems"), 2);
  RatingOptions options;
  EXPECT_TRUE(RateModel({}, {{"9/A", 0, "1"}}, options)->is_null());
  EXPECT_THAT(CheckNoRating({"x", ""}),
              IsError(absl::StatusCode::kInvalidArgument, "codeforces"));
}

TEST(JoinContest, DamageNeverCrashes) {
  const std::string standings = Standings(2);
  const std::string changes = Changes(2);
  const auto join = [](const std::string& one, const std::string& other) {
    const auto a = ParseJson(one);
    const auto b = ParseJson(other);
    if (a.ok()) (void)IdentifyContestFile(*a);
    if (a.ok() && b.ok()) (void)JoinContest(*a, *b, VerifyMode::kSound);
  };
  ForEachMutation(standings, 2000, 3,
                  [&](const std::string& text) { join(text, changes); });
  ForEachMutation(changes, 1000, 4,
                  [&](const std::string& text) { join(standings, text); });
}

}  // namespace
}  // namespace limbeck
