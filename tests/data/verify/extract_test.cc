// Where answers stand: tables, hostile text, an independent definition of the
// last box.
#include "data/verify/extract.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/base/random.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"

namespace limbeck {
namespace {

using OptionalString = std::optional<std::string>;

struct TextCase {
  std::string text;
  OptionalString expected;
};

TEST(ExtractBoxed, Table) {
  const std::vector<TextCase> cases = {
      {"", std::nullopt},
      {"42", std::nullopt},
      {R"(\boxed{42})", "42"},
      {R"(\fbox{42})", "42"},
      {R"(\boxed {42})", "42"},
      {R"(\boxed{})", ""},
      {R"(a \boxed{1} b \boxed{2} c)", "2"},
      {R"(\boxed{1} then \fbox{2})", "2"},
      {R"(\boxed{\frac{1}{2}})", R"(\frac{1}{2})"},
      {R"(\boxed{\boxed{5}})", "5"},
      {R"(\boxed{5} and \boxed{6)", "5"},
      {R"(\boxed{5 and \boxed{6)", std::nullopt},
      {R"(\boxed{5 and \boxed{6})", "6"},
      {R"({{ \boxed{7})", "7"},
      {R"(}}} \boxed{7} })", "7"},
      {R"(\boxed{\{1,2\}})", R"(\{1,2\})"},
      {R"(\boxed{\})", std::nullopt},
      {R"(\boxed{a\\})", R"(a\\)"},
      {R"(\\boxed{42})", "42"},
      {R"(\\{ \boxed{3})", "3"},
      {R"(\boxedx{42})", std::nullopt},
      {R"(\notboxed{42})", std::nullopt},
      {R"(boxed{42})", std::nullopt},
      {R"(\boxed 42)", std::nullopt},
      {R"(\boxed)", std::nullopt},
      {R"(\boxed{)", std::nullopt},
      {"\\", std::nullopt},
      {"\\boxed{\xff\n}", "\xff\n"},
  };
  for (const TextCase& c : cases) {
    EXPECT_EQ(ExtractBoxed(c.text), c.expected) << c.text;
  }
}

// The straightforward definition: try every box from the last one backwards,
// counting braces from there.
OptionalString ExtractBoxedSlowly(const std::string& text) {
  for (size_t start = text.size(); start-- > 0;) {
    if (text.compare(start, 7, "\\boxed{") != 0) continue;
    int depth = 1;
    for (size_t at = start + 7; at < text.size(); ++at) {
      if (text[at] == '{') ++depth;
      if (text[at] == '}' && --depth == 0) {
        return text.substr(start + 7, at - start - 7);
      }
    }
  }
  return std::nullopt;
}

TEST(ExtractBoxed, AgreesWithBraceCounting) {
  const std::vector<std::string> pieces = {"{", "}", "\\boxed{", "a", "7"};
  for (uint64_t trial = 0; trial < 20000; ++trial) {
    const uint64_t key = RandomKey(trial, RandomPurpose::kTest);
    std::string text;
    for (uint64_t i = 0; i < 12; ++i) {
      text += pieces[RandomBelow(pieces.size(), key, i)];
    }
    ASSERT_EQ(ExtractBoxed(text), ExtractBoxedSlowly(text)) << text;
  }
}

TEST(AnswerPart, BeginsAfterTheLastThinkCloseTag) {
  EXPECT_EQ(AnswerPart("a</think>b</think>c"), "c");
  EXPECT_EQ(AnswerPart("a"), "a");
  EXPECT_EQ(AnswerPart("<think>a"), std::nullopt);
  EXPECT_EQ(AnswerPart("a</think>b<think>c"), "b<think>c");
}

TEST(ExtractBoxedAnswer, LooksOnlyAfterTheThought) {
  EXPECT_EQ(ExtractBoxedAnswer(R"(\boxed{1}</think>\boxed{2})"), "2");
  EXPECT_EQ(ExtractBoxedAnswer(R"(\boxed{1}</think>2)"), std::nullopt);
  EXPECT_EQ(ExtractBoxedAnswer(R"(<think>\boxed{1})"), std::nullopt);
}

struct AnswerCase {
  std::string text;
  AnswerMark mark;
  std::string expected;
};

void ExpectAnswers(const std::vector<AnswerCase>& cases) {
  for (const AnswerCase& c : cases) {
    const FoundAnswer found = FindAnswer(c.text);
    EXPECT_EQ(AnswerMarkName(found.mark), AnswerMarkName(c.mark)) << c.text;
    EXPECT_EQ(found.text, c.expected) << c.text;
  }
}

TEST(FindAnswer, BoxBeforeAllElse) {
  ExpectAnswers({
      {R"(\boxed{1}. The final answer is 2.)", AnswerMark::kBox, "1"},
      {R"(The final answer is \boxed{ 3 })", AnswerMark::kBox, " 3 "},
      {R"(\boxed{1</think>\boxed{2})", AnswerMark::kBox, "2"},
      {R"(\boxed{42)", AnswerMark::kNone, ""},
      {R"(The answer is \boxed{42)", AnswerMark::kNone, ""},
  });
}

TEST(FindAnswer, BoxesOfOneListAreOneAnswer) {
  ExpectAnswers({
      {R"($\boxed{1}$ and $\boxed{-2}$.)", AnswerMark::kBox, "1,-2"},
      {R"(\boxed{1}, \boxed{2}, and \boxed{3})", AnswerMark::kBox, "1,2,3"},
      {R"(\[\boxed{(1,2)} \quad \text{and} \quad \boxed{(2,1)}\])",
       AnswerMark::kBox, "(1,2),(2,1)"},
      {R"(\boxed{1} or \boxed{2})", AnswerMark::kBox, "1,2"},
      {R"(\boxed{41} wait \boxed{42})", AnswerMark::kBox, "42"},
      {R"(\boxed{41}\boxed{42})", AnswerMark::kBox, "42"},
      {R"(\boxed{41} and so \boxed{42})", AnswerMark::kBox, "42"},
      {"\\boxed{41}.\n\n**Final answer**\n\\boxed{41}", AnswerMark::kBox, "41"},
      {R"(\boxed{\boxed{5}, \boxed{6}})", AnswerMark::kBox, "5,6"},
  });
}

TEST(FindAnswer, SentencesThatNameTheAnswer) {
  ExpectAnswers({
      {"So 7. The final answer is 12. I hope it is correct.",
       AnswerMark::kFinalAnswer, "12"},
      {"Final Answer: The final answer is $28 \\%$. I hope it is correct.",
       AnswerMark::kFinalAnswer, "28 \\%"},
      {"**Final Answer:** $x = 3.5$.", AnswerMark::kFinalAnswer, "x = 3.5"},
      {"The final answer is 1. The answer is 2.", AnswerMark::kFinalAnswer,
       "1"},
      {"Answer: 3\nAnswer: 4", AnswerMark::kAnswer, "4"},
      {"The answer is **17**.", AnswerMark::kAnswer, "17"},
      {"Answer \\(9\\)", AnswerMark::kAnswer, "9"},
      {"Answer $9$, as said", AnswerMark::kAnswer, "$9$, as said"},
      {"Final Answer: The largest $n$ is 34.", AnswerMark::kFinalAnswer, "34"},
      {"Answer:\n\\[\n 9 \n\\]\nDone.", AnswerMark::kAnswer, "9"},
      {"ANSWER = \\frac{1}{2}", AnswerMark::kAnswer, "\\frac{1}{2}"},
      {"The final answer is $12$ and $13$.", AnswerMark::kFinalAnswer,
       "$12$ and $13$"},
      {"The answer is 3.25, as said. Bye.", AnswerMark::kAnswer,
       "3.25, as said"},
      {"She answered: 5 times.\nNo.", AnswerMark::kNone, ""},
      {"The answer island: 5\nNo.", AnswerMark::kNone, ""},
      {"unanswer: 5\nNo.", AnswerMark::kNone, ""},
  });
}

TEST(FindAnswer, BareAnswers) {
  ExpectAnswers({
      {" 42 ", AnswerMark::kBare, "42"},
      {"$42$", AnswerMark::kBare, "42"},
      {"\\[\n 9 \n\\]", AnswerMark::kBare, "9"},
      {"$$9$$", AnswerMark::kBare, "9"},
      {"yes", AnswerMark::kBare, "yes"},
      {"4\n2", AnswerMark::kNone, ""},
      {" \n ", AnswerMark::kNone, ""},
      {"", AnswerMark::kNone, ""},
      {"<think>42", AnswerMark::kNone, ""},
      {"thought</think>42", AnswerMark::kBare, "42"},
  });
}

TEST(FindAnswer, BoxOnlyTakesNothingElse) {
  for (const std::string text :
       {"42", "The final answer is 42.", "Answer: 42"}) {
    EXPECT_EQ(FindAnswer(text, AnswerPlace::kBoxOnly).mark, AnswerMark::kNone);
  }
  EXPECT_EQ(FindAnswer(R"(\boxed{42})", AnswerPlace::kBoxOnly).text, "42");
}

TEST(FindAnswer, LinearInHostileText) {
  for (const std::string piece : {"{",
                                  "}",
                                  "\\boxed{",
                                  "\\",
                                  "{}",
                                  "<think>",
                                  "</think>",
                                  "\\boxed{1},",
                                  "\\boxed ",
                                  "\\boxed{{",
                                  "answer",
                                  "answer ",
                                  "answer is",
                                  "answer:",
                                  "final ",
                                  "final answer",
                                  "final answer: ",
                                  "answer:$$",
                                  "answer:\\[",
                                  "answer is *",
                                  "$",
                                  "\n",
                                  "answer:\n",
                                  "**answer:** "}) {
    std::string text;
    while (text.size() < (size_t{1} << 19)) text += piece;
    const auto start = std::chrono::steady_clock::now();
    FindAnswer(text);
    const std::chrono::duration<double> seconds =
        std::chrono::steady_clock::now() - start;
    EXPECT_LT(seconds.count(), 1.0) << piece;
  }
}

// Whatever the damage: what is found stands in the text.
TEST(FindAnswer, DamagedTextNeverCrashes) {
  const std::string text =
      "thought</think>So $\\boxed{\\frac{1}{2}}$ and $\\boxed{3}$. **Final "
      "answer:** \\[ 5 \\] The answer is 7.";
  const auto visit = [](const std::string& damaged) {
    const FoundAnswer found = FindAnswer(damaged);
    if (found.mark != AnswerMark::kNone && found.mark != AnswerMark::kBox) {
      EXPECT_NE(damaged.find(found.text), std::string::npos);
    }
  };
  ForEachCut(text, [&](const std::string& cut, size_t) { visit(cut); });
  ForEachBitFlip(text, [&](const std::string& bad, size_t) { visit(bad); });
  ForEachMutation(text, 3000, 7, visit);
}

}  // namespace
}  // namespace limbeck
