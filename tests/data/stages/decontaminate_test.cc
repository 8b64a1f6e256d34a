#include "data/stages/decontaminate.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/stages/ngram_index.h"
#include "data/stages/record_id.h"
#include "data/stages/recount.h"
#include "data/stages/words.h"
#include "gtest/gtest.h"
#include "tests/data/stages/workbench.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

Problem Asking(const std::string& question) {
  Problem problem;
  Message* message = problem.add_messages();
  message->set_role(ROLE_USER);
  message->set_content(question);
  problem.set_id(ProblemId(problem));
  return problem;
}

TEST(ContentWords, PunctuationAndCaseDoNotCount) {
  const std::vector<Word> words = ContentWords(
      " X=2.5, (\xc3\x9c"
      "ber)!");
  ASSERT_EQ(words.size(), 4);
  EXPECT_EQ(JoinWords(words, 0, 4),
            "x 2 5 \xc3\x9c"
            "ber");
  EXPECT_EQ(words[0].begin, 1);
  EXPECT_EQ(words[0].end, 2);
}

TEST(NgramIndex, FindsSharedNgramsWithTheirPlace) {
  NgramIndex index(3);
  index.Add("one two three four", "reference");
  const std::string text = "so: ONE two, three! And one two three four.";
  const auto match = index.Find(text);
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(match->shared_ngrams, 3);
  EXPECT_EQ(match->problem_id, "reference");
  EXPECT_EQ(text.substr(match->first.begin(),
                        match->first.end() - match->first.begin()),
            "ONE two, three");
  EXPECT_FALSE(index.Find("one two four three").has_value());
  EXPECT_FALSE(index.Find("").has_value());
}

TEST(NgramIndex, NumbersMakeADifference) {
  NgramIndex index(4);
  index.Add("Tom has 5 apples", "a");
  EXPECT_TRUE(index.Find("Tom has 5 apples").has_value());
  EXPECT_FALSE(index.Find("Tom has 6 apples").has_value());
}

TEST(NgramIndex, ShortItemsMatchAsAWholeOnly) {
  NgramIndex index(8);
  index.Add("What is 2+2?", "short");
  const auto match = index.Find("what is 2 + 2");
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(match->shared_ngrams, 1);
  EXPECT_FALSE(index.Find("What is 2+2+2?").has_value());
  EXPECT_FALSE(
      index.Find("He asked: what is 2+2? Nobody in the room knew").has_value());
}

TEST(NgramIndex, SmallestOwnerIsNamedWhateverTheOrder) {
  for (const bool swapped : {false, true}) {
    NgramIndex index(2);
    index.Add("a b", swapped ? "x" : "y");
    index.Add("a b", swapped ? "y" : "x");
    EXPECT_EQ(index.Find("a b c")->problem_id, "x");
  }
}

TEST(DecontaminateStage, RejectsWithSpanAndReference) {
  Workbench bench(2);
  const Problem test =
      Asking("A train leaves the old station at nine and travels forty miles");
  std::vector<Problem> problems;
  for (int i = 0; i < 20; ++i) problems.push_back(MakeProblem(i));
  problems.push_back(Asking(
      "Yesterday a train leaves the old station at nine, then it stops."));
  bench.WriteProblems("train", problems, 3);
  bench.WriteProblems("test", {test}, 1);
  LIMBECK_ASSERT_OK(bench.Run("clean", RunDecontaminateStage,
                              DecontaminateOptions(), {"train", "test"}));
  EXPECT_EQ(bench.Open("clean").manifest().counts().out(), 20);
  LIMBECK_EXPECT_OK(CheckCountsAgainstParent(bench.Directory("clean"),
                                             bench.Directory("train")));
  auto rejects = ReadArtefact<Rejection>(bench.Open("clean"), kRejectsFile);
  LIMBECK_ASSERT_OK(rejects);
  ASSERT_EQ(rejects->size(), 1);
  const Rejection& rejection = (*rejects)[0];
  EXPECT_EQ(rejection.reason(), REJECTION_REASON_CONTAMINATED);
  EXPECT_EQ(rejection.other_id(), test.id());
  EXPECT_EQ(rejection.value(), 1);
  const std::string question(QuestionText(rejection.problem()));
  EXPECT_EQ(question.substr(rejection.span().begin(),
                            rejection.span().end() - rejection.span().begin()),
            "a train leaves the old station at nine");
}

TEST(DecontaminateStage, TracesAgainstTracesAndProblems) {
  Workbench bench;
  std::vector<Trace> traces;
  for (int i = 0; i < 10; ++i) {
    traces.push_back(MakeTrace(MakeProblem(i), 0, "1"));
    traces.push_back(MakeTrace(MakeProblem(i), 1, "1"));
  }
  bench.WriteTraces("train", traces, 2);
  bench.WriteTraces("traces", {traces[4]}, 1);
  bench.WriteProblems("problems", {MakeProblem(7)}, 1);
  LIMBECK_ASSERT_OK(bench.Run("clean", RunDecontaminateStage,
                              DecontaminateOptions(),
                              {"train", "traces", "problems"}));
  auto rejects = ReadArtefact<Rejection>(bench.Open("clean"), kRejectsFile);
  LIMBECK_ASSERT_OK(rejects);
  EXPECT_EQ(rejects->size(), 4);
  for (const Rejection& rejection : *rejects) {
    const int64_t row = rejection.trace().problem().source().row();
    EXPECT_TRUE(row == 2 || row == 7) << row;
  }
}

TEST(DecontaminateStage, NeedsAReference) {
  Workbench bench;
  bench.WriteProblems("train", {MakeProblem(1)}, 1);
  EXPECT_THAT(bench.Run("clean", RunDecontaminateStage, DecontaminateOptions(),
                        {"train"}),
              IsError(absl::StatusCode::kInvalidArgument,
                      "an input and at least one reference, it has 1"));
}

}  // namespace
}  // namespace limbeck
