// docs/evaluation.md lists the fields that are emitted, all and no others.
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "data/base/file.h"
#include "eval/compare.h"
#include "eval/score_json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

// Names in backquotes in the first column of the first table below a heading.
std::set<std::string> DocumentedFields(absl::string_view heading) {
  const std::string text = *ReadFile("docs/evaluation.md");
  std::set<std::string> fields;
  bool here = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(line, "#")) {
      if (here) break;
      here = line == heading;
    }
    if (!here || !absl::StartsWith(line, "| `")) continue;
    const std::vector<absl::string_view> parts =
        absl::StrSplit(line.substr(0, line.find(" |")), '`');
    for (size_t i = 1; i < parts.size(); i += 2) fields.emplace(parts[i]);
  }
  return fields;
}

std::set<std::string> KeysOf(const Json& json) {
  std::set<std::string> keys;
  for (const JsonMember& member : json.object()) keys.insert(member.first);
  return keys;
}

ScoreInput OneProblem() {
  ScoreInput input;
  input.benchmark = "codeforces";
  input.mode = "sound";
  input.samples_per_problem = 2;
  Verification right;
  right.set_verdict(VERDICT_CORRECT);
  right.set_extracted("7");
  input.problems = {{"p",
                     {JudgeSample(right, false), JudgeSample(right, true)},
                     ANSWER_KIND_INTEGER,
                     {{"difficulty", "easy"}}}};
  return input;
}

TEST(Contract, BenchmarkFields) {
  BenchmarkScores scores = ComputeScores(OneProblem());
  scores.rating.Set("kind", "problem_elo");
  EXPECT_EQ(KeysOf(ScoresToJson(scores)),
            DocumentedFields("## Output of `benchmark`"));
}

TEST(Contract, CompareFields) {
  const BenchmarkScores scores = ComputeScores(OneProblem());
  auto comparisons = CompareScores({scores}, {scores}, {});
  ASSERT_TRUE(comparisons.ok()) << comparisons.status();
  (*comparisons)[0].model_a = "a";
  (*comparisons)[0].model_b = "b";
  const Json json = ComparisonsToJson(*comparisons);
  EXPECT_EQ(KeysOf(json.Find("comparisons")->array()[0]),
            DocumentedFields("## Output of `compare`"));
  EXPECT_EQ(KeysOf(json),
            (std::set<std::string>{"comparisons", "holm_family"}));
}

}  // namespace
}  // namespace limbeck
