// The answers of MATH-500 against each other: only truly equal ones are equal.
#include <string>
#include <utility>
#include <vector>

#include "data/verify/math/math_answer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/verify/math/math_rows.h"

namespace limbeck {
namespace {

using testing::UnorderedElementsAre;
using Pair = std::pair<std::string, std::string>;

class Math500 : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string& text : Math500Answers()) {
      absl::StatusOr<MathAnswer> answer = ParseMathAnswer(text);
      ASSERT_TRUE(answer.ok()) << text << ": " << answer.status();
      answers_.push_back(*std::move(answer));
    }
    if (answers_.empty()) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  }

  std::vector<MathAnswer> answers_;
};

TEST_F(Math500, EveryAnswerIsReadAsMathematicsOrAWord) {
  std::vector<std::string> words;
  for (const MathAnswer& answer : answers_) {
    if (answer.type() == MathType::kText) words.push_back(answer.words());
  }
  EXPECT_EQ(answers_.size(), 301u);
  EXPECT_THAT(words, UnorderedElementsAre("evelyn", "navin", "east", "ellipse",
                                          "even"));
}

// All 90,300 ordered pairs.
TEST_F(Math500, OnlyTrulyEqualAnswersAreEqual) {
  std::vector<Pair> equal;
  int asymmetric = 0;
  for (size_t i = 0; i < answers_.size(); ++i) {
    EXPECT_EQ(CompareMathAnswers(answers_[i], answers_[i]).verdict,
              VERDICT_CORRECT);
    for (size_t j = i + 1; j < answers_.size(); ++j) {
      const Verdict forth =
          CompareMathAnswers(answers_[i], answers_[j]).verdict;
      const Verdict back = CompareMathAnswers(answers_[j], answers_[i]).verdict;
      asymmetric += forth != back ? 1 : 0;
      if (forth == VERDICT_CORRECT) {
        equal.emplace_back(answers_[i].source(), answers_[j].source());
      }
    }
  }
  EXPECT_EQ(asymmetric, 0);
  EXPECT_THAT(equal,
              UnorderedElementsAre(
                  // The same number or list.
                  Pair("2 \\sqrt{5}", "2\\sqrt{5}"), Pair("10,\\!080", "10080"),
                  Pair("\\frac14", "\\frac{1}{4}"), Pair("-2,1", "1,-2"),
                  Pair("5", "x=5"), Pair("180^\\circ", "\\pi"),
                  // A unit on one side only.
                  Pair("15", "15\\mbox{ cm}^2"), Pair("120", "120^\\circ"),
                  Pair("30", "30^\\circ"), Pair("36", "36^\\circ"),
                  Pair("90", "90^\\circ"), Pair("36", "\\$36")));
}

}  // namespace
}  // namespace limbeck
