// Tables of extraction and comparison, and hostile input.
#include "data/verify/verify.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/base/random.h"
#include "gtest/gtest.h"

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

TEST(ExtractAnswer, BareTextOnlyForIntegersAndStrings) {
  EXPECT_EQ(ExtractAnswer(" 42 ", ANSWER_KIND_INTEGER), OptionalString("42"));
  EXPECT_EQ(ExtractAnswer("yes", ANSWER_KIND_STRING), OptionalString("yes"));
  EXPECT_EQ(ExtractAnswer("42", ANSWER_KIND_MATH), std::nullopt);
  EXPECT_EQ(ExtractAnswer("42", ANSWER_KIND_CHOICE), std::nullopt);
  EXPECT_EQ(ExtractAnswer("4\n2", ANSWER_KIND_INTEGER), std::nullopt);
  EXPECT_EQ(ExtractAnswer(" \n ", ANSWER_KIND_INTEGER), std::nullopt);
}

TEST(ExtractAnswer, UnclosedBoxIsNoBareAnswer) {
  EXPECT_EQ(ExtractAnswer(R"(\boxed{42)", ANSWER_KIND_STRING), std::nullopt);
}

TEST(ExtractAnswer, LooksOnlyAfterTheLastThinkCloseTag) {
  EXPECT_EQ(ExtractAnswer(R"(\boxed{1}</think>\boxed{2})", ANSWER_KIND_MATH),
            OptionalString("2"));
  EXPECT_EQ(ExtractAnswer(R"(<think>\boxed{1}</think>)", ANSWER_KIND_INTEGER),
            std::nullopt);
  EXPECT_EQ(ExtractAnswer(R"(<think>\boxed{1})", ANSWER_KIND_INTEGER),
            std::nullopt);
  EXPECT_EQ(ExtractAnswer("a</think>3</think>4", ANSWER_KIND_INTEGER),
            OptionalString("4"));
}

TEST(NormalizeInteger, Table) {
  const std::vector<TextCase> cases = {
      {"0", "0"},
      {"-0", "0"},
      {"+7", "7"},
      {"007", "7"},
      {" -12 ", "-12"},
      {"- 12", "-12"},
      {"1,234", "1234"},
      {"1,234,567", "1234567"},
      {"12,34", std::nullopt},
      {"1234,567", std::nullopt},
      {",123", std::nullopt},
      {"1,,234", std::nullopt},
      {"0,123", std::nullopt},
      {"1,234,", std::nullopt},
      {"18.0", "18"},
      {"18.", "18"},
      {"18.000", "18"},
      {"18.5", std::nullopt},
      {".0", std::nullopt},
      {"1.0.0", std::nullopt},
      {"$18", "18"},
      {"$18$", "18"},
      {"\\$18", "18"},
      {"-$5", "-5"},
      {"$-5$", "-5"},
      {"$ 18 $", "18"},
      {"", std::nullopt},
      {"-", std::nullopt},
      {"$", std::nullopt},
      {"--1", std::nullopt},
      {"1 2", std::nullopt},
      {"1e3", std::nullopt},
      {"0x10", std::nullopt},
      {"5%", std::nullopt},
      {"x", std::nullopt},
      {"204_5", std::nullopt},
      {"-007.00", "-7"},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {std::string("1\0002", 3), std::nullopt},
  };
  for (const TextCase& c : cases) {
    EXPECT_EQ(NormalizeInteger(c.text), c.expected) << c.text;
  }
}

TEST(NormalizeInteger, TypesetForms) {
  const std::vector<TextCase> cases = {
      {"36^\\circ", "36"},
      {"36^{\\circ}", "36"},
      {"36\xC2\xB0", "36"},
      {"$36^\\circ$", "36"},
      {"^\\circ", std::nullopt},
      {" - 3 ", "-3"},
      {"+3", "3"},
      {"+ 3", "3"},
      {"1{,}234", "1234"},
      {"12{,}34", std::nullopt},
      {"1,\\!234,\\!567", "1234567"},
      {"1\\,234", "1234"},
      {"10\\,00", std::nullopt},
      {"+-3", std::nullopt},
      {"\\pm 3", std::nullopt},
      {"{42}", "42"},
      {"-{42}", "-42"},
      {"\\text{42}", "42"},
      {"\\mathbf{ -42 }", "-42"},
      {"\\(42\\)", "42"},
      {"\\[ 42 \\]", "42"},
      {"{1}{2}", std::nullopt},
      {"42\\text{ cm}", std::nullopt},
      {"5\\text{ or six}", std::nullopt},
      {"\\frac{6}{2}", std::nullopt},
      {"1/2", std::nullopt},
      {"\\text{}", std::nullopt},
  };
  for (const TextCase& c : cases) {
    EXPECT_EQ(NormalizeInteger(c.text), c.expected) << c.text;
  }
}

TEST(NormalizeInteger, TypesetMinusSigns) {
  // Minus sign, en dash, small and wide hyphen-minus.
  for (const std::string sign :
       {"\xE2\x88\x92", "\xE2\x80\x93", "\xEF\xB9\xA3", "\xEF\xBC\x8D"}) {
    EXPECT_EQ(NormalizeInteger(sign + "3"), "-3");
    EXPECT_EQ(NormalizeInteger("$" + sign + " 3$"), "-3");
    EXPECT_EQ(NormalizeInteger(sign + "0"), "0");
    EXPECT_EQ(NormalizeInteger("3" + sign), std::nullopt);
    EXPECT_EQ(NormalizeInteger("5" + sign + "7"), std::nullopt);
    EXPECT_EQ(NormalizeInteger("-" + sign + "3"), std::nullopt);
  }
}

TEST(NormalizeInteger, IsIdempotent) {
  for (int64_t value :
       {int64_t{0}, int64_t{-1}, int64_t{1234567}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(NormalizeInteger(std::to_string(value)),
              OptionalString(std::to_string(value)));
  }
}

struct VerdictCase {
  std::string gold;
  std::string answer;
  AnswerKind kind;
  Verdict expected;
};

TEST(VerifyAnswer, Table) {
  const std::vector<VerdictCase> cases = {
      {"18", "18", ANSWER_KIND_INTEGER, VERDICT_CORRECT},
      {"18", R"(so \boxed{18})", ANSWER_KIND_INTEGER, VERDICT_CORRECT},
      {"1,800", R"(so \boxed{1800.0})", ANSWER_KIND_INTEGER, VERDICT_CORRECT},
      {R"(\boxed{18})", "18", ANSWER_KIND_INTEGER, VERDICT_CORRECT},
      {"-3", R"(\boxed{ - 3 })", ANSWER_KIND_INTEGER, VERDICT_CORRECT},
      {"3", R"(\boxed{ - 3 })", ANSWER_KIND_INTEGER, VERDICT_WRONG},
      {"-3",
       "\\boxed{\xE2\x88\x92"
       "3}",
       ANSWER_KIND_INTEGER, VERDICT_CORRECT},
      {"7", R"(\boxed{007})", ANSWER_KIND_INTEGER, VERDICT_CORRECT},
      {"3", R"(\boxed{+3})", ANSWER_KIND_INTEGER, VERDICT_CORRECT},
      {"1234", R"(\boxed{1{,}234})", ANSWER_KIND_INTEGER, VERDICT_CORRECT},
      {"1{,}234", R"(\boxed{1234})", ANSWER_KIND_INTEGER, VERDICT_CORRECT},
      {"234", R"(\boxed{1{,}234})", ANSWER_KIND_INTEGER, VERDICT_WRONG},
      {"0", R"(\boxed{-0})", ANSWER_KIND_INTEGER, VERDICT_CORRECT},
      {"70", R"(\boxed{70^\circ})", ANSWER_KIND_INTEGER, VERDICT_CORRECT},
      {"18", "19", ANSWER_KIND_INTEGER, VERDICT_WRONG},
      {"18", "-18", ANSWER_KIND_INTEGER, VERDICT_WRONG},
      {"18", "", ANSWER_KIND_INTEGER, VERDICT_WRONG},
      {"18", "18.5", ANSWER_KIND_INTEGER, VERDICT_WRONG},
      {"18", R"(\boxed{.5})", ANSWER_KIND_INTEGER, VERDICT_WRONG},
      {"18", R"(\boxed{ })", ANSWER_KIND_INTEGER, VERDICT_WRONG},
      {"18", "eighteen", ANSWER_KIND_INTEGER, VERDICT_UNKNOWN},
      {"18", R"(\boxed{18} no, \boxed{19})", ANSWER_KIND_INTEGER,
       VERDICT_WRONG},
      {"eighteen", "18", ANSWER_KIND_INTEGER, VERDICT_UNKNOWN},
      {"", "18", ANSWER_KIND_INTEGER, VERDICT_UNKNOWN},
      {"yes", R"(\boxed{ yes })", ANSWER_KIND_STRING, VERDICT_CORRECT},
      {"yes", "Yes", ANSWER_KIND_STRING, VERDICT_WRONG},
      {" ", "yes", ANSWER_KIND_STRING, VERDICT_UNKNOWN},
      {"1/2", R"(\boxed{1/2})", ANSWER_KIND_MATH, VERDICT_UNKNOWN},
      {"18", R"(so \boxed{18})", ANSWER_KIND_MATH, VERDICT_CORRECT},
      {"18", "18", ANSWER_KIND_MATH, VERDICT_CORRECT},
      {"18", R"(\boxed{19})", ANSWER_KIND_MATH, VERDICT_WRONG},
      {"18", R"(\boxed{\frac{36}{2}})", ANSWER_KIND_MATH, VERDICT_UNKNOWN},
      {"B", R"(\boxed{B})", ANSWER_KIND_MATH, VERDICT_UNKNOWN},
      {"B", "Answer: B", ANSWER_KIND_CHOICE, VERDICT_UNKNOWN},
      {"B", "B", ANSWER_KIND_UNSPECIFIED, VERDICT_UNKNOWN},
  };
  for (const VerdictCase& c : cases) {
    const Verification found = VerifyAnswer(c.gold, c.answer, c.kind);
    EXPECT_EQ(found.verdict(), c.expected) << c.gold << " / " << c.answer;
    EXPECT_EQ(found.version(), kVerifierVersion);
  }
}

// Equal to the gold answer or not, this verifier cannot tell.
TEST(VerifyAnswer, WhatIsNoPlainNumberIsUnknownAndSaysWhy) {
  for (const std::string answer :
       {R"(\boxed{\frac{84}{2}})", R"(\boxed{84/2})", R"(\boxed{x=42})",
        R"(\boxed{42 apples})", "**42**", "The answer is 42.",
        R"(\boxed{42\%})", R"(\boxed{4.2e1})", R"(\boxed{42,0})",
        R"(\boxed{41+1})", R"(\boxed{42.x})"}) {
    for (const AnswerKind kind : {ANSWER_KIND_INTEGER, ANSWER_KIND_MATH}) {
      const Verification found = VerifyAnswer("42", answer, kind);
      EXPECT_EQ(found.verdict(), VERDICT_UNKNOWN) << answer;
      EXPECT_EQ(found.detail(), "the answer is no plain number") << answer;
      EXPECT_FALSE(found.extracted().empty()) << answer;
    }
  }
}

TEST(VerifyAnswer, NoAnswerIsWrong) {
  for (const std::string answer :
       {"", R"(\boxed{})", R"(\boxed{42)", "<think>42", "first\nthen"}) {
    const Verification found = VerifyAnswer("42", answer, ANSWER_KIND_INTEGER);
    EXPECT_EQ(found.verdict(), VERDICT_WRONG) << answer;
    EXPECT_EQ(found.detail(), "no answer found") << answer;
  }
}

TEST(WhyUndecidable, DependsOnGoldAndKind) {
  EXPECT_EQ(WhyUndecidable("1,000", ANSWER_KIND_INTEGER), "");
  EXPECT_EQ(WhyUndecidable("a few", ANSWER_KIND_INTEGER),
            "the gold answer is no integer");
  EXPECT_EQ(WhyUndecidable("7.5", ANSWER_KIND_INTEGER),
            "the gold answer is no integer");
  EXPECT_EQ(WhyUndecidable("12", ANSWER_KIND_MATH), "");
  EXPECT_EQ(WhyUndecidable("\\pi", ANSWER_KIND_MATH),
            "this verifier knows no mathematics beyond integers");
  EXPECT_EQ(WhyUndecidable("a few", ANSWER_KIND_STRING), "");
  EXPECT_EQ(WhyUndecidable(" ", ANSWER_KIND_STRING),
            "the gold answer is empty");
  EXPECT_NE(WhyUndecidable("B", ANSWER_KIND_CHOICE), "");
}

TEST(VerifyAnswer, SaysWhatItExtracted) {
  const Verification found =
      VerifyAnswer("1800", R"(\boxed{1,801})", ANSWER_KIND_INTEGER);
  EXPECT_EQ(found.method(), "integer");
  EXPECT_EQ(found.extracted(), "1,801");
}

double SecondsFor(const std::string& text) {
  const auto start = std::chrono::steady_clock::now();
  const Verification found = VerifyAnswer("1", text, ANSWER_KIND_INTEGER);
  EXPECT_NE(found.verdict(), VERDICT_CORRECT);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

TEST(VerifyAnswer, LinearInHostileText) {
  for (const std::string piece :
       {"{", "}", "\\boxed{", "\\", "{}", "<think>", "</think>", "1,",
        "\\boxed ", "{,}", "\\boxed{{", "$", "\\text{", "^\\circ"}) {
    std::string text;
    while (text.size() < (size_t{1} << 20)) text += piece;
    EXPECT_LT(SecondsFor(text), 1.0) << piece;
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

TEST(VerifyAnswer, SurvivesRandomBytes) {
  const std::vector<std::string> pieces = {
      "\\", "{", "}", "\\boxed", "fbox",     "$",    "-",
      "1",  ",", ".", "<think>", "</think>", "\xff", std::string(1, '\0'),
      "\n", " "};
  for (uint64_t trial = 0; trial < 20000; ++trial) {
    const uint64_t key = RandomKey(trial, RandomPurpose::kTest, 1);
    std::string text;
    for (uint64_t i = 0; i < 10; ++i) {
      text += pieces[RandomBelow(pieces.size(), key, i)];
    }
    const Verification found = VerifyAnswer("1", text, ANSWER_KIND_INTEGER);
    const auto number = NormalizeInteger(found.extracted());
    ASSERT_EQ(found.verdict() == VERDICT_CORRECT, number == "1") << text;
    if (number && *number != "1") {
      ASSERT_EQ(found.verdict(), VERDICT_WRONG);
    }
  }
}

}  // namespace
}  // namespace limbeck
