// Which option a text names, and which it does not.
#include "data/verify/choice.h"

#include <string>
#include <vector>

#include "data/base/random.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

constexpr absl::string_view kNone = "no option named";
constexpr absl::string_view kSeveral = "several options named";

struct ChoiceCase {
  std::string text;
  std::string expected;  // a letter, or the reason
};

void ExpectChoices(const std::vector<ChoiceCase>& cases) {
  for (const ChoiceCase& c : cases) {
    const FoundChoice found = FindChoice(c.text, kDefaultLetters);
    const std::string shown =
        found.letter ? std::string(1, found.letter) : found.reason;
    EXPECT_EQ(shown, c.expected) << c.text;
  }
}

TEST(FindChoice, AnswerLines) {
  ExpectChoices({
      {"Answer: B", "B"},
      {"Answer: A\nNo.\nAnswer: C", "C"},
      {"**Answer: D**", "D"},
      {"Answer: **(D)**", "D"},
      {"ANSWER : $C$", "C"},
      {"The correct answer is B.", "B"},
      {"the answer is (B) Au.", "B"},
      {"The answer is option C", "C"},
      {"Answer: \\boxed{C}", "C"},
      {"The answer is $\\boxed{\\text{(A)}}$.", "A"},
      {"Answer: B, which is cold.", "B"},
      {"Answer: B because of that", "B"},
      {"Answer: \"C\"", "C"},
      {"Answer:\nB", "B"},
      {"Answer: B.\nIt was fun.", "B"},
  });
}

TEST(FindChoice, WordsAreNoOptions) {
  ExpectChoices({
      {"Answer: A triangle has three sides", std::string(kNone)},
      {"Answer: Dogs", std::string(kNone)},
      {"Answer: A.M. rather than P.M.", std::string(kNone)},
      {"Answer: c", std::string(kNone)},
      {"The answer is not B", std::string(kNone)},
      {"I think it is B", std::string(kNone)},
      {"Because B is valid", std::string(kNone)},
      {"A is a letter.\nSo is B.", std::string(kNone)},
      {"Answer: E", std::string(kNone)},
      {"", std::string(kNone)},
      {"<think>Answer: B", std::string(kNone)},
  });
}

TEST(FindChoice, TwoOptionsAreNone) {
  ExpectChoices({
      {"Answer: A or B", std::string(kSeveral)},
      {"Answer: A, B", std::string(kSeveral)},
      {"Answer: (A) and (C)", std::string(kSeveral)},
      {"Answer: A/B", std::string(kSeveral)},
      {"\\boxed{A} and \\boxed{B}", std::string(kSeveral)},
      {"\\boxed{A, B}", std::string(kSeveral)},
  });
}

TEST(FindChoice, BoxesAndBareLetters) {
  ExpectChoices({
      {"So \\boxed{B}", "B"},
      {"\\boxed{\\text{(B)}}", "B"},
      {"\\boxed{\\text{B) Au}}", "B"},
      {"\\boxed{\\mathrm{C}}", "C"},
      {"\\boxed{b}", "B"},
      {"\\boxed{B. Paris}", "B"},
      {"\\boxed{5}", std::string(kNone)},
      {"\\boxed{B", std::string(kNone)},
      {"B", "B"},
      {"b", "B"},
      {"(B)", "B"},
      {"**B**", "B"},
      {"B.", "B"},
      {"B) Au", "B"},
      {"D. it can't be A or B", "D"},
      {"It cannot be A.\n\n**C**", "C"},
      {"A) one\nB) two", std::string(kNone)},
      {"thought A</think>B", "B"},
  });
}

TEST(FindChoice, AnswerLineBeforeBox) {
  ExpectChoices({{"\\boxed{A}\nAnswer: B", "B"}});
  EXPECT_EQ(
      FindChoice("\\boxed{A}\nAnswer: B", "ABCD", AnswerPlace::kBoxOnly).letter,
      'A');
}

TEST(FindChoice, OtherLetters) {
  EXPECT_EQ(FindChoice("Answer: J", "ABCDEFGHIJ").letter, 'J');
  EXPECT_EQ(FindChoice("Answer: I think", "ABCDEFGHIJ").letter, 0);
  EXPECT_EQ(FindChoice("Answer: C", "AB").letter, 0);
}

TEST(GoldChoice, LettersWithTheirText) {
  EXPECT_EQ(GoldChoice("B", "ABCD"), 'B');
  EXPECT_EQ(GoldChoice("(D) Alina", "ABCD"), 'D');
  EXPECT_EQ(GoldChoice("C Cecile", "ABCD"), 'C');
  EXPECT_EQ(GoldChoice("A Peter\nCelina bum", "ABCD"), 'A');
  EXPECT_EQ(GoldChoice("Alina and the answer is\n(C) Cecile", "ABCD"), 'C');
  EXPECT_EQ(GoldChoice("\\boxed{\\text{B}}", "ABCD"), 'B');
  EXPECT_EQ(GoldChoice("A) x\nB) y", "ABCD"), std::nullopt);
  EXPECT_EQ(GoldChoice("Alina", "ABCD"), std::nullopt);
  EXPECT_EQ(GoldChoice("", "ABCD"), std::nullopt);
}

TEST(CheckLetters, DistinctCapitals) {
  LIMBECK_EXPECT_OK(CheckLetters("ABCDEFGHIJ"));
  for (const std::string letters : {"", "A", "AA", "ab", "A1"}) {
    EXPECT_THAT(CheckLetters(letters),
                IsError(absl::StatusCode::kInvalidArgument,
                        "letters are '" + letters + "'"));
  }
}

// Random soups of the words that matter: bounded, and what is found is an
// option.
TEST(FindChoice, SurvivesRandomText) {
  const std::vector<std::string> pieces = {
      "Answer",   ":", " is ", "A",       "B",   "(",    ")",
      "\\boxed{", "}", "\n",   "*",       "or ", "and ", "option ",
      ".",        ",", "$",    "\\text{", "a",   "\xff"};
  for (uint64_t trial = 0; trial < 20000; ++trial) {
    const uint64_t key = RandomKey(trial, RandomPurpose::kTest, 2);
    std::string text;
    for (uint64_t i = 0; i < 12; ++i) {
      text += pieces[RandomBelow(pieces.size(), key, i)];
    }
    const FoundChoice found = FindChoice(text, "AB");
    ASSERT_TRUE(found.letter == 'A' || found.letter == 'B' ||
                (found.letter == 0 && !found.reason.empty()))
        << text;
  }
}

}  // namespace
}  // namespace limbeck
